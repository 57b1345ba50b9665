"""Walks over the expression tree that every reader shares: parts, copies, equality of text,
variables.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from spec.language.terms.expr import (
    Add,
    And,
    Binary,
    Bound,
    Const,
    Equal,
    Expr,
    Implies,
    Ite,
    Leaf,
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
from spec.language.terms.types import same_type

MEANS: dict[type[Expr], Callable[[Any, Any], Any]] = {
    And: operator.and_,
    Or: operator.or_,
    Implies: operator.le,  # of truth values
    Equal: operator.eq,
    Less: operator.lt,
    LessEqual: operator.le,
    Add: operator.add,
    Subtract: operator.sub,
}
"""What two parts come to, as values or as arrays of them."""


def children(e: Expr) -> tuple[Expr, ...]:
    """Return the direct sub-expressions."""
    match e:
        case Binary():
            return e.left, e.right
        case Read():
            return () if e.index is None else (e.index,)
        case Leaf():
            return ()
        case Not() | Quantifier():
            return (e.body,)
        case Ite():
            return e.condition, e.then, e.other
    raise AssertionError(type(e))


def walk(e: Expr) -> list[Expr]:
    """Return the expression and everything inside it, outermost first."""
    found = [e]
    for child in children(e):
        found += walk(child)
    return found


def quantified(whole: Iterable[Expr]) -> list[Var]:
    """Return the variables of the quantifiers inside the expressions."""
    return [e.var for one in whole for e in walk(one) if isinstance(e, Quantifier)]


def rebuild(e: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return `e` with `change` applied to each direct sub-expression."""
    match e:
        case Leaf():
            return e
        case Read():
            return e if e.index is None else Read(e.field, change(e.index), e.after, e.version)
        case Not():
            return Not(change(e.body))
        case Binary():
            return type(e)(change(e.left), change(e.right))
        case Ite():
            return Ite(change(e.condition), change(e.then), change(e.other))
        case Quantifier():
            return type(e)(e.var, change(e.body))
    raise AssertionError(type(e))


def alike(a: Expr | None, b: Expr | None) -> bool:
    """Return whether two expressions are the same text; `==` is taken."""
    if a is b:
        return True
    if a is None or b is None or type(a) is not type(b):
        return False
    match a, b:
        case Const(), Const():
            return same_type(a.type, b.type) and a.value == b.value
        case NoneOf(), NoneOf():
            return a.type is b.type
        case Bound(), Bound():
            return a.name == b.name
        case Var(), Var():
            return a.name == b.name and a.type is b.type
        case Read(), Read():
            same = a.field.name == b.field.name and a.after == b.after and a.version == b.version
            return same and alike(a.index, b.index)
        case Quantifier(), Quantifier():
            return alike(a.var, b.var) and alike(a.body, b.body)
    return all(alike(x, y) for x, y in zip(children(a), children(b), strict=True))


def substitute(e: Expr, values: dict[str, Expr]) -> Expr:
    """Return `e` with free variables replaced by name."""
    if isinstance(e, Var):
        return values.get(e.name, e)
    if isinstance(e, Quantifier):
        inner = {name: value for name, value in values.items() if name != e.var.name}
        return type(e)(e.var, substitute(e.body, inner))
    return rebuild(e, lambda child: substitute(child, values))


def folded(e: Expr) -> Expr:
    """Return `e` without the choices that are made already, for they are between constants."""
    e = rebuild(e, folded)
    match e:
        case Equal(left=Const(value=a), right=Const(value=b)):
            return Const(a == b, bool)
        case Equal(left=Ite(condition, Const(value=a), Const(value=b)), right=Const(value=one)):
            if (a == one) != (b == one):
                return condition if a == one else Not(condition)
        case Ite(condition=Const(value=truth)):
            return e.then if truth else e.other
    return e


def free_variables(e: Expr) -> dict[str, Var]:
    """Return the variables that no quantifier inside `e` binds."""
    if isinstance(e, Var):
        return {e.name: e}
    found: dict[str, Var] = {}
    for child in children(e):
        found |= free_variables(child)
    if isinstance(e, Quantifier):
        found.pop(e.var.name, None)
    return found
