"""Runs from the beginning on fresh stores: through every edge of a small scope, and at random."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

from checker.conformance.beside_spec import Replay, Steps
from checker.runs.nearby import Nearby
from checker.search.targets import Way
from impl.derive.design import Design
from spec.language.evaluate import Instance, Step
from spec.language.scope import State

LENGTH = 100
"""How many steps a random run has, refused ones included."""


class Runs:
    """Runs of one design, each on a store with nothing in it, and what they have done so far.

    `now` is the run that is going on: what to keep of it where it differs.
    """

    def __init__(self, design: Design) -> None:
        self.design, self.steps = design, Steps(design.scope)
        self.taken: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.count = 0
        self.now: list[Step] = []
        self._replay: Replay | None = None

    @property
    def compared(self) -> int:
        """How many steps were compared, taken or refused."""
        return self.taken.total() + self.refused.total()

    @property
    def state(self) -> State:
        """The state that both are in."""
        assert self._replay is not None
        return self._replay.state

    def begin(self) -> None:
        """Begin the next run."""
        if self._replay is None:
            self._replay = Replay(self.design, steps=self.steps)
        else:
            self._replay.again()
        self.count += 1
        self.now = []

    def end(self) -> None:
        """Let go of the store."""
        if self._replay is not None:
            self._replay.store.close()
            self._replay = None

    def step(self, instance: Instance) -> str | None:
        """Try a step on both; return what refuses it. Raises `Divergence`."""
        assert self._replay is not None
        self.now.append(instance.step)
        refusal = self._replay.step(instance)
        action = instance.step.action.name
        if refusal is None:
            self.taken[action] += 1
        else:
            self.refused[f"{action}.{refusal}"] += 1
        return refusal


def follow(runs: Runs, ways: Iterable[Way]) -> None:
    """Go each way and meet its target there; raises `Divergence`."""
    for way in ways:
        runs.begin()
        for step in way.steps:
            runs.step(runs.steps.find(step.action.name, step.binding))
        target = way.target
        bindings = runs.design.scope.bindings(runs.design.scope.spec.actions[target.action].params)
        choices = (runs.steps.find(target.action, binding) for binding in bindings)
        met = next(i for i in choices if i.refusal(way.end) == target.guard)
        assert runs.step(met) == target.guard
    runs.end()


def wander(runs: Runs, seed: int) -> None:
    """Make one random run, the same for the same seed, and let the store stay for the next one;
    raises `Divergence`.

    An action is chosen the more often the less it was taken in this run, so that runs get far; one
    step in four is any step at all, which is refused more often than not.
    """
    chance, taken = random.Random(seed), Counter[str]()
    runs.begin()
    for _ in range(LENGTH):
        possible = [i for i in runs.steps.every if i.refusal(runs.state) is None]
        if not possible or chance.random() < 0.25:
            runs.step(chance.choice(runs.steps.every))
            continue
        weights = [1 / (1 + taken[i.step.action.name]) ** 2 for i in possible]
        (chosen,) = chance.choices(possible, weights)
        taken[chosen.step.action.name] += 1
        runs.step(chosen)


# ---------------------------------------------------------------- every edge
def tour(runs: Runs) -> int:
    """Take every edge of the scope; return how many there are. Raises `Divergence`.

    Each run goes the shortest way to a state from which an edge is left, takes it, and goes on for
    as long as one is left where it comes to.
    """
    every = runs.steps.every
    near = Nearby(
        runs.steps.initial, lambda s: [(i, i.after(s)) for i in every if i.refusal(s) is None]
    )
    left = dict(near)
    edges = sum(map(len, left.values()))
    for state, going in left.items():
        while going:
            runs.begin()
            for instance in near.way(state):
                runs.step(instance)
            here = state
            while left[here]:
                instance, here = left[here].pop(_best(here, left))
                runs.step(instance)
    runs.end()
    return edges


def _best(here: State, left: dict[State, list[tuple[Instance, State]]]) -> int:
    """Return which edge to take: one that stays here, or else one from where it goes on."""
    edges = left[here]
    return max(range(len(edges)), key=lambda n: (edges[n][1] == here, bool(left[edges[n][1]])))
