"""Why an expression has the value it has: the smallest parts that decide it, and what they read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spec.language.evaluate import Binding, Evaluator
from spec.language.scope import State, Value, value_name
from spec.language.terms.expr import (
    And,
    Bound,
    Const,
    Count,
    Equal,
    Exists,
    Expr,
    Implies,
    NoneOf,
    Not,
    Or,
    Quantifier,
    Read,
    Var,
)
from spec.language.terms.tree import children, substitute, walk


@dataclass(frozen=True)
class Why:
    """A state, and the state after it, in which expressions are explained."""

    evaluator: Evaluator
    before: State
    after: State

    def value(self, e: Expr, env: Binding) -> Value:
        """Return the value of the expression here."""
        value: Value = self.evaluator.meaning(e, env)(self.before, self.after)
        return value

    def reasons(self, e: Expr, env: Binding, value: bool) -> Iterator[str]:
        """Yield the parts that make the expression have this value, each with what was read."""
        match e:
            case Not(And() | Or() | Implies() | Quantifier() | Not() | Read() as body):
                yield from self.reasons(body, env, not value)
            case And() | Or():
                # The value of the whole is that of each side, or one side is enough.
                sides = [s for s in (e.left, e.right) if bool(self.value(s, env)) == value]
                both = isinstance(e, And) == value
                for side in sides if both else sides[:1] if value else sides:
                    yield from self.reasons(side, env, value)
            case Implies() if not value:
                yield from self.reasons(e.left, env, True)
                yield from self.reasons(e.right, env, False)
            case Implies():
                left = bool(self.value(e.left, env))
                yield from self.reasons(e.right if left else e.left, env, left)
            case Quantifier() if isinstance(e, Exists) == value:
                yield from self.reasons(e.body, self.witness(e, env, value), value)
            case _:
                yield self._leaf(e, env, value)

    def witness(self, e: Quantifier, env: Binding, value: bool) -> Binding:
        """Return the choice of a quantifier's variable that decides it."""
        for choice in self.evaluator.scope.choices(e.var.type):
            chosen = {**env, e.var.name: choice}
            if bool(self.value(e.body, chosen)) == value:
                return chosen
        raise AssertionError(e)

    def _leaf(self, e: Expr, env: Binding, value: bool) -> str:
        text = f"{'true: ' if value else 'false:'} {self.named(e, env)}"
        seen = dict(self.readings(e, env))
        read = e.left if isinstance(e, Equal) and isinstance(e.right, Const | NoneOf) else e
        if isinstance(read, Read) and (read is e or value):
            # The text has said it.
            seen.pop(self._place(read, env), None)
        return text + ("".join(f", {place} = {word}" for place, word in seen.items()))

    def named(self, e: Expr, env: Binding) -> Expr:
        """Return the expression with its variables replaced by the names of what they stand for."""
        names: dict[str, Expr] = {}
        for part in walk(e):
            if isinstance(part, Var) and part.name in env:
                names[part.name] = Var(value_name(part.type, env[part.name]), part.type)
        return substitute(e, names)

    def _place(self, e: Read, env: Binding) -> str:
        """Return the place that is read, with the element that its index stands for here."""
        name = e.field.name + ("'" if e.after else "")
        return name if e.index is None else f"{name}[{self._text(e.index, env)}]"

    def _text(self, e: Expr, env: Binding) -> str:
        return value_name(e.type, self.value(e, env))

    def readings(self, e: Expr, env: Binding) -> Iterator[tuple[str, str]]:
        """Yield what is read inside the expression, innermost first, with its value here."""
        match e:
            case Quantifier():
                for choice in self.evaluator.scope.choices(e.var.type):
                    yield from self.readings(e.body, {**env, e.var.name: choice})
                if isinstance(e, Count):
                    yield str(self.named(e, env)), self._text(e, env)
                return
            case Bound():
                yield e.name, str(self.value(e, env))
            case Read():
                if e.index is not None:
                    yield from self.readings(e.index, env)
                yield self._place(e, env), self._text(e, env)
                return
        for child in children(e):
            yield from self.readings(child, env)
