"""Which properties hold in a state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from checker.explain.run import Run
from spec.language.evaluate import Claim
from spec.language.model import Property
from tui import glyphs
from tui.widgets.rows import Piece, Row, Tone, row


@dataclass(frozen=True)
class Judged:
    """A property and whether it holds in the state that is looked at."""

    property: Property
    holds: bool


class Judge:
    """Asks every property of a run that one state, or one step, decides."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def _claims(self) -> list[Claim]:
        spec, violated = self.run.scope.spec, self.run.trace.violated
        asked = [p for p in spec.properties.values() if p.kind in ("invariant", "step")]
        # What the run is about comes first.
        asked.sort(key=lambda p: p.name != violated)
        return [Claim(self.run.evaluator, p) for p in asked]

    def at(self, k: int) -> list[Judged]:
        """Return every property after step `k`."""
        after = self.run.states[min(k, self.run.end)]
        before = self.run.states[min(max(k - 1, 0), self.run.end)]
        return [
            Judged(c.property, c.holds(before if _of_step(c) else after, after) is None)
            for c in self._claims
        ]


def _of_step(claim: Claim) -> bool:
    return claim.property.kind == "step"


def invariant_rows(
    judged: Sequence[Judged], violated: str, broken_at: int | None, at: int
) -> list[Row]:
    """Return a row for each property; the one that the run breaks says where."""
    rows = []
    for each in judged:
        sign = glyphs.HOLDS if each.holds else glyphs.FAILS
        tone: Tone = "good" if each.holds else "bad"
        note = ""
        if each.property.name == violated and broken_at not in (None, at):
            note = f"   broken at {broken_at}"
        name: Piece = (f" {each.property.id} {each.property.name}", "" if each.holds else "bad")
        rows.append(row((sign, tone), name, (note, "bad"), subject=each, hang=4))
    return rows
