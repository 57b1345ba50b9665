"""The spec's evaluator over a state with any number of jobs and processes.

It knows nothing of the world, as `worldless` says.

A scope lays its states out as tuples and so has to know how many elements there are. Here a state
holds only what differs from the beginning, and parameters are part of it: each guard, update and
claim is made once, not once for each element.
"""

from __future__ import annotations

import copy
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checker.conformance.unbounded import BITS, Before, Changes, Now, Unbounded
from impl.derive import worldless
from impl.derive.view import sort_of
from spec.language.declared.model import Field, Property, Spec
from spec.language.evaluate import Claim, Instance
from spec.language.scope import Scope, Value, element_name
from spec.language.terms.expr import Count, Expr, Quantifier, Read, Var
from spec.language.terms.tree import alike, quantified, walk
from spec.language.terms.types import Sort, Type, is_sort

_ELEMENT = (1 << BITS) - 1

Element = tuple[type[Sort], int]
Likeness = tuple[Value, ...]
"""All that claims can read of a step; elements are counted, not named."""

_MOST = 1 << 16
"""So many kinds of steps are remembered as sound, some hundred bytes each."""

_Asked = tuple[Claim, list[tuple[str, Type]]]
"""A claim, and its parameters by name."""


@dataclass(frozen=True)
class Broken:
    """A property that a step breaks, and for which elements."""

    claim: Property
    binding: Mapping[str, Value]


