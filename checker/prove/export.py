"""Writes the obligations as files of SMT-LIB 2, for any other solver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from checker.prove.obligations import Obligation, Prover
from checker.prove.progress import Progress
from checker.prove.rules import rules
from checker.runs.trace import put
from spec.language.declared.model import Spec

_INDEX = "README.md"


LIVENESS = "liveness-rules"
"""The folder of the conditions of those rules; no spec can be called so."""


def everything(spec: Spec) -> Iterator[Obligation]:
    """Yield each obligation of a spec, from all of its hypotheses."""
    prover = Prover(spec)
    yield from prover.all()
    yield from Progress(prover).all()


def enough() -> Iterator[Obligation]:
    """Yield the conditions under which the obligations of stages are enough, in any spec."""
    for rule in rules():
        yield from rule.obligations()


def export(name: str, obligations: Iterable[Obligation], folder: Path) -> int:
    """Write each obligation to a file, with an index of what they say; return how many."""
    lines = []
    for obligation in obligations:
        file = folder / f"{stem(obligation)}.smt2"
        put(file, commented(obligation))
        lines.append(f"- `{file.name}`: {obligation.says}\n")
    head = (
        f"# Obligations of {name}\n\n"
        "Each file has no model (`unsat`) if what is said of it is true.\n\n"
    )
    put(folder / _INDEX, head + "".join(lines))
    return len(lines)


def stem(obligation: Obligation) -> str:
    """Return the name of the files of an obligation, without its ending."""
    return obligation.name.replace("/", ".")


def commented(obligation: Obligation) -> str:
    """Return the text with a line of prose in front."""
    return f"; {obligation.says} (unsat if it is so)\n{obligation.text}"
