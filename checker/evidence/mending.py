"""The queue with the repairs of one failure mode as actions, and a place for what is set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

from checker.evidence import traces
from impl.derive.design import derive
from impl.derive.tables import of_one_row
from spec.failures import FailureMode
from spec.failures.repairs import REPAIRS, SHOWS
from spec.language import Enum, Spec, require
from spec.language.declared.model import Field, Property
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope, State, Value
from spec.language.terms.expr import And, Const, Expr, Ite, Not, Or, Var
from spec.language.terms.tree import substitute
from spec.language.terms.types import Sort
from spec.queue.job import Job

ASIDE = "set_aside"


@dataclass(frozen=True)
class Mending:
    """The scope with the repairs, by name, and where it has what is set aside."""

    scope: Scope
    repairs: tuple[str, ...]
    columns: tuple[Field, ...]
    sort: type[Sort]

    def begin(self, state: State) -> State:
        """Return a state of the healthy scope with nothing set aside."""
        return (*state, *("none" for _ in range(self.scope.size(self.sort))))

    def is_aside(self, state: State, job: Value) -> bool:
        """Return whether the job is set aside."""
        return state[self._at(ASIDE, job)] != "none"

    def aside(self, state: State) -> bool:
        """Return whether some job is set aside."""
        return any(self.is_aside(state, j) for j in range(self.scope.size(self.sort)))

    def rows(self, state: State) -> dict[int, tuple[Value, ...]]:
        """Return the rows that the store has in this state, what is set aside left out."""
        names = [f.name for f in self.columns if f.name != ASIDE]
        whole = {
            j: tuple(state[self._at(name, j)] for name in names)
            for j in range(self.scope.size(self.sort))
        }
        return {j: row for j, row in whole.items() if self.stored(row)}

    def with_rows(self, state: State, rows: Mapping[int, tuple[Any, ...]]) -> State:
        """Return the state with these rows in the store."""
        names = [f.name for f in self.columns if f.name != ASIDE]
        whole = list(state)
        for j, row in rows.items():
            for name, value in zip(names, row, strict=True):
                whole[self._at(name, j)] = value
        return tuple(whole)

    def stored(self, row: tuple[Value, ...]) -> bool:
        """Return whether a row says anything: one that is as it began may as well not be there."""
        return row != self._blank

    @cached_property
    def _blank(self) -> tuple[Value, ...]:
        initial = Evaluator(self.scope).initial()
        return tuple(initial[self._at(f.name, 0)] for f in self.columns if f.name != ASIDE)

    def _at(self, name: str, job: Value) -> int:
        places = self.scope.places
        first = next(n for n, p in enumerate(places) if p.field.name == name)
        return first + int(job or 0)


def mending(mode: FailureMode) -> Mending:
    """Return the healthy scope of a failure mode with its repairs added."""
    base = traces.healthy(mode.loss)
    spec = Spec(f"mending-{mode.id}", base.spec, doc=f"What is done after {mode.id}.")
    shown = _shown(base)
    why = type("Why", (Enum,), {"none": "it is in the queue"} | {p.name: p.doc for p in shown})
    spec.durable(ASIDE, Job, why, why.none, "the invariant for which it is set aside")  # type: ignore[attr-defined]
    for repair in REPAIRS.get(mode.id, ()):
        spec.action()(repair)
    _add_setting_aside(spec, base.spec, shown, why)
    names = tuple(name for name in spec.actions if name not in base.spec.actions)
    columns = next(t for t in derive(base.on(spec), checks=False).tables if t.sort is Job).columns
    return Mending(base.on(spec), names, columns, Job)


def _shown(base: Scope) -> list[Property]:
    """Return the invariants that a row shows to be broken."""
    (table,) = (t for t in derive(base).tables if t.sort is Job)
    every = base.spec.properties.values()
    return [p for p in every if p.name in SHOWS or of_one_row(p, table)]


def _add_setting_aside(spec: Spec, base: Spec, shown: list[Property], why: Any) -> None:
    if not shown:
        return  # no row shows anything, so none is set aside
    others = [a for name, a in spec.actions.items() if name not in base.actions]

    def set_it_aside(s, j: Job):  # type: ignore[no-untyped-def]
        """A row that breaks an invariant and that no repair mends is set aside."""
        broken: list[Expr] = [
            Not(SHOWS[p.name](s, j) if p.name in SHOWS else _with(p.body, p.params[0], j))
            for p in shown
        ]
        possible = [
            reduce(And, (_with(g.condition, a.params[0], j) for g in a.guards)) for a in others
        ]
        require(kept=s.set_aside[j] == why.none, broken=reduce(Or, broken))
        if possible:
            require(beyond_repair=Not(reduce(Or, possible)))
        reason: Expr = Const("none", why)
        for p, condition in reversed(list(zip(shown, broken, strict=True))):
            reason = Ite(condition, Const(p.name, why), reason)
        s.set_aside[j] = reason

    spec.action()(set_it_aside)


def _with(e: Expr, var: Var, j: Any) -> Expr:
    return substitute(e, {var.name: j})
