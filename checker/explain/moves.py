"""Every move of a scope in one state: what is possible, and which guards refuse the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from checker.explain.run import Run
from checker.runs.story import line_of
from spec.language.evaluate import Evaluator, Instance, instances
from spec.language.scope import State

REFERENCE = "reference"
"""Refuses a move that would follow a reference that is none."""


@dataclass(frozen=True)
class Move:
    """A step that may be possible: who would do what, and every guard that refuses it.

    `call` leaves the actor out as stories do; `name` is the whole: `claim(worker1, job1)`.
    """

    instance: Instance
    actor: str
    call: str
    name: str
    fault: bool
    refused_by: tuple[str, ...]

    @property
    def enabled(self) -> bool:
        """Whether the step is possible."""
        return not self.refused_by

    @property
    def first_refusal(self) -> str | None:
        """The guard that the spec names when it refuses the step."""
        return self.refused_by[0] if self.refused_by else None


def moves(source: Run | Evaluator, state: State) -> list[Move]:
    """Return every move in this state, those that are possible first, in the order of the spec."""
    evaluator = source.evaluator if isinstance(source, Run) else source
    found = [move(evaluator, instance, state) for instance in every_step(evaluator)]
    return sorted(found, key=lambda m: not m.enabled)


def move(evaluator: Evaluator, instance: Instance, state: State) -> Move:
    """Return what becomes of one step in this state."""
    line = line_of(evaluator.scope, 0, instance.step, state, state)
    fault = instance.step.action.fault
    refused = refusals(instance, state)
    return Move(instance, line.actor, line.call, instance.step.call, fault, refused)


def refusals(instance: Instance, state: State) -> tuple[str, ...]:
    """Return the name of every guard that is false, each once, in the order asked."""
    lost = any(reference(state, state) is None for reference in instance.references)
    names = [name for name, guard in instance.guards if not guard(state, state)]
    return tuple(dict.fromkeys([REFERENCE] * lost + names))


@lru_cache(maxsize=8)
def every_step(evaluator: Evaluator) -> tuple[Instance, ...]:
    """Return every step of the scope, possible or not, in the order of the spec."""
    return tuple(instances(evaluator))
