"""A scope: a spec with every bound chosen, so that its states can be counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from spec.language.declared.model import Field, Spec
from spec.language.misuse import Misuse, near
from spec.language.terms.expr import Add, Bound, Const, Expr, Subtract, Var
from spec.language.terms.types import Nat, Sort, Type, is_enum, is_sort

Value = bool | int | str | None
"""A truth value; a number, or an element of a sort counted from 0; the name of an enum member;
none.
"""

State = tuple[Value, ...]
"""One value for each place of the scope, in the order of `Scope.places`."""


@dataclass(frozen=True)
class Place:
    """One variable of a state: a field, and the element it belongs to if the field is kept per
    element.
    """

    field: Field
    element: int | None

    @property
    def name(self) -> str:
        """How traces call it: `status[job1]`."""
        f = self.field
        return f.name if f.over is None else f"{f.name}[{element_name(f.over, self.element)}]"


@dataclass(frozen=True)
class Scope:
    """A name, a spec, how many elements each sort has and what each constant is, by name."""

    name: str
    spec: Spec
    bounds: Mapping[str, int]
    doc: str = ""

    def __post_init__(self) -> None:
        wanted = {sort.__name__: 1 for sort in self.spec.sorts}
        wanted |= {name: bound.least for name, bound in self.spec.constants.items()}
        for name in self.bounds:
            if name not in wanted:
                raise Misuse(f"scope {self.name} bounds the unknown '{name}'", near(name, wanted))
        for name, least in wanted.items():
            if self.bounds.get(name, least - 1) < least:
                given = self.bounds.get(name, "missing")
                raise Misuse(f"scope {self.name}: {name} is {given}", f"give it at least {least}")

        for f in self.spec.fields.values():
            if isinstance(f.type, Nat) and self.number(f.initial) > self.limit(f.type):
                fact = f"{f.name} begins at {f.initial}, above its limit {f.type.limit}"
                raise Misuse(f"scope {self.name}: {fact}", "begin lower, or raise the limit")

    def size(self, sort: type[Sort]) -> int:
        """Return how many elements the sort has."""
        return self.bounds[sort.__name__]

    def limit(self, t: Nat) -> int:
        """Return the largest number a field of this type may hold."""
        return self.number(t.limit)

    def number(self, e: Expr | int) -> int:
        """Return the value of an expression over constants alone."""
        match e:
            case int():
                return e
            case Const(value=int(value)):
                return value
            case Bound():
                return self.bounds[e.name]
            case Add():
                return self.number(e.left) + self.number(e.right)
            case Subtract():
                return self.number(e.left) - self.number(e.right)
        raise Misuse(f"the limit `{e}` is not a constant", "use numbers, constants, + and -")

    def choices(self, t: Type) -> list[Value]:
        """Return the values a parameter or variable of this type ranges over."""
        if is_sort(t):
            return list(range(self.size(t)))
        if is_enum(t):
            return list(self.spec.members(t))
        return [False, True]

    def bindings(self, params: tuple[Var, ...]) -> Iterator[dict[str, Value]]:
        """Yield every choice of the parameters."""
        for values in itertools.product(*(self.choices(p.type) for p in params)):
            yield {p.name: value for p, value in zip(params, values, strict=True)}

    @cached_property
    def places(self) -> list[Place]:
        """The variables of a state, field by field in the order declared."""
        return [
            Place(f, element)
            for f in self.spec.fields.values()
            for element in ([None] if f.over is None else range(self.size(f.over)))
        ]

    def on(self, spec: Spec) -> Scope:
        """Return this scope on an edited spec; a sort or constant the edit brings in gets its least
        bound.
        """
        least = {sort.__name__: 1 for sort in spec.sorts}
        least |= {name: bound.least for name, bound in spec.constants.items()}
        bounds = {name: self.bounds.get(name, least[name]) for name in least}
        return Scope(self.name, spec, bounds, self.doc)


def element_name(sort: type[Sort], element: Value) -> str:
    """Return how an element is called in traces and exports: Job 0 is `job1`."""
    return "none" if element is None else f"{sort.__name__.lower()}{int(element) + 1}"


def value_name(t: Type, value: Value) -> str:
    """Return a value as traces print it."""
    if is_sort(t):
        return element_name(t, value)
    if t is bool:
        return "true" if value else "false"
    return str(value)


def show_binding(params: tuple[Var, ...], binding: Mapping[str, Value]) -> str:
    """Return the arguments of a step as traces print them: `worker1, job2`."""
    return ", ".join(value_name(p.type, binding[p.name]) for p in params)
