"""A walk: steps on a spec, one after the other, as far as they can be taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spec.language.declared.model import Property
from spec.language.evaluate import Evaluator, Instance, OutOfRange, Step
from spec.language.scope import State


@dataclass(frozen=True)
class Walk:
    """A concrete run: `steps[i]` leads from `states[i]` to `states[i + 1]`.

    Where the last step stores a number out of its field's range there is no state after it:
    `states` is then as long as `steps`.
    """

    states: tuple[State, ...]
    steps: tuple[Step, ...]

    def end(self, claim: Property) -> tuple[State, State]:
        """Return what the property is asked of at the end: the last step, or the last state
        twice.
        """
        two = claim.kind == "step" and len(self.states) > 1
        return self.states[-2 if two else -1], self.states[-1]


@dataclass(frozen=True)
class Followed:
    """How far steps could be taken: the walk, and its steps with all that they mean.

    `refused` is the guard that the next step is refused for; `left` says which number the last
    step would take out of its range.
    """

    walk: Walk
    taken: tuple[Instance, ...]
    refused: str | None = None
    left: OutOfRange | None = None


def follow(evaluator: Evaluator, steps: Iterable[Step], start: State | None = None) -> Followed:
    """Take the steps from a state, by default the initial one, up to the first that is refused or
    leads nowhere.
    """
    states = [evaluator.initial() if start is None else start]
    taken: list[Instance] = []
    refused, left = None, None
    for step in steps:
        instance = Instance(evaluator, step.action, step.binding)
        refused = instance.refusal(states[-1])
        if refused is not None:
            break
        taken.append(instance)
        try:
            states.append(instance.after(states[-1]))
        except OutOfRange as leaving:
            left = leaving
            break
    walk = Walk(tuple(states), tuple(instance.step for instance in taken))
    return Followed(walk, tuple(taken), refused, left)
