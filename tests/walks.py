"""Seeded random runs through a scope that seek what was taken least, on spec and store at once."""

import random
from collections import Counter
from typing import Protocol

from checker.conformance.beside_spec import BesideSpec, Replay, Steps
from impl.derive.design import Design
from spec.language.evaluate import Instance
from spec.language.scope import State


class Opened(Protocol):
    """Opens a fresh store beside the spec."""

    def __call__(self, design: Design, *, steps: Steps) -> BesideSpec: ...


class Walks:
    """Runs from the beginning, each on a store of its own; at each new state every step that the
    spec disables is tried as well.
    """

    def __init__(self, design: Design, seed: int, opened: Opened = Replay) -> None:
        self.design, self.random, self.opened = design, random.Random(seed), opened
        self.steps = Steps(design.scope)
        self.taken: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.seen: set[State] = set()

    def run(self, walks: int, steps: int) -> "Walks":
        """Raises `Divergence` at the first difference."""
        for _ in range(walks):
            replay = self.opened(self.design, steps=self.steps)
            for _ in range(steps):
                self._one(replay, self.steps.every)
            replay.store.close()
        return self

    def _one(self, replay: BesideSpec, every: list[Instance]) -> None:
        refusals = [(step, step.refusal(replay.state)) for step in every]
        possible = [step for step, refusal in refusals if refusal is None]
        if replay.state not in self.seen:
            self.seen.add(replay.state)
            for step, refusal in refusals:
                if refusal is not None:
                    assert replay.step(step) == refusal
                    self.refused[f"{step.step.action.name}.{refusal}"] += 1
        weights = [1 / (1 + self.taken[step.step.action.name]) ** 2 for step in possible]
        (chosen,) = self.random.choices(possible, weights)
        self.taken[chosen.step.action.name] += 1
        assert replay.step(chosen) is None
