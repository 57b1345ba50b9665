"""What a step changed, grouped by whom it belongs to: each job, each worker, and the rest."""

from __future__ import annotations

from dataclasses import dataclass

from spec.language.scope import Place, Scope, State, element_name, value_name

WHOLE = "queue"
"""What the fields belong to that are kept once, and not per element."""


@dataclass(frozen=True)
class Compared:
    """One place: the field, the name of the place, its values as words, `~` if they differ."""

    field: str
    place: str
    before: str
    after: str

    @property
    def mark(self) -> str:
        """`~` if the place changed, else a blank."""
        return " " if self.before == self.after else "~"


@dataclass(frozen=True)
class Entity:
    """A job, a worker or the like, and its rows in the order of the spec."""

    name: str
    rows: tuple[Compared, ...]

    @property
    def changed(self) -> bool:
        """Whether any of its rows did."""
        return any(row.mark == "~" for row in self.rows)


def entities(scope: Scope, before: State, after: State) -> list[Entity]:
    """Return every place of both states, grouped by the element that it is kept for."""
    groups: dict[str, list[Compared]] = {}
    for place, old, new in zip(scope.places, before, after, strict=True):
        kind = place.field.type
        row = Compared(place.field.name, place.name, value_name(kind, old), value_name(kind, new))
        groups.setdefault(owner(place), []).append(row)
    # What is kept once comes last: a reader looks for a job or a worker.
    last = groups.pop(WHOLE, None)
    if last:
        groups[WHOLE] = last
    return [Entity(name, tuple(rows)) for name, rows in groups.items()]


def owner(place: Place) -> str:
    """Return the name of the element that a place is kept for."""
    return WHOLE if place.field.over is None else element_name(place.field.over, place.element)
