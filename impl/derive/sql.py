"""Expressions as SQL: columns for the row, `:names` for parameters, memory and constants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw

from impl.derive.view import Global
from spec.language.expr import (
    Add,
    And,
    Bound,
    Const,
    Equal,
    Expr,
    Implies,
    Ite,
    Less,
    LessEqual,
    NoneOf,
    Not,
    Or,
    Quantifier,
    Read,
    Subtract,
    Var,
)
from spec.language.scope import Value
from spec.language.types import Sort, Type, is_sort

# SQLite's own binding strength; beside NOT and = everything but a sum has brackets all the same.
_LOOSE, _OR, _AND, _NOT, _EQUAL, _LESS, _SUM, _TIGHT = range(8)

_BINARY: dict[type[Expr], tuple[str, int]] = {
    And: ("AND", _AND),
    Or: ("OR", _OR),
    Less: ("<", _LESS),
    LessEqual: ("<=", _LESS),
    Add: ("+", _SUM),
    Subtract: ("-", _SUM),
}

Name = Callable[[Read | Var | Bound], str]
"""Returns how a place, a parameter or a constant is called in the statement."""


def identifier(word: str) -> str:
    """Return a name of the spec as an identifier of SQL."""
    return f'"{word}"' if word.upper() in apsw.keywords else word


def quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def bound(table: type[Sort]) -> Name:
    """Name columns of a row of the table as they are, ask for those that are in no row of it, and
    bind whatever is not in the store.
    """

    def names(e: Read | Var | Bound) -> str:
        match e:
            case Read():
                column = identifier(e.field.name)
                if e.field.survival != "durable":
                    return f":{e.field.name}"
                elsewhere = e.field.over is None and table is not Global
                return f"(SELECT {column} FROM {table_name(Global)})" if elsewhere else column
            case Var() | Bound():
                return f":{e.name}"

    return names


def table_name(sort: type[Sort]) -> str:
    """Return the table of a sort as SQL names it."""
    return identifier(sort.__name__.lower())


def condition(e: Expr, names: Name) -> str:
    """Return a condition, ready to stand beside others that AND joins."""
    return _sql(e, names, _AND)


def value(e: Expr, names: Name) -> str:
    """Return an expression as SQL."""
    return _sql(e, names, _LOOSE)


def _sql(e: Expr, names: Name, outer: int) -> str:
    def at(inside: Expr, strength: int) -> str:
        return _sql(inside, names, strength)

    match e:
        case Const(value=bool(truth)):
            text, strength = str(truth).upper(), _TIGHT
        case Const():
            text, strength = quoted(e.value) if isinstance(e.value, str) else str(e.value), _TIGHT
        case NoneOf():
            text, strength = "NULL", _TIGHT
        case Read() | Var() | Bound():
            text, strength = names(e), _TIGHT
        case Not(Equal() as same):
            text, strength = _equal(same, at, negated=True), _EQUAL
        case Equal():
            text, strength = _equal(e, at, negated=False), _EQUAL
        case Not():
            text, strength = f"NOT {at(e.body, _SUM)}", _NOT
        case Implies():
            text, strength = f"NOT {at(e.left, _SUM)} OR {at(e.right, _OR)}", _OR
        case Ite():
            text, strength = f"CASE{_cases(e, at)} END", _TIGHT
        case And() | Or() | Less() | LessEqual() | Add() | Subtract():
            symbol, strength = _BINARY[type(e)]
            text = f"{at(e.left, strength)} {symbol} {at(e.right, strength + 1)}"
        case Quantifier():
            raise AssertionError("a view has no quantifiers")
        case _:
            raise AssertionError(type(e))
    return f"({text})" if strength < outer else text


def _cases(e: Expr, at: Callable[[Expr, int], str]) -> str:
    if not isinstance(e, Ite):
        return f" ELSE {at(e, _LOOSE)}"
    return f" WHEN {at(e.condition, _LOOSE)} THEN {at(e.then, _LOOSE)}{_cases(e.other, at)}"


def _equal(e: Equal, at: Callable[[Expr, int], str], negated: bool) -> str:
    # A reference may be none, and none is none; that IS says this of any value, SQLite alone knows.
    signs = ("IS NOT DISTINCT FROM", "IS DISTINCT FROM") if is_sort(e.left.type) else ("=", "<>")
    return f"{at(e.left, _SUM)} {signs[negated]} {at(e.right, _SUM)}"


# ---------------------------------------------------------------- values
def encode(t: Type, v: Value) -> int | str | None:
    """Return a value as SQLite stores it; element 0 of a sort, called `job1`, has the id 1."""
    if v is None or isinstance(v, str):
        return v
    return int(v) + 1 if is_sort(t) else int(v)


def decode(t: Type, v: Any) -> Value:
    """Return a stored value as the spec has it."""
    if v is None or isinstance(v, str):
        return v
    if is_sort(t):
        return int(v) - 1
    return bool(v) if t is bool else int(v)
