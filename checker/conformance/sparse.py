"""The spec's evaluator over a state with any number of jobs and processes.

It knows nothing of the world: a guard that asks it is taken to have held, a claim to hold.

A scope lays its states out as tuples and so has to know how many elements there are. Here a state
holds only what differs from the beginning, and parameters are part of it: each guard, update and
claim is made once, not once for each element.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from impl.derive.view import sort_of
from spec.language.evaluate import Binding, Claim, Evaluator, Instance, Meaning
from spec.language.expr import Expr, ForAll, Quantifier, Read, Var
from spec.language.model import Action, Field, Part, Property
from spec.language.scope import Place, Scope, Value
from spec.language.tree import walk
from spec.language.types import Sort, Type, is_sort

_BITS = 40
_ELEMENT = (1 << _BITS) - 1

Element = tuple[type[Sort], int]
Changes = Mapping[int, tuple[Value, Value]]
"""What a step changes: each position with the value before and after."""

_Asked = tuple[Claim, list[tuple[str, Type]]]
"""A claim, and its parameters by name."""


class _Now(dict[Any, Any]):
    """Values by position, where they differ from the initial ones; parameters by name."""

    def __init__(self, initial: list[Value]) -> None:
        self.initial = initial

    def __missing__(self, at: int) -> Value:
        return self.initial[at >> _BITS]


class _Before(dict[Any, Any]):
    """The same as it was before a step."""

    def __init__(self, now: _Now, changes: Changes) -> None:
        super().__init__((at, old) for at, (old, _) in changes.items())
        self.now = now

    def __missing__(self, at: Any) -> Value:
        value: Value = self.now[at]
        return value


class _Unbounded(Evaluator):
    """Reads parameters from the state; a quantifier tries the elements that are `near`."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.start = {name: n << _BITS for n, name in enumerate(scope.spec.fields)}
        self.near: Mapping[type[Sort], set[int]] = {}

    def meaning(self, e: Expr, env: Binding) -> Meaning:
        match e:
            case Var():
                name: Any = e.name
                return lambda s, t: s[name]
            case Quantifier():
                return self._quantifier(e, env)
        return super().meaning(e, env)

    def _read(self, e: Read, env: Binding) -> Meaning:
        start, after = self.start[e.field.name], e.after
        if e.index is None:
            return (lambda s, t: t[start]) if after else (lambda s, t: s[start])
        if isinstance(e.index, Var):  # never none
            name: Any = e.index.name
            if after:
                return lambda s, t: t[start + s[name]]
            return lambda s, t: s[start + s[name]]
        index, initial = self.meaning(e.index, env), self.meaning(e.field.initial, env)

        def through(s: Any, t: Any) -> Any:
            element = index(s, t)
            if element is None:
                return initial(s, t)
            return (t if after else s)[start + element]

        return through

    def _quantifier(self, e: Quantifier, env: Binding) -> Meaning:
        body, name, every = self.meaning(e.body, env), e.var.name, isinstance(e, ForAll)

        def ask(s: Any, t: Any) -> bool:
            outer = s.get(name)
            try:
                for value in self.choices(e.var.type):
                    s[name] = value
                    if bool(body(s, t)) is not every:
                        return not every
                return every
            finally:
                if outer is None:
                    s.pop(name, None)
                else:
                    s[name] = outer

        return ask

    def choices(self, t: Type) -> list[Value]:
        return list(self.near.get(t, ())) if is_sort(t) else self.scope.choices(t)


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
        self.evaluator = _Unbounded(self.scope)
        self.now: Any = _Now([self.evaluator.meaning(f.initial, {})((), ()) for f in self.fields])
        self.instances = {
            name: Instance(self.evaluator, _without_world(action), {})
            for name, action in scope.spec.actions.items()
        }
        self._claims = [
            Claim(self.evaluator, p)
            for p in scope.spec.properties.values()
            if p.kind in ("invariant", "step") and not _asks_the_world(p.body)
        ]
        self._asked: dict[tuple[frozenset[int], bool], list[_Asked]] = {}
        self._references = [(f, n << _BITS) for n, f in enumerate(self.fields) if is_sort(f.type)]
        self._named_by: dict[Element, set[Element]] = defaultdict(set)

    # ------------------------------------------------------------ places
    def at(self, field: str, element: int) -> int:
        """Return the position of a field of an element; of one that no element has, of 0."""
        return self.evaluator.start[field] + element

    def place(self, at: int) -> tuple[Field, int]:
        """Return the field and the element of a position."""
        return self.fields[at >> _BITS], at & _ELEMENT

    def name(self, at: int) -> str:
        """Return how traces call a position: `status[job1]`."""
        f, element = self.place(at)
        return Place(f, None if f.over is None else element).name

    def known(self, sort: type[Sort]) -> set[int]:
        """Return the elements of which something is not as in the beginning."""
        starts = {n for n, f in enumerate(self.fields) if sort_of(f) is sort}
        places = (at for at in self.now if isinstance(at, int))
        return {at & _ELEMENT for at in places if at >> _BITS in starts}

    # ------------------------------------------------------------ steps
    def refusal(self, action: str, binding: Mapping[str, int]) -> str | None:
        """Return what refuses a step now, or None; see `Instance.refusal`."""
        self.now.update(binding)
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
            f, element = self.place(at)
            if is_sort(f.type) and f.over is not None:
                if old is not None:
                    self._named_by[f.type, int(old)].discard((f.over, element))
                if new is not None:
                    self._named_by[f.type, int(new)].add((f.over, element))

    # ------------------------------------------------------------ what must hold
    def broken(self, changes: Changes, by_step: bool = True) -> Broken | None:
        """Return an invariant or step property that the step just taken breaks; an invariant, if
        the state was not reached by a step.

        Asked are those that read what has changed, for the elements that changed, those that they
        name and those that name these, and those that a value of no element names: of no others
        does the spec speak in one breath.
        """
        before: Any = _Before(self.now, changes)
        self.evaluator.near = self._around(changes)
        for claim, params in self._about(frozenset(at >> _BITS for at in changes), by_step):
            pair = (before, self.now) if claim.property.kind == "step" else (self.now,)
            for values in itertools.product(*(self.evaluator.choices(t) for _, t in params)):
                binding = {name: v for (name, _), v in zip(params, values, strict=True)}
                self.now.update(binding)
                if claim.holds(*pair) is not None:
                    return Broken(claim.property, binding)
        return None

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
        near: dict[type[Sort], set[int]] = {sort: set() for sort in self.sorts}
        for at, pair in changes.items():
            f, element = self.place(at)
            if f.over is not None:
                near[f.over].add(element)
            if is_sort(f.type):
                near[f.type].update(int(v) for v in pair if v is not None)
        for f, start in self._references:
            assert is_sort(f.type)
            named = (self.now[start + element] for element in (near[f.over] if f.over else (0,)))
            near[f.type].update(int(v) for v in named if v is not None)
        for sort in list(near):
            for element in list(near[sort]):
                for over, by in self._named_by.get((sort, element), ()):
                    near[over].add(by)
        return near


def _without_world(action: Action) -> Action:
    """Return the action with the guards that a trace shows: what the world said, nobody wrote."""

    def shown(part: Part) -> Part:
        guards = tuple(g for g in part.guards if not _asks_the_world(g.condition))
        return replace(part, guards=guards)

    return replace(action, parts=tuple(map(shown, action.parts)))


def _asks_the_world(e: Expr) -> bool:
    return any(isinstance(r, Read) and r.field.survival == "world" for r in walk(e))


def _reads(p: Property) -> list[Read]:
    return [e for e in walk(p.body) if isinstance(e, Read)]
