"""Typed expressions: the one tree that every reader of the spec folds over.

There are seventeen kinds of node. A reader handles each of them or raises; the tree knows none of
its readers. `==` builds a node, so Python's own `and`, `or`, `not`, `if` and `in` would silently
lose half of a condition: they raise instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from spec.language.misuse import Misuse
from spec.language.terms.types import (
    NUMBER,
    Enum,
    Sort,
    Type,
    is_enum,
    is_sort,
    same_type,
    type_name,
)

if TYPE_CHECKING:
    from spec.language.declared.model import Field


class Expr:
    """A value that is not known yet; combine with & | ~ >> == != < <= > >= + - and `is_in`."""

    type: Type

    def __bool__(self) -> bool:
        raise Misuse(
            f"`{self}` is an expression, not a fact, so Python's if, and, or, not, in "
            "and a < b < c cannot see it",
            "combine with & | ~ >> and .is_in(...), choose with ite(...), or write two actions",
        )

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]  # builds a node
        return Equal(self, lift(other, self.type, f"== {other}"))

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]  # builds a node
        return Not(self == other)

    def __lt__(self, other: Any) -> Expr:
        return Less(number(self), number(other))

    def __le__(self, other: Any) -> Expr:
        return LessEqual(number(self), number(other))

    def __gt__(self, other: Any) -> Expr:
        return Less(number(other), number(self))

    def __ge__(self, other: Any) -> Expr:
        return LessEqual(number(other), number(self))

    def __add__(self, other: Any) -> Expr:
        return Add(number(self), number(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Expr:
        return Subtract(number(self), number(other))

    def __rsub__(self, other: Any) -> Expr:
        return Subtract(number(other), number(self))

    def __and__(self, other: Any) -> Expr:
        return And(truth(self), truth(other))

    def __or__(self, other: Any) -> Expr:
        return Or(truth(self), truth(other))

    def __rshift__(self, other: Any) -> Expr:
        """`a >> b`: a implies b."""
        return Implies(truth(self), truth(other))

    def __rand__(self, other: Any) -> NoReturn:
        raise Misuse(
            f"`{other}`, which is no condition, is combined with `{self}`",
            "& | >> bind tighter than ==, so bracket comparisons",
        )

    __ror__ = __rrshift__ = __rand__

    def __getitem__(self, index: Any) -> NoReturn:
        raise Misuse(f"`{self}` is one value", "read and assign it without an index")

    def __setitem__(self, index: Any, value: Any) -> None:
        self.__getitem__(index)

    def __invert__(self) -> Expr:
        return Not(truth(self))

    def is_in(self, *values: Any) -> Expr:
        """Return whether this is one of the values."""
        options = [self == value for value in values]
        if not options:
            raise Misuse("is_in() names no value", "name at least one")
        either: Expr = options[0]
        for option in options[1:]:
            either = either | option
        return either

    def __str__(self) -> str:
        from spec.language.terms.show import show

        return show(self)

    __repr__ = __str__


class Leaf(Expr):
    """What has no parts."""


@dataclass(frozen=True, eq=False, repr=False)
class Const(Leaf):
    """A literal: a truth value, a number or the name of an enum member."""

    value: bool | int | str
    type: Type


@dataclass(frozen=True, eq=False, repr=False)
class NoneOf(Leaf):
    """The absence of an element of a sort."""

    type: Type


@dataclass(frozen=True, eq=False, repr=False)
class Bound(Leaf):
    """A constant whose value the scope gives, such as MaxFails; at least `least`."""

    name: str
    least: int
    doc: str
    type: Type = NUMBER


@dataclass(frozen=True, eq=False, repr=False)
class Var(Leaf):
    """A parameter of an action or property, or the variable of a quantifier."""

    name: str
    type: Type


@dataclass(frozen=True, eq=False, repr=False)
class Read(Expr):
    """The value of a field, of `index` if it is kept per element; `after`: after the step.

    Reading through none gives the field's initial value. `version` counts the assignments that came
    before the read inside its action; it is 0 in everything a reader sees.
    """

    field: Field
    index: Expr | None
    after: bool = False
    version: int = 0

    @property
    def type(self) -> Type:  # type: ignore[override]  # derived
        """The type of the field."""
        return self.field.type


class _Truth(Expr):
    type: Type = bool


class _Number(Expr):
    type: Type = NUMBER


@dataclass(frozen=True, eq=False, repr=False)
class Not(_Truth):
    """Negation."""

    body: Expr


@dataclass(frozen=True, eq=False, repr=False)
class Binary(Expr):
    """Two parts, joined."""

    left: Expr
    right: Expr


class And(Binary, _Truth):
    """Conjunction."""


class Or(Binary, _Truth):
    """Disjunction."""


class Implies(Binary, _Truth):
    """Implication."""


class Equal(Binary, _Truth):
    """Equality of two values of one type; none equals only none."""


class Less(Binary, _Truth):
    """Strictly less, of numbers."""


class LessEqual(Binary, _Truth):
    """Less or equal, of numbers."""


class Add(Binary, _Number):
    """Sum of two integers."""


class Subtract(Binary, _Number):
    """Difference of two integers; may be negative until it is stored in a field."""


@dataclass(frozen=True, eq=False, repr=False)
class Ite(Expr):
    """`then` where the condition holds, `other` elsewhere."""

    condition: Expr
    then: Expr
    other: Expr

    @property
    def type(self) -> Type:  # type: ignore[override]  # derived
        """The type of both branches."""
        return self.then.type


@dataclass(frozen=True, eq=False, repr=False)
class Quantifier(Expr):
    """What is asked of the elements of a sort, or of the values of an enum."""

    var: Var
    body: Expr


class ForAll(Quantifier, _Truth):
    """True of every element of the variable's sort."""


