"""Expressions of the reader's own over the states of a run: `held[worker1] == token[job1]`.

Fields, places, elements and members of enums are written as traces write them, joined by what
Python and the spec join with. What follows a reference that is none is none.
"""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checker.explain.run import Run
from checker.runs.story import Plain, plain, word
from spec.language.scope import Scope, State, element_name
from spec.language.terms.types import is_enum

Value = Plain
Reading = Callable[[Mapping[str, Value]], Value]
"""Takes the values of all places by name."""

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_NUMBERS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add, ast.Sub: operator.sub,
}  # fmt: skip
_TRUTHS: dict[type[ast.operator], Callable[[bool, bool], bool]] = {
    ast.BitAnd: lambda a, b: a and b, ast.BitOr: lambda a, b: a or b,
    ast.RShift: lambda a, b: not a or b,
}  # fmt: skip
_WORDS = {"true": True, "false": False, "none": None}


class BadQuery(ValueError):
    """The text is no query: `what: fact; remedy`."""


@dataclass(frozen=True)
class Expression:
    """What is asked of a state, as it was written."""

    text: str
    read: Reading

    def of(self, scope: Scope, state: State) -> Value:
        """Return its value in a state; raises `BadQuery` where it has none."""
        pairs = zip(scope.places, state, strict=True)
        return self.read({p.name: plain(p.field.type, value) for p, value in pairs})

    def shown(self, scope: Scope, state: State) -> str:
        """Return its value as traces write it, or what is wrong with it there."""
        try:
            return word(self.of(scope, state))
        except BadQuery as bad:
            return f"? {bad}"

    def require_value(self, run: Run) -> None:
        """Raise `BadQuery` if it has no value in any state of the run."""
        for n, state in enumerate(run.states):
            try:
                self.of(run.scope, state)
                return
            except BadQuery:
                if n == len(run.states) - 1:
                    raise

    def holds(self, scope: Scope, state: State) -> bool:
        """Return whether it is true; raises `BadQuery` if it is neither true nor false."""
        return _truth(self.of(scope, state), self.text)


def turns_true(run: Run, text: str) -> list[int]:
    """Return the steps after which the expression is true and before which it was not; raises
    `BadQuery`.
    """
    asked = expression(run.scope, text)
    truths = [asked.holds(run.scope, state) for state in run.states]
    return [k for k in range(1, len(truths)) if truths[k] and not truths[k - 1]]


def expression(scope: Scope, text: str) -> Expression:
    """Return what the text asks of a state of the scope; raises `BadQuery`."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        said = "write it as held[worker1] == token[job1]"
        raise BadQuery(f"{text.strip() or 'nothing'}: is no expression; {said}") from None
    return Expression(text.strip(), _Reader(scope).read(tree.body))


class _Reader:
    """Makes a function of the tree of an expression."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.fields = scope, scope.spec.fields
        self.places = {place.name for place in scope.places}
        self.elements = {
            element_name(sort, n) for sort in scope.spec.sorts for n in range(scope.size(sort))
        }
        enums = {f.type for f in self.fields.values() if is_enum(f.type)}
        self.members = {member for enum in enums for member in scope.spec.members(enum)}

    def read(self, node: ast.expr) -> Reading:
        match node:
            case ast.Constant(value=bool() | int() as value):
                return lambda _: value
            case ast.Name(id=name):
                return self._name(name)
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                return self._place(name, index)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._compared(left, ops, others, ast.unparse(node))
            case ast.BoolOp(op=op, values=values):
                return self._joined(isinstance(op, ast.And), values)
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
                inner, said = self.read(operand), ast.unparse(operand)
                return lambda state: not _truth(inner(state), said)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(left, op, right)
        raise BadQuery(f"{ast.unparse(node)}: cannot be asked of a state; see `ffq scopes SCOPE`")

    def _name(self, name: str) -> Reading:
        if name in _WORDS or name in self.elements or name in self.members:
            value = _WORDS.get(name, name)
            if name not in self.places:
                return lambda _: value
        if name in self.places:
            return lambda state: state[name]
        if name in self.fields:
            over = self.fields[name].over
            assert over is not None, "a field of no element is a place"
            raise BadQuery(f"{name}: is kept per {over.__name__}; write {name}[{_first(over)}]")
        raise BadQuery(f"{name}: is no field, element or value; {self._near(name)}")

    def _near(self, name: str) -> str:
        known = [*self.fields, *self.elements, *self.members]
        close = difflib.get_close_matches(name, known, 3, 0.5)
        listing = f"`ffq scopes {self.scope.name}` lists them"
        return f"write one of: {', '.join(close)}" if close else listing

    def _place(self, name: str, index: ast.expr) -> Reading:
        if name not in self.fields:
            raise BadQuery(f"{name}: is no field; {self._near(name)}")
        over, inner, said = self.fields[name].over, self.read(index), ast.unparse(index)
        if over is None:
            raise BadQuery(f"{name}: is kept once; write {name} alone")

        def value(state: Mapping[str, Value]) -> Value:
            at = inner(state)
            if at is None:
                return None
            if f"{name}[{at}]" not in state:
                raise BadQuery(f"{said}: is no {over.__name__}; write {name}[{_first(over)}]")
            return state[f"{name}[{at}]"]

        return value

    def _compared(
        self, left: ast.expr, ops: list[ast.cmpop], others: list[ast.expr], said: str
    ) -> Reading:
        if not all(type(op) in _COMPARE for op in ops):
            raise BadQuery(f"{said}: compares in no way that states know; write == != < <= > >=")
        parts = [self.read(part) for part in (left, *others)]
        asked = [_COMPARE[type(op)] for op in ops]

        def value(state: Mapping[str, Value]) -> bool:
            values = [part(state) for part in parts]
            try:
                return all(ask(a, b) for ask, a, b in zip(asked, values, values[1:], strict=False))
            except TypeError:
                raise BadQuery(f"{said}: compares what has no order; write == or !=") from None

        return value

    def _joined(self, all_of: bool, values: list[ast.expr]) -> Reading:
        parts = [(self.read(value), ast.unparse(value)) for value in values]
        join = all if all_of else any
        return lambda state: join(_truth(part(state), said) for part, said in parts)

    def _binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> Reading:
        one, two = self.read(left), self.read(right)
        names = ast.unparse(left), ast.unparse(right)
        if (join := _TRUTHS.get(type(op))) is not None:
            return lambda state: join(_truth(one(state), names[0]), _truth(two(state), names[1]))
        if (count := _NUMBERS.get(type(op))) is not None:
            return lambda state: count(_number(one(state), names[0]), _number(two(state), names[1]))
        raise BadQuery(f"{' ? '.join(names)}: is joined in no way that states know; write + - & |")


def _first(sort: Any) -> str:
    return element_name(sort, 0)


def _truth(value: Value, said: str) -> bool:
    if not isinstance(value, bool):
        raise BadQuery(f"{said}: is {word(value)}, neither true nor false; put ( ) around == and <")
    return value


def _number(value: Value, said: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadQuery(f"{said}: is {word(value)}, and no number; + and - join numbers")
    return value
