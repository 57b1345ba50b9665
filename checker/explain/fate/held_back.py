"""Why a step is refused in one state, of which no run is known, and what would make it possible."""

from __future__ import annotations

from dataclasses import dataclass

from checker.explain.fate.enabling import Enabled, enabling, possible_when, said
from checker.explain.moves import REFERENCE, refusals
from checker.runs.exploration import Limits
from checker.runs.why import Why
from spec.language.evaluate import Evaluator, Instance
from spec.language.scope import State
from spec.language.terms.expr import Equal, Expr, NoneOf, Not


@dataclass(frozen=True)
class Refusing:
    """A guard that is false: its name, its condition with names for variables, and what it read."""

    guard: str
    condition: str
    read: tuple[str, ...]


@dataclass(frozen=True)
class HeldBack:
    """The guards that refuse a step, in their order, and the fewest steps that make it possible,
    None if none do or none are known; `said`: the same in words.
    """

    by: tuple[Refusing, ...]
    freed: tuple[Instance, ...] | None
    said: str


def held_back(evaluator: Evaluator, state: State, instance: Instance, limits: Limits) -> HeldBack:
    """Return what holds a step back in a state; nothing does if it is possible.

    `limits`: of the search of the whole scope, where the states nearest do not settle it.
    """
    action, binding = instance.step.action, instance.step.binding
    why = Why(evaluator, state, state)
    conditions: dict[str, tuple[Expr, ...]] = {g.name: (g.condition,) for g in action.guards}
    followed = action.references(evaluator.scope.spec)
    conditions[REFERENCE] = tuple(Not(Equal(r, NoneOf(r.type))) for r in followed)
    by = []
    for name in refusals(instance, state):
        false = [e for e in conditions[name] if not why.value(e, binding)]
        read = [f"{place} = {value}" for e in false for place, value in why.readings(e, binding)]
        text = " & ".join(str(why.named(e, binding)) for e in false)
        by.append(Refusing(name, text, tuple(dict.fromkeys(read))))
    whole = possible_when(evaluator.scope, instance)
    outcome = enabling(evaluator, state, whole, binding, limits)
    freed = outcome.steps if isinstance(outcome, Enabled) else None
    return HeldBack(tuple(by), freed, said(outcome, "possible"))