class Exists(Quantifier, _Truth):
    """True of some element of the variable's sort."""


class Count(Quantifier, _Number):
    """Of how many elements of the variable's sort it is true."""


def lift(value: Any, wanted: Type, context: str = "") -> Expr:
    """Return `value` as an expression of type `wanted`, or raise `Misuse`."""
    if isinstance(value, Expr):
        found = value
    elif value is None and is_sort(wanted):
        return NoneOf(wanted)
    elif isinstance(value, bool):
        found = Const(value, bool)
    elif isinstance(value, int):
        found = Const(value, NUMBER)
    else:
        raise Misuse(
            f"{value!r} is not a value of {type_name(wanted)}",
            "write an expression, True, False, a number, an enum member, or None for a reference",
        )
    if not same_type(found.type, wanted):
        fact = f"`{found}` is {type_name(found.type)}, but {type_name(wanted)} is wanted {context}"
        remedy = "use values of one type; & | ~ bind tighter than ==, so bracket comparisons"
        raise Misuse(fact.rstrip(), remedy)
    return found


def number(value: Any) -> Expr:
    """Return `value` as a number, or raise `Misuse`."""
    return lift(value, NUMBER)


def truth(value: Any) -> Expr:
    """Return `value` as a condition, or raise `Misuse`: a plain True is the trace of a lost one."""
    if isinstance(value, bool):
        raise Misuse(
            f"{value} is the same in every state; `is`, `is not` and `in` give such facts",
            "compare with == and .is_in(...)",
        )
    return lift(value, bool)


def ite(condition: Any, then: Any, other: Any) -> Expr:
    """Return `then` if the condition holds, else `other`; at least one of the two must be an
    expression or plain.
    """
    wanted = next((v.type for v in (then, other) if isinstance(v, Expr)), None)
    if wanted is None:
        wanted = bool if isinstance(then, bool) else NUMBER
    return Ite(truth(condition), lift(then, wanted), lift(other, wanted))


def forall(sort: type[Sort] | type[Enum], body: Callable[[Any], Any]) -> Expr:
    """`forall(Worker, lambda w: ...)`: the body is true of every element."""
    return ForAll(*_quantify(sort, body))


def exists(sort: type[Sort] | type[Enum], body: Callable[[Any], Any]) -> Expr:
    """`exists(Worker, lambda w: ...)`: the body is true of some element."""
    return Exists(*_quantify(sort, body))


def count(sort: type[Sort] | type[Enum], body: Callable[[Any], Any]) -> Expr:
    """`count(Worker, lambda w: ...)`: of how many elements the body is true."""
    return Count(*_quantify(sort, body))


names_in_use: list[str] = []
"""Parameters and variables of what is being traced: a second one of the same name would capture the
first.
"""


def _quantify(sort: Any, body: Callable[[Any], Any]) -> tuple[Var, Expr]:
    if not (is_sort(sort) or is_enum(sort)):
        raise Misuse(f"cannot quantify over {sort!r}", "quantify over a sort or an enum")
    names = list(inspect.signature(body).parameters)
    if len(names) != 1:
        raise Misuse(
            f"the body takes {len(names)} variables", "take one; nest quantifiers for more"
        )
    if names[0] in names_in_use:
        raise Misuse(f"the variable '{names[0]}' is already in use here", "choose another name")
    var = Var(names[0], sort)
    names_in_use.append(var.name)
    try:
        return var, truth(body(var))
    finally:
        names_in_use.pop()
