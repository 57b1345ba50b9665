"""The spec in SMT-LIB 2: sorts without a size, functions for fields, formulas for expressions.

A state is one function for each field. The state after a step is not a second set of functions:
reading a field after the step is printed as the value that the step's updates give it, so that no
axiom says what stays the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from checker.prove.solvers.counts import Counts
from spec.language.declared.model import Action, Spec
from spec.language.misuse import Misuse
from spec.language.terms.expr import (
    Add,
    And,
    Binary,
    Bound,
    Const,
    Count,
    Equal,
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
from spec.language.terms.tree import rebuild, walk
from spec.language.terms.types import Enum, Nat, Sort, Type, is_enum, is_sort

Names = Mapping[str, str]
"""The symbol that stands for each variable."""

_SYMBOLS: dict[type[Expr], str] = {
    And: "and",
    Or: "or",
    Implies: "=>",
    Equal: "=",
    Less: "<",
    LessEqual: "<=",
    Add: "+",
    Subtract: "-",
}


@dataclass(frozen=True)
class Taken:
    """A step: an action, and the symbols that its parameters are given."""

    action: Action
    names: Names


class Smt:
    """Prints the declarations and expressions of one spec."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.enums = _enums(spec)
        # Asked for at every read: to work them out takes longer than to print them.
        self.updates = cache(lambda action: action.updates(spec))
        self.optional = {f.type for f in spec.fields.values() if is_sort(f.type)}
        self.counts = Counts(self, spec)
        known: dict[str, object] = {}
        for kind in (*spec.sorts, *self.enums):
            if known.setdefault(kind.__name__, kind) is not kind:
                raise Misuse(f"two types are called '{kind.__name__}'", "rename one of them")

    # ---------------------------------------------------------------- declarations
    def declarations(self) -> list[str]:
        """Return what every text begins with: types, constants, fields, and what none reads as."""
        lines = [f"(declare-sort {sort.__name__} 0)" for sort in self.spec.sorts]
        for enum in self.enums:
            members = " ".join(f"({enum.__name__}.{m})" for m in self.spec.members(enum))
            lines.append(f"(declare-datatypes (({enum.__name__} 0)) (({members})))")
        for bound in self.spec.constants.values():
            lines.append(f"(declare-const {bound.name} Int)")
            lines.append(f"(assert (>= {bound.name} {bound.least}))")
        for sort in self.spec.sorts:
            lines.append(f"(declare-const a.{sort.__name__} {sort.__name__}) ; there is one")
            if sort in self.optional:
                lines.append(f"(declare-const no.{sort.__name__} {sort.__name__})")
                lines.append(f"(assert {self.element(f'a.{sort.__name__}', sort)})")
        for f in self.spec.fields.values():
            over = "" if f.over is None else f.over.__name__
            lines.append(f"(declare-fun {_symbol(f.name, f.over)} ({over}) {_type(f.type)})")
            if f.over in self.optional:
                none = f"({_symbol(f.name, f.over)} no.{over})"
                lines.append(f"(assert (= {none} {self.term(f.initial, {})}))")
        return [*lines, *self.counts.declarations()]

    def kind(self, t: Type) -> str:
        """Return the name of a type."""
        return _type(t)

    def element(self, symbol: str, t: Type) -> str:
        """Return the condition that a symbol of this type is not none."""
        return f"(not (= {symbol} no.{_type(t)}))" if t in self.optional else "true"

    def parameters(self, params: Iterable[Var], prefix: str) -> tuple[list[str], dict[str, str]]:
        """Return the declaration of a constant for each parameter, none excluded, and its
        symbol.
        """
        lines, names = [], {}
        for p in params:
            names[p.name] = f"{prefix}.{p.name}"
            lines.append(f"(declare-const {names[p.name]} {_type(p.type)})")
            if p.type in self.optional:
                lines.append(f"(assert {self.element(names[p.name], p.type)})")
        return lines, names

    # ---------------------------------------------------------------- formulas
    def closed(self, params: Iterable[Var], body: Expr, step: Taken | None = None) -> str:
        """Return the formula that the body is true for all parameters."""
        for p in reversed(tuple(params)):
            body = ForAll(p, body)
        return self.term(body, {}, step)

    def term(self, e: Expr, names: Names, step: Taken | None = None) -> str:
        """Return the expression; `step` is the step that reads after it see."""
        match e:
            case Const():
                if isinstance(e.value, bool):
                    return "true" if e.value else "false"
                return f"{_type(e.type)}.{e.value}" if is_enum(e.type) else str(e.value)
            case NoneOf():
                return f"no.{_type(e.type)}"
            case Bound():
                return e.name
            case Var():
                return names[e.name]
            case Read():
                return self._read(e, names, step)
            case Not():
                return f"(not {self.term(e.body, names, step)})"
            case Ite():
                parts = (self.term(p, names, step) for p in (e.condition, e.then, e.other))
                return f"(ite {' '.join(parts)})"
            case Count():
                return self.counts.term(e, names, step)
            case Quantifier():
                return self._quantified(e, names, step)
            case Binary():
                left, right = (self.term(side, names, step) for side in (e.left, e.right))
                return f"({_SYMBOLS[type(e)]} {left} {right})"
        raise AssertionError(type(e))

    def _quantified(self, e: Quantifier, names: Names, step: Taken | None) -> str:
        symbol = f"?{e.var.name}"
        body = self.term(e.body, {**names, e.var.name: symbol}, step)
        if e.var.type in self.optional:
            some = self.element(symbol, e.var.type)
            body = f"(=> {some} {body})" if isinstance(e, ForAll) else f"(and {some} {body})"
        word = "forall" if isinstance(e, ForAll) else "exists"
        return f"({word} (({symbol} {_type(e.var.type)})) {body})"

    def _read(self, e: Read, names: Names, step: Taken | None) -> str:
        symbol = _symbol(e.field.name, e.field.over)
        index = None if e.index is None else self.term(e.index, names, step)
        value = symbol if index is None else f"({symbol} {index})"
        if not e.after:
            return value
        assert step is not None, f"nothing is read after a step here: {e}"
        for u in self.updates(step.action):
            if u.field is not e.field:
                continue
            new = self.term(u.value, step.names)
            at = None if u.index is None else self.term(u.index, step.names)
            value = new if at == index else f"(ite (= {index} {at}) {new} {value})"
        return value