class Sparse:
    """A state of the spec that steps lead on, one at a time."""

    def __init__(self, scope: Scope) -> None:
        """Begin at the initial state; of the scope's bounds only the constants count."""
        self.sorts = scope.spec.sorts
        one = {sort.__name__: 1 for sort in self.sorts}
        self.scope = Scope(scope.name, scope.spec, dict(scope.bounds) | one)
        self.fields = list(scope.spec.fields.values())
        self.evaluator = Unbounded(self.scope)
        self.now: Any = Now([self.evaluator.meaning(f.initial, {})((), ()) for f in self.fields])
        self.instances = {
            name: Instance(self.evaluator, worldless.shown(action), {})
            for name, action in scope.spec.actions.items()
        }
        self._claims = [
            Claim(self.evaluator, p)
            for p in worldless.claims(scope.spec)
            if p.kind in ("invariant", "step") and _is_local(p)
        ]
        self._asked: dict[tuple[frozenset[int], bool], list[_Asked]] = {}
        self._references = [(f, n << BITS) for n, f in enumerate(self.fields) if is_sort(f.type)]
        self._named_by: dict[Element, set[int]] = defaultdict(set)
        self._asks_others = {
            name
            for name, instance in self.instances.items()
            if any(
                isinstance(e, Quantifier)
                for g in instance.step.action.guards
                for e in walk(g.condition)
            )
        }
        self._relates = _relating(scope.spec)
        self._named = [f.type if is_sort(f.type) else None for f in self.fields]
        of = [(f.over, n << BITS, self._named[n]) for n, f in enumerate(self.fields)]
        self._of_none = [start for over, start, _ in of if over is None]
        self._of = {
            sort: (
                [start for over, start, named in of if over is sort and named is None],
                [(start, named) for over, start, named in of if over is sort and named is not None],
            )
            for sort in self.sorts
        }
        self._sound: set[Likeness] = set()

    def begun(self) -> Sparse:
        """Return another one, at the initial state; what was made of the scope is made once."""
        other = copy.copy(self)
        other.now = Now(self.now.initial)
        other._named_by = defaultdict(set)
        return other

    # ------------------------------------------------------------ places
    def at(self, field: str, element: int) -> int:
        """Return the position of a field of an element; of one that no element has, of 0."""
        return self.evaluator.start[field] + element

    def place(self, at: int) -> tuple[Field, int]:
        """Return the field and the element of a position."""
        return self.fields[at >> BITS], at & _ELEMENT

    def name(self, at: int) -> str:
        """Return how traces call a position: `status[job1]`."""
        f = self.fields[at >> BITS]
        return f.name if f.over is None else f"{f.name}[{element_name(f.over, at & _ELEMENT)}]"

    def known(self, sort: type[Sort]) -> set[int]:
        """Return the elements of which something is not as in the beginning."""
        starts = {n for n, f in enumerate(self.fields) if sort_of(f) is sort}
        places = (at for at in self.now if isinstance(at, int))
        return {at & _ELEMENT for at in places if at >> BITS in starts}

    # ------------------------------------------------------------ steps
    def refusal(self, action: str, binding: Mapping[str, int]) -> str | None:
        """Return what refuses a step now, or None; see `Instance.refusal`."""
        self.now.update(binding)
        if action in self._asks_others:
            params = self.instances[action].step.action.params
            named = ((p.type, binding[p.name]) for p in params if is_sort(p.type))
            self.evaluator.near = self._reached(named)
        return self.instances[action].refusal(self.now)

    def effect(self, action: str, binding: Mapping[str, int]) -> dict[int, tuple[Value, Value]]:
        """Return what a step that is possible changes; raises `OutOfRange`."""
        self.now.update(binding)
        found = {}
        for write in self.instances[action].writes:
            if write.field.survival == "world":
                continue
            at = write.position(self.now)
            found[at] = self.now[at], write.value(self.now)
        return {at: pair for at, pair in found.items() if pair[0] != pair[1]}

    def take(self, changes: Changes) -> None:
        """Let these changes happen at once."""
        for at, (old, new) in changes.items():
            self.now[at] = new
            named, f = self._named[at >> BITS], self.fields[at >> BITS]
            if named is not None and f.over is not None and f.name in self._relates:
                if old is not None:
                    self._named_by[named, int(old)].discard(at)
                if new is not None:
                    self._named_by[named, int(new)].add(at)

    # ------------------------------------------------------------ what must hold
    def broken(self, changes: Changes, by_step: bool = True) -> Broken | None:
        """Return an invariant or step property that the step just taken breaks; an invariant, if
        the state was not reached by a step.

        Asked are those that read what has changed, for the elements that changed, those that they
        name and those that name these, and those that a value of no element names: of no others
        does the spec speak in one breath.
        """
        before: Any = Before(self.now, changes)
        near = self.evaluator.near = self._around(changes)
        likeness = self._likeness(changes, near, by_step)
        if likeness in self._sound:
            return None
        for claim, params in self._about(frozenset(at >> BITS for at in changes), by_step):
            pair = (before, self.now) if claim.property.kind == "step" else (self.now,)
            for values in itertools.product(*(self.evaluator.choices(t) for _, t in params)):
                binding = {name: v for (name, _), v in zip(params, values, strict=True)}
                self.now.update(binding)
                if claim.holds(*pair) is not None:
                    return Broken(claim.property, binding)
        if likeness is not None and len(self._sound) < _MOST:
            self._sound.add(likeness)
        return None

    def _likeness(
        self, changes: Changes, near: Mapping[type[Sort], set[int]], by_step: bool
    ) -> Likeness | None:
        """Return all that a claim can read of this step, with elements counted instead of named:
        of steps that are alike in this, one breaks what another one breaks. None if an element
        names one that is not near.
        """
        at = {sort: {e: n for n, e in enumerate(sorted(each))} for sort, each in near.items()}
        now = self.now.get
        read: list[Any] = [by_step, *map(now, self._of_none)]
        for sort, elements in at.items():
            read.append(len(elements))
            values, references = self._of[sort]
            for element in elements:
                read += [now(start + element) for start in values]
                for start, named in references:
                    value = now(start + element)
                    if value is not None and (value := at[named].get(value)) is None:
                        return None
                    read.append(value)
        for place, (old, _) in changes.items():
            f, element = self.place(place)
            if is_sort(f.type) and old is not None:
                old = at[f.type][int(old)]
            read += place >> BITS, at[f.over][element] if f.over else 0, old
        return tuple(read)

    def _about(self, changed: frozenset[int], by_step: bool) -> list[_Asked]:
        if (changed, by_step) not in self._asked:
            names = {self.fields[n].name for n in changed}
            self._asked[changed, by_step] = [
                (claim, [(p.name, p.type) for p in claim.property.params])
                for claim in self._claims
                if (by_step or claim.property.kind == "invariant")
                and any(e.field.name in names for e in _reads(claim.property))
            ]
        return self._asked[changed, by_step]

    def _around(self, changes: Changes) -> dict[type[Sort], set[int]]:
        named: list[Element] = []
        for at, pair in changes.items():
            f, element = self.place(at)
            if f.over is not None:
                named.append((f.over, element))
            if is_sort(f.type):
                named += [(f.type, int(v)) for v in pair if v is not None]
        return self._reached(named)

    def _reached(self, elements: Iterable[Element]) -> dict[type[Sort], set[int]]:
        """Return these elements, those that they name, and those that name one of all these."""
        near: dict[type[Sort], set[int]] = {sort: set() for sort in self.sorts}
        for sort, element in elements:
            near[sort].add(element)
        for f, start in self._references:
            assert is_sort(f.type)
            named = (self.now[start + element] for element in (near[f.over] if f.over else (0,)))
            near[f.type].update(int(v) for v in named if v is not None)
        for sort in list(near):
            for element in list(near[sort]):
                for at in self._named_by.get((sort, element), ()):
                    f, by = self.place(at)
                    assert f.over is not None
                    near[f.over].add(by)
        return near


def _is_local(p: Property) -> bool:
    """Whether a claim asks of what is near alone, not for how many."""
    return not any(isinstance(part, Count) for part in walk(p.body))


def _relating(spec: Spec) -> set[str]:
    """Return the fields by which one element may say something of another: what is named has
    fields of its own, or two rows that name the same are held against each other.
    """
    had = {f.over for f in spec.fields.values()}
    whole = [p.body for p in spec.properties.values()]
    whole += [g.condition for a in spec.actions.values() for g in a.guards]
    apart: set[str] = set()
    for e in whole:
        chosen = {v.name for v in quantified([e])}
        read: dict[str, Expr | None] = {}
        for r in (each for each in walk(e) if isinstance(each, Read)):
            name, index = r.field.name, r.index
            other = not alike(read.setdefault(name, index), index)
            if other or (isinstance(index, Var) and index.name in chosen):
                apart.add(name)
    fields = spec.fields.values()
    return {f.name for f in fields if is_sort(f.type) and (f.type in had or f.name in apart)}


def _reads(p: Property) -> list[Read]:
    return [e for e in walk(p.body) if isinstance(e, Read)]
