"""The types of the language: sorts, enums, timers, truth values and bounded naturals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard, cast

from spec.language.misuse import Misuse, near

if TYPE_CHECKING:
    from spec.language.terms.expr import Expr


class Sort:
    """A set of interchangeable things, such as jobs: subclass it; a scope says how many there are.

    A field or parameter of a sort names one element. A field may also be none; a parameter never
    is.
    """


class _EnumMeta(type):
    """Turns the members of an `Enum` into constants of the language."""

    members: dict[str, str]

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _EnumMeta:
        members = {k: v for k, v in body.items() if not k.startswith("_")}
        rest = {k: v for k, v in body.items() if k.startswith("_")}
        cls = super().__new__(mcs, name, bases, rest)
        cls.members = members
        return cls

    def __getattr__(cls, name: str) -> Expr:
        from spec.language.terms.expr import Const

        if name.startswith("_"):
            raise AttributeError(name)
        if name not in cls.members:
            raise Misuse(f"{cls.__name__} has no member '{name}'", near(name, cls.members))
        return Const(name, cast(type[Enum], cls))


class Enum(metaclass=_EnumMeta):
    """A list of values: subclass it; each member is its name and one line that says what it means.

    `members` are its own: a spec has more if a module adds some, so ask `Spec.members`.
    """


class _TimerMeta(_EnumMeta):
    """Holds each `Timer` to its three members."""

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> None:
        super().__init__(name, bases, body)
        if bases != (Enum,) and len(cls.members) != 3:
            raise Misuse(
                f"timer {name} has {len(cls.members)} members",
                "name three, in this order: it is off, it runs, it is over",
            )


class Timer(Enum, metaclass=_TimerMeta):
    """An enum of three members, in this order: the timer is off, it runs, it is over. A step starts
    it and switches it off; that it runs out is an action of its own, see `Spec.elapse`.
    """


class Nat:
    """A natural number: 0 to `limit` in a scope, where leaving the range is a violation; unbounded
    in a proof.
    """

    def __init__(self, limit: Expr | int) -> None:
        self.limit = limit


Type = type[bool] | type[Enum] | type[Sort] | Nat

NUMBER = Nat(0)
"""The type of arithmetic itself; only fields have limits."""


def is_sort(t: Any) -> TypeGuard[type[Sort]]:
    """Return whether `t` is a sort."""
    return isinstance(t, type) and issubclass(t, Sort)


def is_enum(t: Any) -> TypeGuard[type[Enum]]:
    """Return whether `t` is an enum."""
    return isinstance(t, type) and issubclass(t, Enum)


def is_timer(t: Any) -> TypeGuard[type[Timer]]:
    """Return whether `t` is a timer."""
    return isinstance(t, type) and issubclass(t, Timer)


def phases(t: type[Timer]) -> tuple[str, str, str]:
    """Return what a timer calls it to be off, to run, and to be over."""
    off, running, over = t.members
    return off, running, over


def is_type(t: Any) -> bool:
    """Return whether `t` is a type of the language."""
    return t is bool or is_sort(t) or is_enum(t) or isinstance(t, Nat)


def type_name(t: Type) -> str:
    """Return the name of a type as messages print it."""
    if isinstance(t, Nat):
        return "a number"
    return "a truth value" if t is bool else t.__name__


def same_type(a: Type, b: Type) -> bool:
    """Return whether values of both types may be compared; all numbers may."""
    return a is b or (isinstance(a, Nat) and isinstance(b, Nat))
