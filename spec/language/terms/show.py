"""Expressions as text, in the symbols the spec is written in."""

from __future__ import annotations

from spec.language.terms.expr import (
    Add,
    And,
    Bound,
    Const,
    Count,
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
    Quantifier,
    Read,
    Subtract,
    Var,
)

# Python's own binding strength, so that what is printed can be pasted back.
_LOOSE, _COMPARE, _OR, _AND, _SHIFT, _SUM, _TIGHT = range(7)


def show(e: Expr) -> str:
    """Return the expression as the spec would write it."""
    return _show(e, _LOOSE)


def _show(e: Expr, outer: int) -> str:
    match e:
        case Const():
            return str(e.value)
        case NoneOf():
            return "none"
        case Bound() | Var():
            return e.name
        case Read():
            name = e.field.name + ("'" if e.after else "")
            return name if e.index is None else f"{name}[{show(e.index)}]"
        case Not(Equal() as inner):
            return _binary(inner.left, "!=", inner.right, _COMPARE, outer)
        case Not():
            return f"~{_show(e.body, _TIGHT)}"
        case And():
            return _binary(e.left, "&", e.right, _AND, outer)
        case Or():
            return _binary(e.left, "|", e.right, _OR, outer)
        case Implies():
            # Python binds it tighter than &, readers do not: inside anything else it has brackets.
            return _binary(e.left, ">>", e.right, _SHIFT, outer and _TIGHT)
        case Equal():
            return _binary(e.left, "==", e.right, _COMPARE, outer)
        case Less():
            return _binary(e.left, "<", e.right, _COMPARE, outer)
        case LessEqual():
            return _binary(e.left, "<=", e.right, _COMPARE, outer)
        case Add():
            return _binary(e.left, "+", e.right, _SUM, outer)
        case Subtract():
            return _binary(e.left, "-", e.right, _SUM, outer)
        case Ite():
            return f"ite({show(e.condition)}, {show(e.then)}, {show(e.other)})"
        case Quantifier():
            word = {ForAll: "forall", Exists: "exists", Count: "count"}[type(e)]
            return f"{word}({e.var.type.__name__}, lambda {e.var.name}: {show(e.body)})"  # type: ignore[union-attr]
    raise AssertionError(type(e))


def _binary(left: Expr, symbol: str, right: Expr, strength: int, outer: int) -> str:
    text = f"{_show(left, strength)} {symbol} {_show(right, strength + 1)}"
    return f"({text})" if outer > strength or (outer == strength == _COMPARE) else text
