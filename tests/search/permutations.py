"""Symmetry by brute force: states that differ only in which element is which."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from spec.language.scope import Scope, State
from spec.language.terms.types import is_sort


def orbits(scope: Scope, merged: Iterable[str], states: Iterable[State]) -> int:
    """Return how many states remain if those that permutations exchange count once."""
    permutations = list(_permutations(scope, set(merged)))
    return len({min(map(repr, (_moved(scope, s, p) for p in permutations))) for s in states})


def _permutations(scope: Scope, merged: set[str]) -> Iterator[dict[str, tuple[int, ...]]]:
    sorts = scope.spec.sorts
    choices = [
        list(itertools.permutations(range(scope.size(sort))))
        if sort.__name__ in merged
        else [tuple(range(scope.size(sort)))]
        for sort in sorts
    ]
    for chosen in itertools.product(*choices):
        yield {sort.__name__: p for sort, p in zip(sorts, chosen, strict=True)}


def _moved(scope: Scope, state: State, permutation: dict[str, tuple[int, ...]]) -> State:
    places = scope.places
    found = {}
    for place, value in zip(places, state, strict=True):
        element, f = place.element, place.field
        if f.over is not None and element is not None:
            element = permutation[f.over.__name__][element]
        if is_sort(f.type) and value is not None:
            value = permutation[f.type.__name__][int(value)]
        found[f.name, element] = value
    return tuple(found[place.field.name, place.element] for place in places)
