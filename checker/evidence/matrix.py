"""The matrix: each claim and each failure mode with the evidence that is known of it, at once.

`ffq check` and `ffq failures` write down what they find, under all that decides it, and the matrix
is read from there. Nothing is computed here, and nothing stale is shown: what was not computed
since the last change is unknown. A check does not say that all is well while a proof of a failure
mode has failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checker.evidence.traces import file_of
from checker.prove.proof import CLAIMED
from checker.runs.cache import Place, place, recall, remember
from checker.runs.sources import Sources
from spec.failures import FAILURES, FailureMode
from spec.language.hashes import claims_hash
from spec.language.scope import Scope
from spec.queue import DEFAULT, SCOPES

if TYPE_CHECKING:
    from checker.evidence.proofs import Five
    from checker.verdicts.check import Result

MARKS = ("reproduced", "replayed", "prevented", "detected", "recovered")
KINDS = ("invariant", "step", "sometimes", "leads_to")

_JUDGES = Sources("checker.verdicts.check")


@dataclass(frozen=True)
class Cell:
    """What is known of one thing in one column: the kind of evidence, and a few words."""

    symbol: str
    says: str

    @property
    def known(self) -> bool:
        """Whether it was computed since the last change."""
        return self is not UNKNOWN


UNKNOWN = Cell("?", "not computed since the last change")


@dataclass(frozen=True)
class MatrixRow:
    """A claim or a failure mode, and its cells by column; a claim is not asked in every scope."""

    id: str
    name: str
    doc: str
    cells: Mapping[str, Cell]
    breaks: str = ""
    """Of a failure mode: the claim that is broken, by name."""


def claims() -> list[MatrixRow]:
    """Return the claims by ID, with a column for each scope that `ffq check` visits."""
    found: dict[tuple[str, str], tuple[str, dict[str, Cell]]] = {}
    for name in DEFAULT:
        scope = SCOPES[name]
        known = recall(_of_scope(scope), _cells) or {}
        for claim in scope.spec.properties.values():
            if claim.kind in KINDS:
                _, cells = found.setdefault((claim.id, claim.name), (claim.doc, {}))
                cells[name] = known.get(claim.name, UNKNOWN)
    rows = (MatrixRow(*at, doc, cells) for at, (doc, cells) in found.items())
    return sorted(rows, key=lambda row: row.id)


def modes() -> list[MatrixRow]:
    """Return the failure modes by ID, with a column for each of the five proofs."""
    rows = []
    for mode in FAILURES.values():
        known = recall(_of_mode(mode), _mode)
        cells = known[0] if known else dict.fromkeys(MARKS, UNKNOWN)
        rows.append(MatrixRow(mode.id, mode.name, mode.doc, cells, mode.loss.breaks))
    return rows


def complaints() -> list[str] | None:
    """Return which proofs of failure modes failed; None if none is known to, and not all are
    known.
    """
    known = [recall(_of_mode(mode), _mode) for mode in FAILURES.values()]
    said = [line for one in known if one for line in one[1]]
    return said if said or all(known) else None


def keep_scope(result: Result) -> None:
    """Write down what the compiled explorer found in a scope with every protection in place."""
    found = result.exploration
    if result.edits or not found.complete or found.engine != "compiled":
        return
    cells = {j.name: [j.verdict.symbol, j.verdict.why or j.verdict.says] for j in result.judged}
    claimed = [p.name for p in result.base.spec.properties.values() if p.kind in KINDS]
    if all(name in cells for name in claimed):  # and not of one property alone
        remember(_of_scope(result.base), cells)


def keep_mode(five: Five) -> None:
    """Write down the five proofs of a failure mode."""
    cells = {n: [mark.symbol, mark.missing or mark.says] for n, mark in five.marks.items()}
    remember(_of_mode(five.mode), {"cells": cells, "complaints": five.complaints})


def _cells(kept: Any) -> dict[str, Cell]:
    return {str(n): Cell(str(symbol), str(says)) for n, (symbol, says) in kept.items()}


def _mode(kept: Any) -> tuple[dict[str, Cell], list[str]]:
    """Return the cells of a failure mode, and which proofs failed."""
    cells = _cells(kept["cells"])
    return {mark: cells[mark] for mark in MARKS}, [str(line) for line in kept["complaints"]]


def _of_scope(scope: Scope) -> Place:
    asked = claims_hash(scope.spec, "sometimes", *CLAIMED)
    return place("claims", _JUDGES, [asked, sorted(scope.bounds.items())])


def _of_mode(mode: FailureMode) -> Place:
    kept = tuple(file_of(mode, loss) for loss in mode.losses)
    return place("modes", Sources("checker.evidence.proofs", specs=True, data=kept), [mode.id])
