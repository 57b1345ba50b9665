"""Which properties hold in a state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from checker.explain.clauses import owed_since
from checker.explain.run import Run
from checker.runs.story import OUT_OF_RANGE
from spec.language.declared.model import Property
from spec.language.evaluate import Claim
from spec.language.terms.expr import Const
from tui.rows import glyphs
from tui.rows.rows import Piece, Row, Tone, row


@dataclass(frozen=True)
class Judged:
    """A property and whether it holds in the state that is looked at; `note` says since when an
    outcome is owed.
    """

    property: Property
    holds: bool
    note: str = ""


class Judge:
    """Asks every property of a run that one state, or one step, decides; and the one that the run
    violates, whatever decides it.
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def _claims(self) -> list[Claim]:
        spec, violated = self.run.scope.spec, self.run.trace.violated
        asked = [p for p in spec.properties.values() if p.kind in ("invariant", "step")]
        # What the run is about comes first.
        asked.sort(key=lambda p: p.name != violated)
        return [Claim(self.run.evaluator, p) for p in asked]

    @cached_property
    def _owed(self) -> list[int | None]:
        return owed_since(self.run, self.run.trace.violated)

    def at(self, k: int) -> list[Judged]:
        """Return every property after step `k`."""
        after = self.run.states[min(k, self.run.end)]
        before = self.run.states[min(max(k - 1, 0), self.run.end)]
        return self._violated(k) + [
            Judged(c.property, c.holds(before if _of_step(c) else after, after) is None)
            for c in self._claims
        ]

    def _violated(self, k: int) -> list[Judged]:
        """Return what the run violates, if neither a state nor a step that leads to one does."""
        claim, story = self.run.scope.spec.properties.get(self.run.trace.violated), self.run.story
        if claim is None:
            told = story.broken
            stands = Property(OUT_OF_RANGE, told.name, told.doc, "invariant", (), Const(True, bool))
            return [Judged(stands, k <= self.run.end)]
        if claim.kind != "leads_to":
            return []
        since = self._owed[min(k, self.run.end)]
        if since is None:
            return [Judged(claim, True)]
        # A branch may still keep what it owes; the run goes round without it.
        endless = story.loop is not None and since == self._owed[-1]
        return [Judged(claim, not endless, f"owed {'for ever ' * endless}since step {since}")]


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
        if each.note and each.holds:
            sign, tone = glyphs.MISSING, "armed"
        note = f"   {each.note}" if each.note else ""
        if each.property.name == violated and broken_at not in (None, at) and not note:
            note = f"   broken at {broken_at}"
        name: Piece = (f" {each.property.id} {each.property.name}", "" if each.holds else "bad")
        rows.append(row((sign, tone), name, (note, tone), subject=each, hang=4))
    return rows
