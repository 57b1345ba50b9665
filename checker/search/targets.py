"""The shortest run to each action and to each refusal of a scope, as the explorer finds them.

That something never happens is an invariant, and a run that breaks it leads to where it happens.
What no run leads to is known from every state of the scope, not from having tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from checker.runs.exploration import Report
from checker.search.compiled import explore
from spec.language.declared.model import Action, Property
from spec.language.evaluate import Step
from spec.language.scope import Scope, State
from spec.language.terms.expr import And, Const, Equal, Expr, NoneOf, Not

REFERENCE = "reference"
"""Stands for a guard where a step follows a reference, and that is none."""


@dataclass(frozen=True)
class Target:
    """An action that is possible, or a guard of it that is the first to be false."""

    action: str
    guard: str | None

    @property
    def name(self) -> str:
        """The action, or `action.guard`."""
        return self.action if self.guard is None else f"{self.action}.{self.guard}"


@dataclass(frozen=True)
class Way:
    """A shortest run to a state in which the target is met: its steps, and the state."""

    target: Target
    steps: tuple[Step, ...]
    end: State


@dataclass(frozen=True)
class Ways:
    """A way to each target that can be met in the scope, and how many states it has."""

    found: tuple[Way, ...]
    unreachable: tuple[Target, ...]
    states: int


def ways(scope: Scope, report: Report | None = None) -> Ways:
    """Return a shortest run to each target of the scope."""
    wanted = {
        claim.name: (target, claim)
        for action in scope.spec.actions.values()
        for target, claim in never_met(scope, action)
    }
    never = {name: claim for name, (_, claim) in wanted.items()}
    asked = scope.on(scope.spec.edited("what never happens", properties=never))
    found = explore(asked, report=report, threads=1)  # one thread: the same runs every time
    if found.stopped_by is not None:
        raise MemoryError(f"scope {scope.name}: {found.stopped_by} before every state was found")
    reached, missing = [], []
    for name, (target, _) in wanted.items():
        if name in found.violations:
            walk = found.walk(name)
            reached.append(Way(target, walk.steps, walk.states[-1]))
        else:
            missing.append(target)
    return Ways(tuple(reached), tuple(missing), found.states)


def never_met(scope: Scope, action: Action) -> Iterator[tuple[Target, Property]]:
    """Yield each target of an action with the claim that it is never met."""
    followed = [Not(Equal(r, NoneOf(r.type))) for r in action.references(scope.spec)]
    asked = [(REFERENCE, _all(followed))] if followed else []
    asked += [(g.name, g.condition) for g in action.guards]
    so_far: list[Expr] = []
    for guard, condition in asked:
        yield _target(action, guard, [*so_far, Not(condition)])
        so_far.append(condition)
    yield _target(action, None, so_far)


def _target(action: Action, guard: str | None, met: list[Expr]) -> tuple[Target, Property]:
    target = Target(action.name, guard)
    name = target.name.replace(".", "__")
    claim = Property("", name, "It never happens.", "invariant", action.params, Not(_all(met)))
    return target, claim


def _all(conditions: Sequence[Expr]) -> Expr:
    return reduce(And, conditions) if conditions else Const(True, bool)
