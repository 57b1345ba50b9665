"""Expressions as SQL: columns for the row, `:names` for parameters, memory and constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import apsw

from impl.derive.view import Global, sort_of
from spec.language.declared.model import Field
from spec.language.scope import Value
from spec.language.terms.expr import (
    Add,
    And,
    Bound,
    Const,
    Equal,
    Exists,
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
from spec.language.terms.tree import walk
from spec.language.terms.types import Sort, Timer, Type, is_sort, is_timer, phases

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

NOW = ":now"
"""The moment at which a step is taken, in ms, as SQL."""

Name = Callable[[Read | Var | Bound], str]
"""Returns how a place, a parameter or a constant is called in the statement."""


def identifier(word: str) -> str:
    """Return a name of the spec as an identifier of SQL."""
    return f'"{word}"' if word.upper() in apsw.keywords else word


def quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def bound(table: type[Sort], answers: Mapping[str, str] = MappingProxyType({})) -> Name:
    """Name columns of a row of the table as they are, ask for those that are in no row of it, and
    bind whatever is not in the store. `answers`: what stands for fields of the world.
    """

    def names(e: Read | Var | Bound) -> str:
        match e:
            case Read():
                column = identifier(e.field.name)
                if e.field.name in answers:
                    return answers[e.field.name]
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


def condition(e: Expr, names: Name, words: bool = False) -> str:
    """Return a condition, ready to stand beside others that AND joins. With `words`, timers are not
    moments but what they are called.
    """
    return _sql(e, names, _AND, words)


def value(e: Expr, names: Name) -> str:
    """Return an expression as SQL."""
    return _sql(e, names, _LOOSE)


def assigned(f: Field, e: Expr, names: Name, lasts: str) -> str:
    """Return what a field becomes, as SQL: a timer that is started lasts for so many ms."""
    if not is_timer(f.type):
        return value(e, names)
    off, running, _ = phases(f.type)
    match e:
        case Const():
            if e.value == off:
                return "NULL"
            # One that lasts for no time is not over before the next step.
            return f"{NOW} + {lasts}" if e.value == running else f"{NOW} - 1"
        case Read():
            return names(e)
        case Ite():
            branches = [assigned(f, branch, names, lasts) for branch in (e.then, e.other)]
            other = "" if branches[1] == "NULL" else f" ELSE {branches[1]}"
            return f"CASE WHEN {value(e.condition, names)} THEN {branches[0]}{other} END"
    raise AssertionError(type(e))


def called(t: type[Timer], column: str, now: str) -> str:
    """Return what a timer is called at a moment, as SQL."""
    off, running, over = map(quoted, phases(t))
    if column == "NULL":
        return off
    runs = f"WHEN {column} > {now} THEN {running}"
    return f"CASE {runs} WHEN {column} IS NULL THEN {off} ELSE {over} END"


def _sql(e: Expr, names: Name, outer: int, words: bool = False) -> str:
    def at(inside: Expr, strength: int) -> str:
        return _sql(inside, names, strength, words)

    match e:
        case Const(value=bool(truth)):
            text, strength = str(truth).upper(), _TIGHT
        case Const():
            text, strength = quoted(e.value) if isinstance(e.value, str) else str(e.value), _TIGHT
        case NoneOf():
            text, strength = "NULL", _TIGHT
        case Read() | Var() | Bound():
            text, strength = names(e), _TIGHT
        case Not(Equal() as same) if not words and is_timer(same.left.type):
            text, strength = _stands(same, names, at, negated=True), _EQUAL
        case Equal() if not words and is_timer(e.left.type):
            text, strength = _stands(e, names, at, negated=False), _EQUAL
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
        case Exists(body=Equal(Read() as slot, wanted)):
            # Each name in it is of that row.
            having = f"{identifier(slot.field.name)} = {at(wanted, _SUM)}"
            table = table_name(sort_of(slot.field))
            text, strength = f"EXISTS (SELECT 1 FROM {table} WHERE {having})", _TIGHT
        case Quantifier():
            raise AssertionError("a view has no quantifiers but those that ask for a slot")
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


# ---------------------------------------------------------------- timers
def _stands(e: Equal, names: Name, at: Callable[[Expr, int], str], negated: bool) -> str:
    """Return whether a timer stands as another one, or as it is called."""
    assert is_timer(e.left.type)
    off, running, _ = phases(e.left.type)
    place, said = (e.right, e.left) if isinstance(e.left, Const) else (e.left, e.right)
    if not (isinstance(place, Read) and isinstance(said, Const)):
        left, right = (_called(side, names, at) for side in (e.left, e.right))
        return f"{left} {'<>' if negated else '='} {right}"
    if said.value == off:
        return f"{names(place)} IS {'NOT ' if negated else ''}NULL"
    sign = ">" if said.value == running else "<="
    return f"{names(place)} {sign} {NOW} IS {'NOT ' if negated else ''}TRUE"


def _called(e: Expr, names: Name, at: Callable[[Expr, int], str]) -> str:
    """Return what a timer is called now, as SQL."""
    match e:
        case Const(value=str(name)):
            return quoted(name)
        case Read() if is_timer(e.type):
            return called(e.type, names(e), NOW)
        case Ite():
            then, other = (_called(branch, names, at) for branch in (e.then, e.other))
            return f"CASE WHEN {at(e.condition, _LOOSE)} THEN {then} ELSE {other} END"
    raise AssertionError(type(e))


def needs_clock(e: Expr) -> bool:
    """Return whether it takes a clock to say whether a condition holds."""
    return any(
        isinstance(part, Equal)
        and is_timer(part.left.type)
        and not any(
            isinstance(side, Const) and side.value == phases(part.left.type)[0]
            for side in (part.left, part.right)
        )
        for part in walk(e)
    )


# ---------------------------------------------------------------- values
def encode(t: Type, v: Value) -> int | str | None:
    """Return a value as SQLite stores it; element 0 of a sort, called `job1`, has the id 1. A timer
    is over since 0 or runs until 1, as by a clock that stands still at 0.
    """
    if is_timer(t):
        return dict(zip(phases(t), (None, 1, 0), strict=True))[str(v)]
    if v is None or isinstance(v, str):
        return v
    return int(v) + 1 if is_sort(t) else int(v)


def is_odd(t: Type) -> bool:
    """Return whether SQLite stores values of a type otherwise than the spec has them."""
    return t is bool or is_sort(t) or is_timer(t)


def decode(t: Type, v: Any, now: int = 0) -> Value:
    """Return a stored value as the spec has it at a moment."""
    if is_timer(t):
        off, running, over = phases(t)
        return off if v is None else running if v > now else over
    if v is None or isinstance(v, str):
        return v
    if is_sort(t):
        return int(v) - 1
    return bool(v) if t is bool else int(v)
