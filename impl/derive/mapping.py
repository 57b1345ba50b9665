"""The refinement mapping: what the store and its processes hold, as a state of the spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from impl.derive.design import Design
from impl.derive.view import Global
from impl.terms.outcomes import Done, Outcome, Values
from spec.language.evaluate import Evaluator, Step
from spec.language.scope import State, Value, element_name
from spec.language.terms.types import Sort


class Rows(Protocol):
    """What can be read: a store, or a copy of one that something else has opened."""

    @property
    def design(self) -> Design:
        """What the store is for."""

    def rows(self) -> Mapping[type[Sort], Mapping[int, Mapping[str, Value]]]:
        """Return every row of every table, by sort and element."""


def rows_of(
    design: Design, asked: Callable[[str], list[Any]], now: int = 0
) -> dict[type[Sort], dict[int, dict[str, Value]]]:
    """Return every row of every table, by sort and element, as a database answers at a moment."""
    whole = {}
    for t in design.tables:
        whole[t.sort] = {id - 1: t.decoded(values, now) for id, *values in asked(t.every_row)}
    return whole


class Unmapped(Exception):
    """The store has a row for which the spec's scope has no element."""


def abstract(store: Rows, memories: Memories, others: State) -> State:
    """Return the state of the spec that a store and its processes are in.

    A durable field is a column of its row; a row that is not there holds the initial values. A
    volatile field is in the memory of its process. Ghosts and the world are in neither: they are
    known only to whoever has watched from the beginning, so they are taken from the state `others`,
    and two states that are compared have them from there. Raises `Unmapped` if the scope is too
    small.
    """
    rows = store.rows()
    for kind, found in rows.items():
        last = max(found, default=-1)
        if last >= (1 if kind is Global else store.design.scope.size(kind)):
            raise Unmapped(element_name(kind, last))
    state: list[Value] = []
    for (kept, sort, element, name, initial), other in zip(store.design.kept, others, strict=True):
        if kept == "durable":
            row = rows[sort].get(element)
            state.append(initial if row is None else row[name])
        else:
            state.append(memories[sort][element][name] if kept == "volatile" else other)
    return tuple(state)


Take = Callable[[str, Values, Values, Values], Outcome]
"""How a store takes a step: an action, its parameters, and what memory and the world say."""


class Memories(dict[type[Sort], dict[int, dict[str, Value]]]):
    """What each process remembers, by sort and element: the volatile fields; at first nothing."""

    def __init__(self, design: Design) -> None:
        super().__init__()
        self._design, self._evaluator = design, Evaluator(design.scope)
        for place, value in zip(design.scope.places, self._evaluator.initial(), strict=True):
            if place.field.survival == "volatile":
                assert place.field.over is not None and place.element is not None
                of_sort = self.setdefault(place.field.over, {})
                of_sort.setdefault(place.element, {})[place.field.name] = value

    def take(self, take: Take, step: Step, state: State) -> Outcome:
        """Let a store take a step, and its process remember what came; the world says what it does
        in this state of the spec. Raises as the store does.
        """
        seen, binding = self._design.transitions[step.action.name].seen, step.binding
        owner, meaning = seen.owner(binding), self._evaluator.meaning
        memory = {} if owner is None else self[owner[0]][owner[1]]
        world = {r.field.name: meaning(r, binding)(state, state) for r in seen.world}
        outcome = take(step.action.name, binding, memory, world)
        if isinstance(outcome, Done):
            memory.update({name: after for name, (_, after) in outcome.memory.items()})
        return outcome
