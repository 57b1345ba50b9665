"""What an expression is worth in many states at once: the evaluator's meaning, read over arrays.

A value is a number here: truth values are 0 and 1, elements of a sort count from 0 and none is -1,
the members of an enum count from 0.
"""

from __future__ import annotations

from functools import partial, reduce
from typing import Any

import numpy as np

from checker.search.compiled.code.layout import Layout
from spec.language.evaluate import Binding, Evaluator
from spec.language.scope import Value
from spec.language.terms.expr import (
    Add,
    Binary,
    Bound,
    Const,
    Count,
    Exists,
    Expr,
    ForAll,
    Ite,
    NoneOf,
    Not,
    Quantifier,
    Read,
    Subtract,
    Var,
)
from spec.language.terms.tree import MEANS
from spec.language.terms.types import Type, is_sort

Array = np.ndarray[Any, Any]

_MEANS: dict[type[Expr], Any] = {
    **MEANS,
    Add: partial(np.add, dtype=np.int32),  # a small place holds no sum
    Subtract: partial(np.subtract, dtype=np.int32),
}

_JOINS: dict[type[Expr], Any] = {
    ForAll: np.logical_and,
    Exists: np.logical_or,
    Count: _MEANS[Add],
}


class Columns:
    """States packed into words, and for each place that is asked for the values that it has."""

    def __init__(self, layout: Layout, words: Array) -> None:
        self.layout, self.words = layout, words
        self._known: dict[int, Array] = {}

    def __len__(self) -> int:
        return len(self.words)

    def at(self, numbers: Array) -> Columns:
        """Return the states of these numbers."""
        return Columns(self.layout, self.words[numbers])

    def place(self, position: int) -> Array:
        """Return what the place at this position of `Scope.places` holds in each state."""
        if position not in self._known:
            place = self.layout.scope.places[position]
            slot = self.layout.slots[place.field.name]
            shift = slot.base + (place.element or 0) * slot.stride
            codes = (self.words[:, slot.word] >> shift) & slot.mask
            small = codes.astype(np.int8 if slot.width < 8 else np.int32)
            self._known[position] = small - 1 if is_sort(place.field.type) else small
        return self._known[position]


class Reader:
    """Reads expressions of a scope over the states before and after a step."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.scope = layout, layout.scope
        self.start = Evaluator(layout.scope).start

    def truth(self, e: Expr, env: Binding, before: Columns, after: Columns | None = None) -> Array:
        """Return in which of the states a condition is true."""
        value = self.value(e, env, before, after)
        return np.broadcast_to(np.asarray(value, bool), (len(before),))

    def value(self, e: Expr, env: Binding, before: Columns, after: Columns | None = None) -> Any:
        """Return the number that an expression is in each state; one for all if it is constant."""
        match e:
            case Const():
                return self._number(e.type, e.value)
            case NoneOf():
                return -1
            case Bound():
                return self.scope.bounds[e.name]
            case Var():
                return self._number(e.type, env[e.name])
            case Read():
                return self._read(e, env, before, after)
            case Not():
                return np.logical_not(self.value(e.body, env, before, after))
            case Ite():
                parts = (e.condition, e.then, e.other)
                return np.where(*(self.value(part, env, before, after) for part in parts))
            case Quantifier():
                bodies = (
                    self.value(e.body, {**env, e.var.name: choice}, before, after)
                    for choice in self.scope.choices(e.var.type)
                )
                return reduce(_JOINS[type(e)], bodies)
            case Binary():
                sides = (self.value(side, env, before, after) for side in (e.left, e.right))
                return _MEANS[type(e)](*sides)
        raise AssertionError(type(e))

    def _read(self, e: Read, env: Binding, before: Columns, after: Columns | None) -> Any:
        states = after if e.after else before
        assert states is not None
        start = self.start[e.field.name]
        if e.index is None:
            return states.place(start)
        index = self.value(e.index, env, before, after)
        if isinstance(index, int) and index >= 0:
            return states.place(start + index)
        assert e.field.over is not None
        found: Any = self.value(e.field.initial, env, before, after)
        for element in range(self.scope.size(e.field.over)):
            found = np.where(index == element, states.place(start + element), found)
        return found

    def _number(self, t: Type, value: Value) -> int:
        code = self.layout.code(t, value)
        return code - 1 if is_sort(t) else code  # none is -1 here
