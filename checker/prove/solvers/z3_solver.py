"""The room of z3: it decides a text of SMT-LIB, says which assertions it needed, and reads values
back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache

from checker.prove.solvers.answer import SECONDS_MAX, Answer, MissingSolver, verdict
from checker.prove.solvers.smt import as_named
from checker.prove.solvers.values import Tree, parse

try:
    import z3
except ImportError:
    raise MissingSolver("z3", "z3-solver") from None


def decide(text: str) -> Answer:
    """Return whether the text has a model, and if it has none the assertions that exclude it."""
    began = time.perf_counter()
    begin("(set-option :produce-unsat-cores true)")
    found = verdict(run(text))
    core = run("(get-unsat-core)").strip("()").split() if found == "proved" else []
    why = run("(get-info :reason-unknown)") if found == "unknown" else ""
    return Answer(found, time.perf_counter() - began, tuple(map(as_named, core)), why)


def read(terms: Sequence[str]) -> list[Tree]:
    """Return the values of the terms in the model found last."""
    if not terms:
        return []
    return [pair[1] for pair in parse(run(f"(get-value ({' '.join(terms)}))"))]


def begin(options: str) -> None:
    """Forget everything that was said before."""
    global _context
    _context = _made(options)
    run(f"(reset)\n(set-option :timeout {SECONDS_MAX * 1000})\n{options}")


def run(text: str) -> str:
    """Return what z3 prints for the commands, which see what was said since `begin`."""
    began = time.perf_counter()
    said = _printed(text)
    # While z3 searches it takes Ctrl-C for itself, and merely does not know the answer.
    if said == "unknown" and time.perf_counter() - began < SECONDS_MAX:
        reason = _printed("(get-info :reason-unknown)")
        if "keyboard" in reason or "canceled" in reason:
            raise KeyboardInterrupt
    return said


def _printed(text: str) -> str:
    return str(z3.Z3_eval_smtlib2_string(_context.ref(), text)).strip()


@cache
def _made(options: str) -> z3.Context:
    # One for all that ask in the same way: to make it takes twice as long as to decide an
    # obligation, and after other options a reset leaves it slower than it was.
    return z3.Context()


_context = _made("")
