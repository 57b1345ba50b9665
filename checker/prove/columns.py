"""What an expression is worth in every state at once: one column of codes, as `Layout` has them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np

from checker.compiled.layout import Layout
from spec.language.expr import (
    Add,
    And,
    Bound,
    Const,
    Equal,
    Exists,
    Expr,
    ForAll,
    Implies,
    Ite,
    Less,
    LessEqual,
    NoneOf,
    Not,
    Or,
    Read,
    Subtract,
    Var,
)

Column = Any
"""A numpy array with one entry for each state; truth values are booleans, all else is int64."""

_COMBINE = {
    And: np.logical_and,
    Or: np.logical_or,
    Equal: np.equal,
    Less: np.less,
    LessEqual: np.less_equal,
    Add: np.add,
    Subtract: np.subtract,
}


class Columns:
    """The fields of a scope's states, column by column."""

    def __init__(self, layout: Layout, states: Any) -> None:
        self.layout, self.scope = layout, layout.scope
        self.words = np.ascontiguousarray(states.T)
        self.count = len(states)
        self._fields: dict[tuple[str, int], Column] = {}

    def of(self, e: Expr, env: Mapping[str, int]) -> Column:
        """Return the values of the expression; `env` gives each variable its code."""
        match e:
            case Const() | NoneOf() | Bound():
                code = self.layout.constant(e)
                assert code is not None
                return self._all(bool(code) if e.type is bool else code)
            case Var():
                return self._all(bool(env[e.name]) if e.type is bool else env[e.name])
            case Read():
                return self._read(e, env)
            case Not():
                return ~self.of(e.body, env)
            case Implies():
                return ~self.of(e.left, env) | self.of(e.right, env)
            case Ite():
                return np.where(*(self.of(part, env) for part in (e.condition, e.then, e.other)))
            case ForAll() | Exists():
                both = np.logical_and if isinstance(e, ForAll) else np.logical_or
                return reduce(
                    both, (self.of(e.body, {**env, e.var.name: c}) for c in self.codes(e.var))
                )
            case And() | Or() | Equal() | Less() | LessEqual() | Add() | Subtract():
                return _COMBINE[type(e)](self.of(e.left, env), self.of(e.right, env))
        raise AssertionError(type(e))

    def codes(self, v: Var) -> list[int]:
        """Return the codes that a variable ranges over; none is not among them."""
        return [self.layout.code(v.type, choice) for choice in self.scope.choices(v.type)]

    def _all(self, value: int) -> Column:
        return np.full(self.count, value)

    def _read(self, e: Read, env: Mapping[str, int]) -> Column:
        assert not e.after, f"a state has nothing after it: {e}"
        name = e.field.name
        if e.index is None:
            return self._field(e, name, 0)
        if isinstance(e.index, Var):
            return self._field(e, name, env[e.index.name] - 1)
        index = self.of(e.index, env)
        value = self.of(e.field.initial, env)
        for element in range(self.layout.count(e.field.over)):
            value = np.where(index == element + 1, self._field(e, name, element), value)
        return value

    def _field(self, e: Read, name: str, element: int) -> Column:
        key = name, element
        if key not in self._fields:
            slot = self.layout.slots[name]
            shift = slot.base + element * slot.stride
            value = (self.words[slot.word] >> shift) & slot.mask
            self._fields[key] = value.astype(bool) if e.type is bool else value
        return self._fields[key]
