"""The room of cvc5: it decides the same text of SMT-LIB as z3 does, and shares no code with it."""

from __future__ import annotations

import time
from typing import Any

from checker.prove.solvers.answer import SECONDS_MAX, Answer, MissingSolver, verdict

try:
    import cvc5
except ImportError:
    raise MissingSolver("cvc5", "cvc5") from None


VERSION: str = cvc5.__version__


def decide(text: str) -> Answer:
    """Return whether the text has a model; small ones are looked for where no proof is found."""
    began = time.perf_counter()
    word, why = _run(text, False)
    if verdict(word) == "unknown":
        word, why = _run(text, True)
    return Answer(verdict(word), time.perf_counter() - began, (), why)


PROOF_SECONDS_MAX = 10
"""Seconds for a proof that is written down: most take less than one, and what does not hold may
take for ever.
"""


def proof(text: str) -> str | None:
    """Return how the text is shown to have no model, in cvc5's own calculus; None if it is not."""
    return _proof(text, False) or _proof(text, True)


def _proof(text: str, models: bool) -> str | None:
    solver = cvc5.Solver(cvc5.TermManager())
    for option, value in (
        ("finite-model-find", str(models).lower()),
        ("produce-proofs", "true"),
        ("proof-format-mode", "cpc"),
        ("proof-granularity", "dsl-rewrite"),  # the smallest steps there are
    ):
        solver.setOption(option, value)
    word, _ = _said(solver, text, PROOF_SECONDS_MAX)
    if verdict(word) != "proved":
        return None
    (whole,) = solver.getProof(cvc5.ProofComponent.FULL)
    found = solver.proofToString(whole, cvc5.ProofFormat.CPC)
    return found.decode() if isinstance(found, bytes) else str(found)


def _run(text: str, models: bool) -> tuple[str, str]:
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("finite-model-find", str(models).lower())
    return _said(solver, text)


def _said(solver: Any, text: str, seconds: int = SECONDS_MAX) -> tuple[str, str]:
    solver.setOption("tlimit-per", str(seconds * 1000))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said = command.invoke(solver, parser.getSymbolManager()).strip() or said
    word, _, why = said.partition(" ")
    return word, why.strip("()")
