"""The board: each claim and each failure mode with the evidence that is known of it, at once.

`ffq check` and `ffq failures` write down what they find, under the text of all that decides it, and
the board is read from there. Nothing is computed here, and nothing stale is shown: what was not
computed since the last change is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.cache import place, recall, remember, source
from spec.failures import FAILURES, FailureMode
from spec.language.hashes import claims_hash
from spec.language.scope import Scope
from spec.queue import DEFAULT, SCOPES

if TYPE_CHECKING:
    from checker.check import Result
    from checker.evidence.five import Five

MARKS = ("reproduced", "replayed", "prevented", "detected", "recovered")
KINDS = ("invariant", "step", "sometimes", "leads_to")

_JUDGES = (
    "spec/language", "checker/compiled", "checker/plain.py", "checker/exploration.py",
    "checker/fair_cycles.py", "checker/lasso.py", "checker/check.py", "checker/prove",
)  # fmt: skip
_PROVES = (
    "spec/language", "spec/queue", "spec/failures", "impl", "checker", "checker/compiled",
    "checker/evidence", "checker/prove", "postmortems/traces",
)  # fmt: skip


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
class Row:
    """A claim or a failure mode, and its cells by column; a claim is not asked in every scope."""

    id: str
    name: str
    doc: str
    cells: Mapping[str, Cell]
    breaks: str = ""
    """Of a failure mode: the claim that is broken, by name."""


def claims() -> list[Row]:
    """Return the claims by ID, with a column for each scope that `ffq check` visits."""
    found: dict[tuple[str, str], tuple[str, dict[str, Cell]]] = {}
    for name in DEFAULT:
        scope = SCOPES[name]
        known = _cells(recall(_scope_file(scope)))
        for claim in scope.spec.properties.values():
            if claim.kind in KINDS:
                _, cells = found.setdefault((claim.id, claim.name), (claim.doc, {}))
                cells[name] = known.get(claim.name, UNKNOWN)
    rows = (Row(*at, doc, cells) for at, (doc, cells) in found.items())
    return sorted(rows, key=lambda row: row.id)


def modes() -> list[Row]:
    """Return the failure modes by ID, with a column for each of the five proofs."""
    rows = []
    for mode in FAILURES.values():
        known = _cells(recall(_mode_file(mode)))
        cells = {mark: known.get(mark, UNKNOWN) for mark in MARKS}
        rows.append(Row(mode.id, mode.name, mode.doc, cells, mode.loss.breaks))
    return rows


def keep_scope(result: Result) -> None:
    """Write down what was found in a scope with every protection in place."""
    if result.edits or result.exploration.off or not result.exploration.complete:
        return
    cells = {j.name: [j.verdict.symbol, j.verdict.why or j.verdict.says] for j in result.judged}
    claimed = [p.name for p in result.base.spec.properties.values() if p.kind in KINDS]
    if all(name in cells for name in claimed):  # and not of one property alone
        remember(_scope_file(result.base), cells)


def keep_mode(five: Five) -> None:
    """Write down the five proofs of a failure mode."""
    cells = {n: [mark.symbol, mark.missing or mark.says] for n, mark in five.marks.items()}
    remember(_mode_file(five.mode), cells)


def _cells(known: Any) -> dict[str, Cell]:
    """Return what was written down; whatever is not as it was written counts as unknown."""
    try:
        return {str(n): Cell(str(symbol), str(says)) for n, (symbol, says) in known.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _scope_file(scope: Scope) -> Path:
    bounds = sorted(scope.bounds.items())
    return place("board", [claims_hash(scope.spec, *KINDS), bounds, source(*_JUDGES)])


def _mode_file(mode: FailureMode) -> Path:
    return place("board", [mode.id, source(*_PROVES)])
