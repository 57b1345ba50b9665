"""Shortest traces, rebuilt from the states alone: backwards level by level, then forwards in full.

No parent of a state is stored. A state's predecessor is any state of the level before that leads to
it. What comes out is a run of the plain evaluator: real elements, real steps, checked one by one.
"""

from __future__ import annotations

import numpy as np

from checker.runs.walk import Walk
from checker.search.compiled.code import kernel
from checker.search.compiled.search import FirstSeen, Search
from spec.language.evaluate import Claim, Evaluator, Instance, OutOfRange, instances
from spec.language.scope import State

_STRETCH = 1 << 18
Words = tuple[int, ...]


class Tracer:
    """Finds a run to what a finished search has found."""

    def __init__(self, search: Search, evaluator: Evaluator) -> None:
        self.search, self.evaluator = search, evaluator
        self.scope = evaluator.scope
        self.steps = instances(evaluator)
        self.work = search.new_work()
        at = search.at
        self.work[at["FOUND"] : at["PENDING"]] = 1
        self.work[at["PENDING"] : at["OFF"]] = 0

    def walk(self, name: str, found: FirstSeen) -> Walk:
        """Return a shortest run that violates the property, or stores out of the range, of that
        name.
        """
        claim = self.scope.spec.properties.get(name)
        invariant = claim is not None and claim.kind == "invariant"
        chain = self._chain(found.state, found.depth + 1 if invariant else found.depth)
        states, steps = [self.evaluator.initial()], []
        for target in chain[1:]:
            step, after = self._forward(states[-1], target)
            states.append(after)
            steps.append(step.step)
        if not invariant:
            final, last = self._last(states[-1], name)
            steps.append(final.step)
            states += [] if last is None else [last]
        elif claim is not None and Claim(self.evaluator, claim).holds(states[-1]) is None:
            raise AssertionError(f"the trace to {name} does not violate it")
        return Walk(tuple(states), tuple(steps))

    # ---------------------------------------------------------------- backwards
    def _chain(self, state: int, depth: int) -> list[Words]:
        """Return the representatives on the way to a state of that depth."""
        chain = [self._words(state)]
        for level in reversed(self.search.levels[:depth]):
            chain.insert(0, self._words(self._before(level, chain[0])))
        return chain

    def _words(self, state: int) -> Words:
        n = self.search.words
        return tuple(map(int, self.search.states[state * n : state * n + n]))

    def _before(self, level: list[tuple[int, int]], target: Words) -> int:
        for low, high in level:
            for start in range(low, high, _STRETCH):
                batch = self._scan(start, min(start + _STRETCH, high), self.search.batch, target)
                if batch >= 0:
                    return self._scan(batch, min(batch + self.search.batch, high), 1, target)
        raise AssertionError("a state has no predecessor in the level before it")

    def _scan(self, low: int, high: int, batch: int, target: Words) -> int:
        search = self.search
        buf, hb, recent = search.buffers[0]
        hb[: search.words] = target
        arguments = np.array([low, high, batch, 0, 0, 0, 0], np.int64)
        return search.compiled.run(
            kernel.BACK, search.states, search.table, buf, hb, self.work, search.shared,
            search.plan, arguments, recent,
        )  # fmt: skip

    # ---------------------------------------------------------------- forwards
    def _enabled(self, state: State) -> list[Instance]:
        return [step for step in self.steps if step.refusal(state) is None]

    def _forward(self, state: State, target: Words) -> tuple[Instance, State]:
        """Return a step to a state whose representative is the target."""
        for step in self.steps:
            after = step.successor(state)
            if after is None:
                continue
            if self.search.canonical(self.search.compiled.layout.pack(after)) == target:
                return step, after
        raise AssertionError("the evaluator does not know a step that the compiled code took")

    def _last(self, state: State, name: str) -> tuple[Instance, State | None]:
        """Return a step that violates, and the state after it, if it has one."""
        claim = self.scope.spec.properties.get(name)
        asked = None if claim is None else Claim(self.evaluator, claim)
        for step in self._enabled(state):
            try:
                after = step.after(state)
            except OutOfRange as leaving:
                if name == f"range_{leaving.field}":
                    return step, None
                continue
            if asked is not None and asked.holds(state, after) is not None:
                return step, after
        raise AssertionError(f"no step from the state found violates {name}")


def empty_table() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return a table with nothing in it, to keep while only traces are asked for."""
    return np.zeros(1, np.int64)
