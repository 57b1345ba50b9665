"""Which values an expression can take where little is known: enough to see that a guard is false.

It errs on one side only: what is possible is never left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from impl.derive.tables import Table
from spec.language.declared.model import Action
from spec.language.scope import Scope, Value
from spec.language.terms.expr import (
    Binary,
    Bound,
    Const,
    Expr,
    Ite,
    NoneOf,
    Not,
    Quantifier,
    Read,
    Var,
)
from spec.language.terms.tree import MEANS
from spec.language.terms.types import is_enum

Values = frozenset[Value]
Known = Mapping[str, Values]
"""Fields of a row, by name, of which something is known."""

_EITHER: Values = frozenset({False, True})


def possible(e: Expr, known: Known, bounds: Mapping[str, int]) -> Values | None:
    """Return the values that the expression can take, or None if nothing is known of it."""
    match e:
        case Const():
            return frozenset({e.value})
        case NoneOf():
            return frozenset({None})
        case Bound():
            return frozenset({bounds[e.name]})
        case Read():
            return known.get(e.field.name) or _unknown(e)
        case Var() | Quantifier():
            return _unknown(e)
        case Not():
            return frozenset(not v for v in possible(e.body, known, bounds) or _EITHER)
        case Ite():
            condition = possible(e.condition, known, bounds) or _EITHER
            branches = [e.then] * (True in condition) + [e.other] * (False in condition)
            found = [possible(branch, known, bounds) for branch in branches]
            whole = [values for values in found if values is not None]
            return frozenset().union(*whole) if len(whole) == len(found) else _unknown(e)
        case Binary():
            left, right = possible(e.left, known, bounds), possible(e.right, known, bounds)
            if left is None or right is None:
                return _unknown(e)
            return frozenset(MEANS[type(e)](a, b) for a, b in product(left, right))
    raise AssertionError(type(e))


def _unknown(e: Expr) -> Values | None:
    return _EITHER if e.type is bool else None


# ---------------------------------------------------------------- of a row
def no_row_of(t: Table) -> Known:
    """Return what is known of a row that is not there."""
    return {name: frozenset({v}) for name, v in t.initial.items()}


def some_row_of(scope: Scope, t: Table) -> Known:
    """Return what is known of a row that is there."""
    if t.absent is None or not t.always:
        return {}
    column, absent = t.absent
    kind = next(f.type for f in t.columns if f.name == column)
    return {column: frozenset(scope.spec.members(kind)) - {absent}} if is_enum(kind) else {}


def may(scope: Scope, action: Action, known: Known) -> bool:
    """Whether every guard can be true, as far as is known."""
    return all(can(scope, g.condition, True, known) for g in action.guards)


def can(scope: Scope, e: Expr, truth: bool, known: Known) -> bool:
    """Whether a condition can have this truth."""
    return truth in (possible(e, known, scope.bounds) or ())
