"""Evaluates a spec over states that say only what differs from the beginning.

Places are numbers: those of a field begin at its start, one for each element. Parameters are part
of the state, so that what is asked is made once and not once for each element.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spec.language.evaluate import Binding, Evaluator, Meaning
from spec.language.scope import Scope, Value
from spec.language.terms.expr import Count, Expr, ForAll, Quantifier, Read, Var
from spec.language.terms.types import Sort, Type, is_sort

BITS = 40
"""Elements of a field are numbered up to here."""

Changes = Mapping[int, tuple[Value, Value]]
"""What a step changes: each position with the value before and after."""


class Now(dict[Any, Any]):
    """Values by position, where they differ from the initial ones; parameters by name."""

    def __init__(self, initial: list[Value]) -> None:
        self.initial = initial

    def __missing__(self, at: int) -> Value:
        return self.initial[at >> BITS]


class Before(dict[Any, Any]):
    """The same as it was before a step."""

    def __init__(self, now: Now, changes: Changes) -> None:
        super().__init__((at, old) for at, (old, _) in changes.items())
        self.now = now

    def __missing__(self, at: Any) -> Value:
        value: Value = self.now[at]
        return value


class Unbounded(Evaluator):
    """Reads parameters from the state; a quantifier tries the elements that are `near`."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.start = {name: n << BITS for n, name in enumerate(scope.spec.fields)}
        self.near: Mapping[type[Sort], set[int]] = {}

    def meaning(self, e: Expr, env: Binding) -> Meaning:
        """Return the expression as a function of the state before and after a step."""
        match e:
            case Var():
                name: Any = e.name
                return lambda s, t: s[name]
            case Quantifier():
                return self._quantifier(e, env)
        return super().meaning(e, env)

    def _read(self, e: Read, env: Binding) -> Meaning:
        start, after = self.start[e.field.name], e.after
        if e.index is None:
            return (lambda s, t: t[start]) if after else (lambda s, t: s[start])
        if isinstance(e.index, Var):  # never none
            name: Any = e.index.name
            if after:
                return lambda s, t: t[start + s[name]]
            return lambda s, t: s[start + s[name]]
        index, initial = self.meaning(e.index, env), self.meaning(e.field.initial, env)

        def through(s: Any, t: Any) -> Any:
            element = index(s, t)
            if element is None:
                return initial(s, t)
            return (t if after else s)[start + element]

        return through

    def _quantifier(self, e: Quantifier, env: Binding) -> Meaning:
        assert not isinstance(e, Count), f"what is not near counts as well: {e}"
        body, name, every = self.meaning(e.body, env), e.var.name, isinstance(e, ForAll)

        def ask(s: Any, t: Any) -> bool:
            outer = s.get(name)
            try:
                for value in self.choices(e.var.type):
                    s[name] = value
                    if bool(body(s, t)) is not every:
                        return not every
                return every
            finally:
                if outer is None:
                    s.pop(name, None)
                else:
                    s[name] = outer

        return ask

    def choices(self, t: Type) -> list[Value]:
        """Return the values that a quantifier tries: of a sort, the elements that are near."""
        return list(self.near.get(t, ())) if is_sort(t) else self.scope.choices(t)
