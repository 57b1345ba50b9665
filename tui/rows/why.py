"""Why a move is possible or not, and why a property holds or not: clause by clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from checker.explain.clauses import Clause
from checker.explain.moves import Move
from tui.rows import glyphs
from tui.rows.invariants import Judged
from tui.rows.rows import Row, Tone, name_of, row
from tui.rows.text import condition


def move_reasons(
    move: Move,
    at: int,
    clauses: Sequence[Clause],
    missed: Sequence[Clause],
    cures: Mapping[str, str],
) -> list[Row]:
    """Return why a move is possible in state `at`, or not.

    `missed` are the clauses of the guards that were taken away here. `cures` says of each clause,
    by name and text, what would make it true, and under the empty name what would do for all.
    """
    can = "is possible" if move.enabled else "is NOT possible"
    tone: Tone = "good" if move.enabled else "bad"
    rows = [row((name_of(move.actor, move.call), "title"), "  ", (f"{can} after step {at}", tone))]
    rows.append(row((f"  {move.instance.step.action.doc}", "dim")))
    if cures.get(""):
        rows.append(row(("  " + cures[""], "armed"), hang=4))
    if move.fault:
        rows.append(row(("  a fault: done to the system, not by it", "fault")))
    if missed:
        rows.append(row(("  taken away in this run:", "fault")))
        rows += _clauses(missed, cures)
        if move.enabled and not all(clause.holds for clause in missed):
            rows.append(row("  with that guard, the move would be ", ("refused", "bad"), " here"))
        rows.append(row(("  what is left:", "dim")))
    rows += _clauses(clauses, cures)
    if not clauses:
        rows.append(row(("  it has no guard", "dim")))
    return rows


def property_reasons(
    judged: Judged, at: int, clauses: Sequence[Clause], more: Sequence[str]
) -> list[Row]:
    """Return why a property holds in state `at`, or not; `more` is what is known beside that."""
    p = judged.property
    verdict = f"{'holds' if judged.holds else 'is BROKEN'} after step {at}"
    tone: Tone = "good" if judged.holds else "bad"
    if judged.note:
        verdict = f"{'is' if judged.holds else 'is BROKEN:'} {judged.note}"
        tone = "armed" if judged.holds else "bad"
    rows = [row((f"{p.id} {p.name}", "title"), "  ", (verdict, tone), hang=4)]
    rows.append(row((f"  {p.doc}", "dim")))
    return rows + list(_clauses(clauses, {})) + [row((f"  {text}", "dim"), hang=4) for text in more]


def _clauses(clauses: Sequence[Clause], cures: Mapping[str, str]) -> Iterator[Row]:
    """Yield the clauses, those that are false first."""
    width = max((len(clause.name) for clause in clauses), default=0)
    for clause in sorted(clauses, key=lambda c: c.holds):
        sign = glyphs.HOLDS if clause.holds else glyphs.FAILS
        tone: Tone = "good" if clause.holds else "bad"
        # What was read is known already where the text itself says it.
        values = [value for value in clause.values if value.replace("=", "==") != clause.text]
        read = "   " + ", ".join(values) if values else ""
        head = f" {clause.name:<{width}}  "
        yield row(
            "  ", (sign, tone), head,
            (condition(clause.text), "title" if not clause.holds else ""),
            (read, "dim"), hang=len(head) + 3,
        )  # fmt: skip
        if not clause.holds:
            since = [f"false {clause.since}"] if clause.since is not None else []
            cure = cures.get(f"{clause.name} {clause.text}")
            for said in [*since, *([cure] if cure else [])]:
                yield row((" " * (len(head) + 3) + said, "armed"), hang=len(head) + 3)
