"""Searches a scope for the shortest violation with z3: no state is visited, and no explorer asked.

Runs of 0, 1, 2, ... steps are asked for in turn. That none of up to K steps violates anything says
nothing of longer ones: it is never evidence that a property holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from checker.exploration import Path
from checker.prove import z3_solver
from checker.prove.unrolled import Unrolled
from checker.prove.values import parse
from checker.trace import Diverged
from spec.language.evaluate import Claim, Evaluator, Instance, OutOfRange, Step
from spec.language.misuse import Misuse, near
from spec.language.scope import Scope, State

Report = Callable[[int, float], None]
"""Told of each depth at which nothing is violated, and the seconds so far."""


@dataclass(frozen=True)
class Bounded:
    """What is known of all runs of up to `depth` steps.

    `violated` names what runs of just `depth` steps violate, in the order declared, ranges of
    numbers last; shorter ones violate nothing. `path` is such a run for the first of them.
    `stopped_by` is None if the wanted depth was reached or something is violated, else max-seconds
    or unknown; `depth` is then as far as nothing is violated, -1 if that was never known.
    """

    scope: Scope
    depth: int
    violated: tuple[str, ...]
    path: Path | None
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
    any, if none is named.
    """
    began = time.perf_counter()
    unrolled = Unrolled(scope)
    for name in sorted(wanted):
        if name not in unrolled.claims:
            raise Misuse(f"no state or step violates '{name}'", near(name, unrolled.claims))
    runs = Runs(unrolled)
    for level in range(depth + 1):
        if level:
            runs.extend()
        asked = [c for c in unrolled.asked(level) if not wanted or c in wanted]
        left = None if max_seconds is None else max_seconds - (time.perf_counter() - began)
        found = runs.violated(asked, left)
        seconds = time.perf_counter() - began
        if found is None:
            stopped = "max-seconds" if max_seconds is not None else "unknown"
            return Bounded(scope, level - 1, (), None, stopped, seconds)
        if found:
            path = runs.path(found[0])
            return Bounded(scope, level, tuple(found), path, None, time.perf_counter() - began)
        if report:
            report(level, seconds)
    return Bounded(scope, depth, (), None, None, time.perf_counter() - began)


class Runs:
    """All runs of `level` steps in z3; they can be made longer, and asked what they violate."""

    def __init__(self, unrolled: Unrolled) -> None:
        self.unrolled, self.level = unrolled, 0
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

    def violated(self, claims: Iterable[str], seconds: float | None = None) -> list[str] | None:
        """Return which of the claims a run of this length violates, or None if z3 does not know."""
        words = {claim: self.unrolled.violated(claim, self.level) for claim in claims}
        if not words:
            return []
        some = f"some@{self.level}"
        self.say(f"(define-fun {some} () Bool (or false {' '.join(words.values())}))")
        said = self.check(some, seconds)
        if said == "unsat":
            self.say(f"(assert (not {some}))")  # it follows, and spares z3 to find it again
            return []
        if said != "sat":
            return None
        return [claim for claim, word in words.items() if self.check(word, seconds) != "unsat"]

    def check(self, word: str, seconds: float | None = None) -> str:
        """Return whether there is a run for which the word is true: sat, unsat or unknown."""
        limit = 4_294_967_295 if seconds is None else max(1, int(seconds * 1000))
        return self.say(f"(set-option :timeout {limit})", f"(check-sat-assuming ({word}))")

    def path(self, claim: str) -> Path:
        """Return a run that violates the claim, as the evaluator takes it."""
        assert self.check(self.unrolled.violated(claim, self.level)) == "sat"
        numbers = range(len(self.unrolled.steps))
        chosen = []
        for level in range(self.level):
            values = self.values([self.unrolled.chosen(i, level) for i in numbers])
            chosen += [i for i, value in enumerate(values) if value]
        assert len(chosen) == self.level, "one step is chosen at each level"
        # Where a number leaves its range there is no last state.
        ends = self.level + (not claim.startswith("range_"))
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


def replay(unrolled: Unrolled, chosen: Sequence[int], states: Sequence[State], claim: str) -> Path:
    """Return the run as the evaluator takes it; raises `Diverged` where that is not z3's run."""
    evaluator = Evaluator(unrolled.scope)
    reached = [evaluator.initial()]
    steps: list[Step] = []
    left = None
    for i in chosen:
        instance = Instance(evaluator, *unrolled.steps[i])
        steps.append(instance.step)
        where = f"step {len(steps)} ({instance.step.action.name})"
        refusal = instance.refusal(reached[-1])
        if refusal is not None:
            raise Diverged(f"{where} of z3's run is not enabled: refused for '{refusal}'")
        try:
            reached.append(instance.after(reached[-1]))
        except OutOfRange as leaving:
            left = f"range_{leaving.field}"
            break
    path = Path(tuple(reached), tuple(steps))
    if len(steps) != len(chosen) or list(path.states) != list(states)[: len(reached)]:
        raise Diverged(f"z3's run and the evaluator's part within {len(steps)} steps")
    if not (
        left == claim if left or claim.startswith("range_") else _breaks(path, evaluator, claim)
    ):
        raise Diverged(f"z3's run of {len(steps)} steps does not violate {claim}")
    return path


def _breaks(path: Path, evaluator: Evaluator, claim: str) -> bool:
    asked = Claim(evaluator, evaluator.scope.spec.properties[claim])
    before = path.states[-2:-1] or path.states[-1:]
    two = asked.property.kind == "step"
    return asked.holds(before[0] if two else path.states[-1], path.states[-1]) is not None
