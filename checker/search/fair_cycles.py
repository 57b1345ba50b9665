"""Decides `leads_to` in scopes of millions of states, on arrays; `liveness` says what is decided,
and is the one to read first.

All elements are told apart: merging states that differ in names would merge steps to which fairness
is owed one by one. What symmetry does allow is to choose the parameters of a property once for all
choices that differ in names alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from checker.runs.exploration import Limits
from checker.runs.lasso import LOOP_LEAST, Decision, Lasso, Part, round_trip, where_it_is_cut
from checker.search.compiled.explore import AGAIN_MAX
from checker.search.compiled.graph import Array, Graph, Promise, build
from checker.search.fair_parts import MAX_FAIR, FairParts
from spec.language.evaluate import Step
from spec.language.scope import Scope

MAX_STATES = 10_000_000
"""Above this many states the graph is not built: it takes about 100 bytes a state."""
_STOPPED = {
    "fair-steps": f"liveness is decided only with up to {MAX_FAIR} fair steps",
    "max-states": f"liveness is decided only up to {MAX_STATES:,} states, names told apart",
    "max-memory": "the memory allowed is too little to decide liveness",
    "max-seconds": "the time was up before liveness was decided",
}


def decide(
    scope: Scope, off: tuple[str, ...] = (), limits: Limits | None = None, threads: int = 1
) -> dict[str, Decision]:
    """Decide every `leads_to` of the scope with the guards `off` removed; none is decided if a
    limit is reached.
    """
    names = [p.name for p in scope.spec.properties.values() if p.kind == "leads_to"]
    if not names:
        return {}
    stopped = "fair-steps" if _fair_steps(scope) > MAX_FAIR else None
    limits = replace(limits or Limits(), max_states=MAX_STATES)
    try:
        graph = stopped or build(scope, off, limits, threads)
        if not isinstance(graph, str):
            decided = _decide(graph, names)
            broken = any(decision.lasso for decision in decided.values())
            if broken and threads > 1 and len(graph.states) <= AGAIN_MAX:
                return decide(scope, off, limits, 1)  # of several loops, the same one every time
            return decided
    except MemoryError:
        graph = "max-memory"
    return dict.fromkeys(names, Decision("unfinished", _STOPPED[graph]))


def _fair_steps(scope: Scope) -> int:
    fair = (a for a in scope.spec.actions.values() if a.fair)
    return sum(1 for a in fair for _ in scope.bindings(a.params))


@dataclass(frozen=True)
class Owing:
    """Of one promise, in which states a run can be that still owes the outcome, in which one that
    does not, and in which of the first it can owe it for ever: those that a fair run, from some
    time on, visits again and again.
    """

    owed: Array
    free: Array
    forever: Array


def owing(graph: Graph, promises: Iterable[Promise]) -> list[Owing] | str:
    """Return of each promise where it is owed, or why it cannot be known."""
    if sum(1 for instance in graph.steps if instance.step.action.fair) > MAX_FAIR:
        return _STOPPED["fair-steps"]
    cycles = _Cycles(graph)
    return [cycles.owing(promise) for promise in promises]


def _decide(graph: Graph, names: list[str]) -> dict[str, Decision]:
    cycles = _Cycles(graph)
    found: dict[str, list[tuple[int, Lasso]]] = {name: [] for name in names}
    for promise in graph.promises:
        lasso = cycles.lasso(promise)
        if lasso is not None:
            found[promise.claim.name].append((len(lasso.stem), lasso))
    decided = {
        name: Decision("violated", lasso=min(lassos, key=lambda found: found[0])[1])
        if lassos
        else Decision("holds")
        for name, lassos in found.items()
    }
    if graph.left is None:
        return decided
    scope = graph.evaluator.scope
    claims = scope.spec.properties
    return {n: where_it_is_cut(d, scope, claims[n], graph.left) for n, d in decided.items()}


class _Cycles(FairParts):
    """Looks for fair runs in the graph of a scope."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.graph = graph

    # ---------------------------------------------------------------- one property
    def lasso(self, promise: Promise) -> Lasso | None:
        """Return a fair run that breaks the promise, in few steps, or None."""
        far = self._far(promise)
        reached = far >= 0
        still = np.flatnonzero(reached & self.still())
        best, part = _nearest(still, far), None
        for states in self.fair_parts(np.flatnonzero(reached)):
            start = _nearest(states, far)
            spare = LOOP_LEAST if part is None else 0
            if start is not None and (best is None or far[start] + spare < far[best]):
                best, part = start, states
        if best is None:
            return None
        loop = [] if part is None else self._loop(part, best)
        return Lasso(self._stem(best, far, promise), self._steps(loop))

    def owing(self, promise: Promise) -> Owing:
        """Return in which states a run can owe the outcome, or not, and in which for ever."""
        owed = self._far(promise) >= 0
        forever = owed & self.still()
        for states in self.fair_parts(np.flatnonzero(owed)):
            forever[states] = True
        unasked = ~promise.cause | promise.outcome
        free = promise.outcome.copy()
        free[0] |= unasked[0]
        frontier = np.flatnonzero(free)
        while len(frontier):
            after = self.rows(frontier).targets
            frontier = np.unique(after[unasked[after] & ~free[after]])
            free[frontier] = True
        return Owing(owed, free, forever)

    def _far(self, promise: Promise) -> Array:
        """Return how many steps the shortest run has to each state in which the cause waits for the
        outcome; -1 where it never does.
        """
        depths = self.graph.depths
        waiting = ~promise.outcome
        begin = np.flatnonzero(promise.cause & waiting)
        begin = begin[np.argsort(depths[begin], kind="stable")]
        far = np.full(len(depths), -1, np.int32)
        frontier = begin[:0]
        level, used = 0, 0
        while used < len(begin) or len(frontier):
            upto = int(np.searchsorted(depths[begin], level, "right"))
            new = np.concatenate([frontier, begin[used:upto]])
            used = upto
            new = np.unique(new[far[new] < 0])
            far[new] = level
            frontier = self.rows(new).targets
            frontier = frontier[waiting[frontier] & (far[frontier] < 0)]
            level += 1
        return far

    # ---------------------------------------------------------------- the run
    def _loop(self, states: Array, start: int) -> list[int]:
        """Return the labels of a fair way through the part and back to the start."""
        rows = self.inside(states)
        first = dict(zip(states.tolist(), np.searchsorted(rows.sources, states), strict=True))
        fair = [int(k) for k in np.flatnonzero(self.bits)]

        def edges(state: int) -> Iterator[tuple[int, int]]:
            at = int(first[state])
            while at < len(rows.sources) and rows.sources[at] == state:
                yield int(rows.labels[at]), int(rows.targets[at])
                at += 1

        def possible(state: int) -> set[int]:
            return {k for k in fair if self.possible[state] & self.bits[k]}

        weak, strong = (
            frozenset(k for k in fair if int(self.bits[k]) & mask)
            for mask in (self.weak, self.strong)
        )
        return round_trip(Part[int](edges, possible, weak, strong), start)

    def _stem(self, end: int, far: Array, promise: Promise) -> tuple[Step, ...]:
        """Return a shortest run to the state that never leaves where the cause waits."""
        graph = self.graph
        labels: list[int] = []
        caused = True
        for depth in range(int(far[end]), 0, -1):
            # Before the cause the run goes anywhere: from there on the depth is what counts.
            if promise.cause[end] and graph.depths[end] == depth:
                caused = False
            before = (far if caused else graph.depths) == depth - 1
            into = np.flatnonzero(graph.targets == end)
            sources = np.searchsorted(graph.starts, into, "right") - 1
            chosen = np.flatnonzero(before[sources])[0]
            labels.insert(0, int(graph.labels[into[chosen]]))
            end = int(sources[chosen])
        return self._steps(labels)

    def _steps(self, labels: list[int]) -> tuple[Step, ...]:
        return tuple(self.graph.steps[label].step for label in labels)


def _nearest(states: Array, far: Array) -> int | None:
    """Return the state that the shortest run leads to, or None if there are none."""
    return int(states[np.argmin(far[states])]) if len(states) else None
