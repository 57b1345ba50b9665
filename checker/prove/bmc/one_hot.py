"""The expressions of a scope over yes-or-no variables: what a solver needs that knows of nothing
else.

Every sort is finite here, and every number bounded, so an expression has a few values only. It is
printed as the condition under which it has each of them: no arithmetic is left, and no number can
silently run over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checker.prove.bmc.circuit import NO, YES, Gates, negate
from spec.language.declared.model import Field
from spec.language.evaluate import Binding
from spec.language.scope import Place, Scope, Value
from spec.language.terms.expr import (
    And,
    Binary,
    Bound,
    Const,
    Count,
    Expr,
    ForAll,
    Implies,
    Ite,
    NoneOf,
    Not,
    Or,
    Quantifier,
    Read,
    Var,
)
from spec.language.terms.tree import MEANS
from spec.language.terms.types import Nat, is_sort

Table = Mapping[Value, str]
"""For each value that something can have, the condition under which it has it."""

Tables = Sequence[Table]
"""A state: a table for each place of the scope."""


def domain(scope: Scope, place: Place) -> list[Value]:
    """Return the values that a place can hold."""
    t = place.field.type
    if isinstance(t, Nat):
        return list(range(scope.limit(t) + 1))
    return [None, *scope.choices(t)] if is_sort(t) else scope.choices(t)


class Finite:
    """Prints the expressions of a scope read in one state, and in the state after it."""

    def __init__(self, scope: Scope, gates: Gates, now: Tables, then: Tables = ()) -> None:
        self.scope, self.gates, self.now, self.then = scope, gates, now, then
        self.start: dict[str, int] = {}
        for position, place in enumerate(scope.places):
            self.start.setdefault(place.field.name, position)

    def holds(self, e: Expr, env: Binding) -> str:
        """Return the word for: the condition is true."""
        return self.table(e, env).get(True, NO)

    def table(self, e: Expr, env: Binding) -> Table:
        """Return when the expression has which value, its variables being chosen."""
        match e:
            case Const():
                return {e.value: YES}
            case NoneOf():
                return {None: YES}
            case Bound():
                return {self.scope.bounds[e.name]: YES}
            case Var():
                return {env[e.name]: YES}
            case Read():
                return self._read(e, env)
            case Not():
                return _truth(negate(self.holds(e.body, env)))
            case Ite():
                condition = self.holds(e.condition, env)
                return self.choose(condition, self.table(e.then, env), self.table(e.other, env))
            case Quantifier():
                choices = self.scope.choices(e.var.type)
                each = [self.holds(e.body, {**env, e.var.name: value}) for value in choices]
                if isinstance(e, Count):
                    return self._sum(each)
                every = isinstance(e, ForAll)
                return _truth(self.gates.conj(each) if every else self.gates.disj(each))
            case And() | Or() | Implies():
                return _truth(self._joined(e, self.holds(e.left, env), self.holds(e.right, env)))
            case Binary():
                return self._pairs(e, env)
        raise AssertionError(type(e))

    def choose(self, condition: str, then: Table, other: Table) -> dict[Value, str]:
        """Return one table where the condition holds, the other elsewhere."""
        both = self.gates.conj
        return {
            value: self.gates.disj(
                [
                    both([condition, then.get(value, NO)]),
                    both([negate(condition), other.get(value, NO)]),
                ]
            )
            for value in (*then, *(v for v in other if v not in then))
        }

    def _sum(self, each: Sequence[str]) -> Table:
        """Return when how many of the conditions hold."""
        found: dict[Value, str] = {0: YES}
        for word in each:
            more: Table = {int(n or 0) + 1: when for n, when in found.items()}
            found = self.choose(word, more, found)
        return found

    def _joined(self, e: And | Or | Implies, left: str, right: str) -> str:
        if isinstance(e, And):
            return self.gates.conj([left, right])
        return self.gates.disj([negate(left) if isinstance(e, Implies) else left, right])

    def _pairs(self, e: Binary, env: Binding) -> Table:
        """Return when the operation has which result: when its operands have two values with it."""
        found: dict[Value, list[str]] = {}
        for x, when_x in self.table(e.left, env).items():
            for y, when_y in self.table(e.right, env).items():
                both = self.gates.conj([when_x, when_y])
                found.setdefault(MEANS[type(e)](x, y), []).append(both)
        return {value: self.gates.disj(ways) for value, ways in found.items()}

    def _read(self, e: Read, env: Binding) -> Table:
        state, start = self.then if e.after else self.now, self.start[e.field.name]
        if e.index is None:
            return state[start]
        found: dict[Value, list[str]] = {}
        for element, chosen in self.table(e.index, env).items():
            read = self.initial(e.field) if element is None else state[start + int(element)]
            for value, when in read.items():
                found.setdefault(value, []).append(self.gates.conj([chosen, when]))
        return {value: self.gates.disj(ways) for value, ways in found.items()}

    def initial(self, field: Field) -> Table:
        """Return what the field is at first, which is what it reads as through none."""
        return self.table(field.initial, {})


def _truth(term: str) -> Table:
    return {True: term, False: negate(term)}
