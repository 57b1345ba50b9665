"""The room of z3: it decides a text of SMT-LIB, says which assertions it needed, and reads values
back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from checker.prove.answer import SECONDS_MAX, Answer, MissingSolver, verdict
from checker.prove.values import Tree, parse

try:
    import z3
except ImportError:
    raise MissingSolver("z3", "z3-solver") from None


def version() -> str:
    """Return the version of z3."""
    return str(z3.get_version_string())


def decide(text: str) -> Answer:
    """Return whether the text has a model, and if it has none the assertions that exclude it."""
    began = time.perf_counter()
    session = _Session("(set-option :produce-unsat-cores true)")
    said = session.run(text)
    found = verdict(said)
    core = session.run("(get-unsat-core)").strip("()").split() if found == "proved" else []
    why = session.run("(get-info :reason-unknown)") if found == "unknown" else ""
    return Answer(found, time.perf_counter() - began, tuple(core), why)


def values(text: str, terms: Sequence[str]) -> list[Tree] | None:
    """Return the values of the terms in a model of the text, or None if it has none."""
    session = _Session("(set-option :produce-models true)")
    if verdict(session.run(text)) != "refuted":
        return None
    return [pair[1] for pair in parse(session.run(f"(get-value ({' '.join(terms)}))"))]


class _Session:
    """A context of its own, so that nothing of one obligation is left for the next."""

    def __init__(self, options: str) -> None:
        self.context = z3.Context()
        self.run(f"(set-option :timeout {SECONDS_MAX * 1000})\n{options}")

    def run(self, text: str) -> str:
        """Return what z3 prints for the commands."""
        return str(z3.Z3_eval_smtlib2_string(self.context.ref(), text)).strip()
