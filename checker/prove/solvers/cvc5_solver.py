"""The room of cvc5: it decides the same text of SMT-LIB as z3 does, and shares no code with it."""

from __future__ import annotations

import time

from checker.prove.solvers.answer import SECONDS_MAX, Answer, MissingSolver, verdict

try:
    import cvc5
except ImportError:
    raise MissingSolver("cvc5", "cvc5") from None


def decide(text: str) -> Answer:
    """Return whether the text has a model; small ones are looked for where no proof is found."""
    began = time.perf_counter()
    word, why = _run(text, False)
    if verdict(word) == "unknown":
        word, why = _run(text, True)
    return Answer(verdict(word), time.perf_counter() - began, (), why)


def _run(text: str, models: bool) -> tuple[str, str]:
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("tlimit-per", str(SECONDS_MAX * 1000))
    solver.setOption("finite-model-find", str(models).lower())
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said = command.invoke(solver, parser.getSymbolManager()).strip() or said
    word, _, why = said.partition(" ")
    return word, why.strip("()")
