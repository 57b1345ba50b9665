"""The explorer to read first: breadth-first search over every state of a scope, in plain Python.

It is slow and has no tricks, so that it can be believed; the compiled explorer must give the same
answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from checker.runs.exploration import (
    Exploration,
    Interrupted,
    Limits,
    Progress,
    Report,
    antecedent,
)
from checker.runs.walk import Walk
from spec.language.declared.model import Property
from spec.language.edited.edits import without
from spec.language.evaluate import (
    Binding,
    Claim,
    Evaluator,
    Instance,
    OutOfRange,
    Step,
    instances,
)
from spec.language.scope import Scope, State

Question = Callable[[Claim], Binding | None]
"""Asks a claim of a state or a step; None means that it holds."""

_CHECKED = ("invariant", "step", "sometimes", "leads_to")


def explore(
    scope: Scope,
    limits: Limits | None = None,
    off: tuple[str, ...] = (),
    until: frozenset[str] = frozenset(),
    report: Report | None = None,
) -> Exploration:
    """Visit every state reachable in the scope with the guards `off` removed.

    Stops after the level in which a property of `until` is violated, or at a limit. All elements
    are told apart: there is no symmetry reduction here.
    """
    return _Search(scope, off, report).run(limits or Limits(), until)


class _Search:
    def __init__(self, scope: Scope, off: tuple[str, ...], report: Report | None) -> None:
        spec = scope.spec
        for guard in off:
            spec = without(spec, guard)
        self.scope, self.off, self.report = scope, off, report
        evaluator = Evaluator(scope.on(spec))
        self.start = evaluator.initial()
        self.steps = instances(evaluator)
        self.claims = [Claim(evaluator, p) for p in spec.properties.values() if p.kind in _CHECKED]
        self.pending = {
            p.property.name: Claim(evaluator, _witness(p.property)) for p in self.claims
        }
        self.came_from: dict[State, tuple[State, Instance] | None] = {self.start: None}
        self.violations: dict[str, int] = {}
        self.last: dict[str, tuple[State, Instance | None]] = {}
        self.fired = dict.fromkeys(spec.actions, 0)
        self.generated = self.deadlocks = self.depth = 0

    def run(self, limits: Limits, until: frozenset[str]) -> Exploration:
        began = time.perf_counter()
        stopped: str | None = None
        self.visit(self.start)
        level = [self.start]
        try:
            while level and not stopped:
                following: list[State] = []
                for state in level:
                    following += self.expand(state)
                    stopped = _limit(limits, len(self.came_from), time.perf_counter() - began)
                    if stopped:
                        break
                level = following
                self.depth += bool(level)
                if stopped is None and until & self.violations.keys():
                    stopped = "violation"
                if self.report:
                    seconds = time.perf_counter() - began
                    counts = len(self.came_from), self.generated, self.depth, len(level)
                    unfired = tuple(name for name, times in self.fired.items() if not times)
                    self.report(Progress("explore", *counts, seconds, unfired))
        except KeyboardInterrupt:
            stopped = "interrupt"
        found = Exploration(
            self.scope, self.off, "plain", (), stopped, len(self.came_from), self.generated,
            self.depth, time.perf_counter() - began, self.violations,
            frozenset(c.property.name for c in self.claims) - self.pending.keys(),
            self.fired, self.deadlocks, self.walk,
        )  # fmt: skip
        if stopped == "interrupt":
            raise Interrupted(found)
        return found

    def expand(self, state: State) -> list[State]:
        """Take every step that is possible in `state`; return the states seen for the first
        time.
        """
        new = []
        taken = 0
        for step in self.steps:
            if step.refusal(state) is not None:
                continue
            taken += 1
            self.fired[step.step.action.name] += 1
            try:
                after = step.after(state)
            except OutOfRange as leaving:
                self.violated(f"range_{leaving.field}", state, step)
                continue
            ask = partial(Claim.holds, s=state, t=after)
            self.check(ask, "step", state, step)
            self.exercise("step", ask)
            if after not in self.came_from:
                self.came_from[after] = (state, step)
                self.visit(after)
                new.append(after)
        self.generated += taken
        self.deadlocks += taken == 0
        return new

    def visit(self, state: State) -> None:
        """Check the properties of one state when it is first seen."""
        ask = partial(Claim.holds, s=state)
        self.check(ask, "invariant", state, None)
        for kind in ("invariant", "sometimes", "leads_to"):
            self.exercise(kind, ask)

    def check(self, ask: Question, kind: str, state: State, step: Instance | None) -> None:
        for claim in self.claims:
            if claim.property.kind == kind and ask(claim) is not None:
                self.violated(claim.property.name, state, step)

    def violated(self, name: str, state: State, step: Instance | None) -> None:
        if name not in self.last:
            self.last[name] = (state, step)
            self.violations[name] = len(self.walk(name).steps)

    def exercise(self, kind: str, ask: Question) -> None:
        """Strike the properties that are no longer vacuous off the pending list."""
        for claim in self.claims:
            name = claim.property.name
            waiting = claim.property.kind == kind and name in self.pending
            if waiting and ask(self.pending[name]) is not None:
                del self.pending[name]

    def walk(self, violated: str) -> Walk:
        """Walk back from the violation to the initial state."""
        state, final = self.last[violated]
        states: list[State] = [state]
        steps: list[Step] = []
        while (origin := self.came_from[states[0]]) is not None:
            states.insert(0, origin[0])
            steps.insert(0, origin[1].step)
        if final is not None:
            steps.append(final.step)
            if not violated.startswith("range_"):
                states.append(final.after(state))
        return Walk(tuple(states), tuple(steps))


def _witness(claim: Property) -> Property:
    """Return the claim that the antecedent is always false: where it fails, the property is
    exercised.

    As an invariant, because the antecedent of a step counts also where nothing that it watches
    changes.
    """
    return replace(claim, kind="invariant", own=~antecedent(claim), exemptions=())


def _limit(limits: Limits, states: int, seconds: float) -> str | None:
    if limits.max_states is not None and states >= limits.max_states:
        return "max-states"
    if limits.max_seconds is not None and seconds >= limits.max_seconds:
        return "max-seconds"
    return None
