"""Searches a scope for the shortest violation with z3: no state is visited, and no explorer asked.

Runs of 0, 1, 2, ... steps are asked for in turn. That none of up to K steps violates anything says
nothing of longer ones: it is never evidence that a property holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from checker.prove.bmc.unrolling import Unrolled
from checker.prove.solvers import z3_solver
from checker.prove.solvers.values import parse
from checker.runs.lasso import breaks
from checker.runs.trace import Diverged
from checker.runs.walk import Walk, follow
from spec.language.evaluate import Evaluator, Step
from spec.language.misuse import Misuse, near
from spec.language.scope import Scope, State

Report = Callable[[int, float], None]
"""Told of each depth at which nothing is violated, and the seconds so far."""


@dataclass(frozen=True)
class Bounded:
    """What is known of all runs of up to `depth` steps, -1 if nothing.

    `violated` names what runs of just `depth` steps violate, in the order declared, ranges of
    numbers last; shorter ones violate nothing that was asked for. `walk` is such a run for the
    first of them. `stopped_by` is None if the wanted depth was reached or something is violated,
    else max-seconds, interrupt, or why z3 does not know.
    """

    scope: Scope
    depth: int
    violated: tuple[str, ...]
    walk: Walk | None
    stopped_by: str | None
    seconds: float


def search(
    scope: Scope,
    depth: int,
    wanted: frozenset[str] = frozenset(),
    report: Report | None = None,
    max_seconds: float | None = None,
) -> Bounded:
    """Return the shortest violation within `depth` steps of a property or range that is wanted; of
    any, if none is named. Raises `Diverged` if z3's run is none for the evaluator.
    """
    began = time.monotonic()
    if depth < 0:
        raise Misuse(f"no run has {depth} steps", "give a depth of 0 or more")
    unrolled = Unrolled(scope)
    for name in sorted(wanted):
        if name not in unrolled.claims:
            raise Misuse(f"no state or step violates '{name}'", near(name, unrolled.claims))
    known = -1
    violated: tuple[str, ...] = ()
    walk: Walk | None = None
    stopped: str | None = None
    try:
        runs = Runs(unrolled, None if max_seconds is None else began + max_seconds)
        while known < depth and not violated:
            if known >= 0:
                runs.extend()
            asked = unrolled.asked(runs.level)
            violated = runs.violated([c for c in asked if not wanted or c in wanted])
            walk = runs.walk(violated[0]) if violated else None
            known = runs.level
            if report and not violated:
                report(known, time.monotonic() - began)
    except Unfinished as unfinished:
        violated, stopped = (), unfinished.why
    except KeyboardInterrupt:
        violated, stopped = (), "interrupt"
    return Bounded(scope, known, violated, walk, stopped, time.monotonic() - began)


class Unfinished(Exception):
    """z3 gives no answer; `why` says why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Runs:
    """All runs of `level` steps in z3; they can be made longer, and asked what they violate."""

    def __init__(self, unrolled: Unrolled, until: float | None = None) -> None:
        """Begin with the run of no steps; `until` is when to give up, by the monotonic clock."""
        self.unrolled, self.level, self.until = unrolled, 0, until
        z3_solver.begin("(set-option :produce-models true)\n(set-logic QF_FD)")
        self.say(unrolled.start(), unrolled.state(0))

    def say(self, *texts: str) -> str:
        """Return what z3 answers; it has nothing to say to what is only told."""
        said = z3_solver.run("\n".join(texts))
        if "(error" in said or "unsupported" in said:
            raise AssertionError(said)
        return said

    def extend(self) -> None:
        """Go one step farther; a step that leaves a range leads nowhere."""
        self.say(f"(assert (not gone@{self.level}))", self.unrolled.step(self.level))
        self.level += 1
        self.say(self.unrolled.state(self.level))

    def violated(self, claims: Iterable[str]) -> tuple[str, ...]:
        """Return which of the claims a run of this length violates."""
        words = {claim: self.unrolled.violated(claim, self.level) for claim in claims}
        some = f"some@{self.level}"
        self.say(f"(define-fun {some} () Bool (or false {' '.join(words.values())}))")
        if self.possible(some):
            return tuple(claim for claim, word in words.items() if self.possible(word))
        self.say(f"(assert (not {some}))")  # it follows, and z3 need not find it again
        return ()

    def possible(self, word: str) -> bool:
        """Return whether there is a run for which the word is true; z3 then holds one."""
        left = 4_000_000 if self.until is None else self.until - time.monotonic()
        limit = f"(set-option :timeout {max(1, int(left * 1000))})"
        said = self.say(limit, f"(check-sat-assuming ({word}))")
        if said == "unknown":
            why = self.say("(get-info :reason-unknown)")
            if "interrupted" in why:
                raise KeyboardInterrupt  # z3 has caught it
            raise Unfinished("max-seconds" if "timeout" in why else why)
        return said == "sat"

    def walk(self, claim: str) -> Walk:
        """Return a run that violates the claim, as the evaluator takes it."""
        assert self.possible(self.unrolled.violated(claim, self.level)), claim
        numbers = range(len(self.unrolled.steps))
        chosen = []
        for level in range(self.level):
            values = self.values([self.unrolled.chosen(i, level) for i in numbers])
            chosen += [i for i, value in enumerate(values) if value]
        assert len(chosen) == self.level, "one step is chosen at each level"
        # Where a number leaves its range there is no last state.
        ends = self.level + (claim not in self.unrolled.ranges)
        states = [self.state(level) for level in range(ends)]
        return replay(self.unrolled, chosen, states, claim)

    def state(self, level: int) -> State:
        """Return the state at a level of the run that z3 has found."""
        words = self.unrolled.words(level)
        return self.unrolled.read(level, dict(zip(words, self.values(words), strict=True)))

    def values(self, words: Sequence[str]) -> list[bool]:
        """Return which of the words are true in the run that z3 has found."""
        pairs = parse(self.say(f"(get-value ({' '.join(words)}))"))
        return [pair[1] == "true" for pair in pairs]


def replay(unrolled: Unrolled, chosen: Sequence[int], states: Sequence[State], claim: str) -> Walk:
    """Return the run as the evaluator takes it; raises `Diverged` where that is not z3's run."""
    evaluator = Evaluator(unrolled.scope)
    found = follow(evaluator, (Step(*unrolled.steps[i]) for i in chosen))
    walk, n = found.walk, len(found.taken)
    if found.refused is not None:
        name = unrolled.steps[chosen[n]][0].name
        raise Diverged(
            f"step {n + 1} ({name}) of z3's run is not enabled: refused for '{found.refused}'"
        )
    if n != len(chosen) or walk.states != tuple(states[: len(walk.states)]):
        raise Diverged(f"z3's run and the evaluator's part within {n} steps")
    known = unrolled.scope.spec.properties.get(claim)
    if found.left is not None:
        violates = f"range_{found.left.field}" == claim
    else:
        violates = known is not None and breaks(evaluator, walk, known)
    if not violates:
        raise Diverged(f"z3's run of {n} steps does not violate {claim}")
    return walk
