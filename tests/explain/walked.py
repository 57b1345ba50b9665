"""The fate of each state of a small scope as walking says it: slow, and nothing to get wrong."""

from typing import Any

import numpy as np

from checker.explain.fate.fate import Fate
from checker.runs.story import RANGE
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.graph import Graph
from spec.language.evaluate import Claim, Evaluator, OutOfRange, instances
from spec.language.scope import Scope, State
from spec.language.terms.expr import Bound
from spec.language.terms.tree import walk


class Walked:
    """Every state of a scope with its steps, and what violates, as the evaluator alone sees it."""

    def __init__(self, scope: Scope, violated: str) -> None:
        self.evaluator = Evaluator(scope)
        self.steps = instances(self.evaluator)
        self.claim = scope.spec.properties.get(violated)
        self.hopes = [p for p in scope.spec.properties.values() if p.kind == "leads_to"]
        self.asked = violated.removeprefix(RANGE)
        self.states: list[State] = [self.evaluator.initial()]
        self.edges: list[tuple[State, State | None, int, bool]] = []
        """From, to (none if the range is left), the step, whether it is a violation."""
        self.cut: set[State] = set()
        known = set(self.states)
        for state in self.states:
            for k in range(len(self.steps)):
                after = self._step(state, k)
                if after is not None and after not in known:
                    known.add(after)
                    self.states.append(after)

    def _step(self, state: State, k: int) -> State | None:
        step, action = self.steps[k], self.steps[k].step.action
        false = [g for g, (_, holds) in zip(action.guards, step.guards, strict=True)
                 if not holds(state, state)]  # fmt: skip
        lost = any(r(state, state) is None for r in step.references)
        if false or lost:
            bounded = all(any(isinstance(e, Bound) for e in walk(g.condition)) for g in false)
            if bounded and not lost and not action.fault:
                self.cut.add(state)
            return None
        try:
            after = step.after(state)
        except OutOfRange as leaving:
            asked = self.claim is None and leaving.field == self.asked
            if asked:
                self.edges.append((state, None, k, True))
            elif not action.fault:
                self.cut.add(state)
            return None
        broken = False
        if self.claim is not None and self.claim.kind == "step":
            broken = Claim(self.evaluator, self.claim).holds(state, after) is not None
        self.edges.append((state, after, k, broken))
        return after

    def broken(self, state: State) -> bool:
        if self.claim is None or self.claim.kind != "invariant":
            return False
        return Claim(self.evaluator, self.claim).holds(state) is not None

    def finished(self, state: State) -> bool:
        return state in self.cut or not self.owes(state)

    def owes(self, state: State) -> bool:
        for hope in self.hopes:
            assert hope.then is not None
            for binding in self.evaluator.scope.bindings(hope.params):
                cause, outcome = (self.evaluator.meaning(e, binding)
                                  for e in (hope.body, hope.then))  # fmt: skip
                if cause(state, state) and not outcome(state, state):
                    return True
        return False

    def fates(self) -> dict[State, Fate]:
        """Relax until nothing changes: slow, and nothing to get wrong."""
        many = 10**6
        need = {s: 0 if self.broken(s) else many for s in self.states}
        moved = True
        while moved:
            moved = False
            for before, after, k, broken in self.edges:
                fault = self.steps[k].step.action.fault
                cost = fault + (0 if broken or after is None else need[after])
                if cost < need[before]:
                    need[before], moved = cost, True
        back = {s: self.finished(s) or need[s] >= many for s in self.states if not self.broken(s)}
        moved = True
        while moved:
            moved = False
            for before, after, _, broken in self.edges:
                if after is not None and not broken and back.get(after) and not back.get(before, 1):
                    back[before] = moved = True
        return {
            s: Fate(
                None if need[s] >= many else need[s],
                not back.get(s, True),
                self.broken(s),
            )
            for s in self.states
        }

    def graph(self, layout: Layout) -> Graph:
        """The same as arrays, without the compiled explorer."""
        number = {s: i for i, s in enumerate(self.states)}
        kept = [(number[s], number[t], k) for s, t, k, _ in self.edges if t is not None and s != t]
        kept.sort(key=lambda edge: edge[0])
        sources, targets, labels = (np.array([e[i] for e in kept], np.int32) for i in range(3))
        starts = np.searchsorted(sources, np.arange(len(self.states) + 1))
        states = np.array([layout.pack(s) for s in self.states], np.int64)
        nothing: Any = None
        return Graph(
            self.evaluator, self.steps, states, np.zeros(0), starts, targets,
            labels.astype(np.uint16), nothing,
        )  # fmt: skip