def ascii_only(text: str) -> str:
    """Return the text with each character that SMT-LIB does not know written by its number."""
    if text.isascii():
        return text
    return "".join(c if c.isascii() else f"~{ord(c):x}~" for c in text)


def as_named(symbol: str) -> str:
    """Return a symbol as the spec writes it."""
    return re.sub(r"~([0-9a-f]+)~", lambda found: chr(int(found[1], 16)), symbol)


def after(e: Expr) -> Expr:
    """Return the expression with every read made after the step."""
    if isinstance(e, Read):
        return Read(e.field, None if e.index is None else after(e.index), True)
    return rebuild(e, after)


def _enums(spec: Spec) -> tuple[type[Enum], ...]:
    """Return the enums that the spec uses, in order of first use."""
    used: dict[type[Enum], None] = {}
    for t in (f.type for f in spec.fields.values()):
        if is_enum(t):
            used[t] = None
    for params, wholes in _formulas(spec):
        variables = [e for whole in wholes for e in walk(whole) if isinstance(e, Const | Var)]
        bound = [e.var for whole in wholes for e in walk(whole) if isinstance(e, Quantifier)]
        for t in (e.type for e in (*params, *variables, *bound)):
            if is_enum(t):
                used[t] = None
    return tuple(used)


def _formulas(spec: Spec) -> Iterable[tuple[tuple[Var, ...], list[Expr]]]:
    for action in spec.actions.values():
        updates = [e for u in action.updates(spec) for e in (u.value, u.index) if e is not None]
        yield action.params, [*(g.condition for g in action.guards), *updates]
    for p in spec.properties.values():
        yield p.params, list(p.bodies)


def _symbol(field: str, over: type[Sort] | None) -> str:
    # With the sort in front no field is called as a word of SMT-LIB is.
    return f"{'all' if over is None else over.__name__}.{field}"


def _type(t: Type) -> str:
    if isinstance(t, Nat):
        return "Int"
    return "Bool" if t is bool else t.__name__
