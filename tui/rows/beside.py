"""The model and the store after the same step, and the statements between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checker.conformance.watched import Beside, Ran, Seen
from checker.explain.diff import WHOLE
from spec.language.scope import Place, State, element_name, value_name
from tui.rows import glyphs
from tui.rows.rows import Piece, Row, Tone, name_of, row

WHERE = {
    "durable": "",
    "volatile": "in memory",
    "world": "in the world",
    "ghost": "only in the spec",
}
"""What a field is kept in, where that is no row."""

ROLES = {
    "transaction": "",
    "step": "the step, with its row of the trace; if it returns no row, a guard was false",
    "guards": "which guard refused it",
    "other": "",
}
"""What each statement is for."""


def step_rows(beside: Beside, calls: Sequence[tuple[str, str]]) -> list[Row]:
    """Return the steps of the run, each with whether both did the same."""
    rows = [row(" 0 ", (glyphs.HOLDS, "good"), " the beginning", subject=0)]
    digits = max(len(str(len(calls))), 2)
    for n, (actor, call) in enumerate(calls, 1):
        seen = beside.steps[n - 1] if n <= len(beside.steps) else None
        sign, tone = _sign(seen)
        name: Piece = (f" {name_of(actor, call)}", "" if seen else "dim")
        rows.append(row(f"{n:>{digits}} ", (sign, tone), name, subject=n, hang=digits + 3))
    return rows


def _sign(seen: Seen | None) -> tuple[str, Tone]:
    if seen is None:
        return glyphs.MISSING, "dim"
    if seen.difference is not None:
        return glyphs.FAILS, "bad"
    return (glyphs.HOLDS, "good") if seen.refused is None else (glyphs.SAFE, "armed")


def model_rows(places: Sequence[Place], before: State, after: State, unchanged: bool) -> list[Row]:
    """Return the state of the spec, what the step changed marked."""
    return list(_values(places, before, after, after, unchanged))


def store_rows(
    places: Sequence[Place], before: State, after: State, store: State | None, unchanged: bool
) -> list[Row]:
    """Return the state of the store, what differs from the spec marked."""
    if store is None:
        return [row(("the store holds a row that the spec knows nothing of", "bad"))]
    return list(_values(places, before, after, store, unchanged, True))


def _values(
    places: Sequence[Place],
    before: State,
    want: State,
    shown: State,
    unchanged: bool,
    in_store: bool = False,
) -> Iterator[Row]:
    """Yield a row for each place, below whom it belongs to; both panes have the same rows."""
    width = max((len(place.field.name) for place in places), default=0)
    groups: dict[str, list[Row]] = {}
    for place, old, asked, value in zip(places, before, want, shown, strict=True):
        differs, changed = value != asked, asked != old
        if not (unchanged or differs or changed):
            continue
        field = place.field
        mark = "!" if differs else "~" if changed else " "
        text = value_name(field.type, value)
        tone: Tone = "bad" if differs else "changed" if changed else "dim"
        where = WHERE[field.survival] if in_store else ""
        if in_store and not field.kept:
            text = "-"
        notes = [f"want {value_name(field.type, asked)}"] * differs + [where] * bool(where)
        line = row(
            (f"{mark} {field.name:<{width}}  {text}", tone),
            (f"   {', '.join(notes)}" if notes else "", "dim"),
            subject=place.name,
            hang=4,
        )
        groups.setdefault(_owner(place), []).append(line)
    for name, rows in groups.items():
        yield row((name, "title"))
        yield from rows
    if not groups:
        yield row(("nothing changes", "dim"))


def _owner(place: Place) -> str:
    return WHOLE if place.field.over is None else element_name(place.field.over, place.element)


def statement_rows(ran: Sequence[Ran]) -> list[Row]:
    """Return the statements of a step, each with what it is for and its parameters."""
    rows = []
    for each in ran:
        said = f"   -- {ROLES[each.role]}" if ROLES[each.role] else ""
        if each.role == "step":
            first, *rest = each.sql.strip().splitlines()
            rows.append(row((first, "title"), (said, "dim"), hang=4))
            rows += [row((text, "title"), hang=4) for text in rest]
        else:
            rows.append(row(" ".join(each.sql.split()), (said, "dim"), hang=4))
        if each.parameters:
            given = ", ".join(f"{name} = {value!r}" for name, value in each.parameters.items())
            rows.append(row((f"    with {given}", "dim"), hang=8))
    return rows
