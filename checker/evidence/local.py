"""Every row and every step that healthy runs of a scope can have, each once.

A step sees one row, the memory of one process, what no row has and the world, so two states that
agree in these allow the same steps of it: it is enough to try each step once for each such view
that some state has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from checker.search.compiled.code.layout import Layout
from checker.search.compiled.states import states
from impl.derive.design import derive
from impl.derive.transition import Transition
from spec.language.declared.model import Field
from spec.language.evaluate import Evaluator, Instance, Meaning, instances
from spec.language.scope import Scope, State, Value, element_name
from spec.language.terms.types import Sort, is_sort


@dataclass(frozen=True)
class LocalStep:
    """A durable step: who, what, the token the actor holds, and the row before and after."""

    actor: str
    action: str
    job: str
    held: int
    before: tuple[Value, ...]
    after: tuple[Value, ...]


class Healthy:
    """The states of a scope with every protection in place."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.design = derive(scope, checks=False)
        (self.table,) = (t for t in self.design.tables if t.name == "job")
        self.layout, words = states(scope)
        self.count = len(words)
        self._words = words
        self._keys: dict[int, Meaning] = {}
        self._positions = {(p.field.name, p.element or 0): n for n, p in enumerate(scope.places)}

    def rows(self) -> set[tuple[Value, ...]]:
        """Return each row that some state has; a job of which nothing is known has none."""
        fields = list(self.table.columns)
        found: set[tuple[Value, ...]] = set()
        for j in range(self.scope.size(self.table.sort)):
            found |= set(self._distinct([(f, j) for f in fields]))
        return found - {tuple(self.table.initial[f.name] for f in fields)}

    def tables(self, column: Field) -> set[tuple[Value, ...]]:
        """Return what is in a column, row by row, each time that it is otherwise in some state."""
        every = [(column, j) for j in range(self.scope.size(self.table.sort))]
        return set(self._distinct(every))

    def steps(self) -> set[LocalStep]:
        """Return each durable step that some state allows."""
        sort = self.table.sort
        found: set[LocalStep] = set()
        for j in range(self.scope.size(sort)):
            for process in self._processes:
                for p in range(self.scope.size(process)):
                    found |= set(self._steps(j, process, p))
        return found

    def _steps(self, j: int, process: type[Sort], p: int) -> Iterator[LocalStep]:
        seen = {self.table.sort: j, process: p, None: None}  # what no row has, every step may see
        mine = [
            (place.field, place.element or 0)
            for place in self.scope.places
            if place.field.survival == "world"
            or (place.field.kept and seen.get(place.field.over, -1) == place.element)
        ]
        rows = [self._positions[f.name, j] for f in self.table.columns]
        tried = [s for s in self._instances if self._may_be(s, process, p)]
        for values in self._distinct(mine):
            state = list(self._initial)
            for (f, element), value in zip(mine, values, strict=True):
                state[self._positions[f.name, element]] = value
            now = tuple(state)
            for step in tried:
                if self._row(step, now) == j and step.refusal(now) is None:
                    then = step.after(now)
                    before, after = (tuple(s[at] for at in rows) for s in (now, then))
                    yield self._told(step, j, now, before, after)

    def _told(
        self,
        step: Instance,
        j: int,
        now: State,
        before: tuple[Value, ...],
        after: tuple[Value, ...],
    ) -> LocalStep:
        binding, action = step.step.binding, step.step.action
        first = action.params[0]
        assert is_sort(first.type)
        actor, held = element_name(first.type, binding[first.name]), 0
        if first.type is self.scope.spec.fields["held"].over:
            held = int(now[self._positions["held", int(binding[first.name] or 0)]] or 0)
        job = element_name(self.table.sort, j)
        return LocalStep(actor, action.name, job, held, before, after)

    # ------------------------------------------------------------ what a step sees
    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(self.scope)

    @cached_property
    def _initial(self) -> State:
        return self._evaluator.initial()

    @cached_property
    def _processes(self) -> list[type[Sort]]:
        kept = [f.over for f in self.scope.spec.fields.values() if f.survival == "volatile"]
        return [s for s in dict.fromkeys(kept) if s is not None]

    @cached_property
    def _instances(self) -> list[Instance]:
        every = instances(self._evaluator)
        return [s for s in every if self._transition(s).writes]

    def _transition(self, step: Instance) -> Transition:
        return self.design.transitions[step.step.action.name]

    def _may_be(self, step: Instance, process: type[Sort], p: int) -> bool:
        owner = self._transition(step).seen.owner(step.step.binding)
        return owner in (None, (process, p))

    def _row(self, step: Instance, state: State) -> Value:
        if id(step) not in self._keys:
            key = self._transition(step).seen.key
            assert key is not None
            self._keys[id(step)] = self._evaluator.meaning(key, step.step.binding)
        row: Value = self._keys[id(step)](state, state)
        return row

    # ------------------------------------------------------------ packed states
    def _distinct(self, places: list[tuple[Field, int]]) -> Iterator[tuple[Value, ...]]:
        """Yield each combination of values that these places have in some state."""
        codes = np.stack([codes_of(self.layout, self._words, f, e) for f, e in places], axis=1)
        for row in np.unique(codes, axis=0).tolist():
            yield tuple(self.layout.value(f.type, c) for (f, _), c in zip(places, row, strict=True))


def codes_of(layout: Layout, words: Any, f: Field, element: int) -> Any:
    """Return the code that one place has in each packed state."""
    slot = layout.slots[f.name]
    return (words[:, slot.word] >> (slot.base + element * slot.stride)) & slot.mask
