"""A run that never ends, as a stem and a loop; and the check, by the evaluator alone, that it is
fair and violates a `leads_to`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic

from checker.runs.nearby import At, Nearby
from checker.runs.walk import Walk, follow
from spec.language.declared.model import Property
from spec.language.evaluate import Binding, Claim, Evaluator, Instance, OutOfRange, Step, instances
from spec.language.scope import Scope, State


@dataclass(frozen=True)
class Lasso:
    """A run: the steps of `stem` once, then those of `loop` again and again; an empty loop means
    that nothing happens any more.
    """

    stem: tuple[Step, ...]
    loop: tuple[Step, ...]

    @classmethod
    def of(cls, walk: Walk, begin: int) -> Lasso:
        """Return the run whose loop begins after so many steps of the walk."""
        return cls(walk.steps[:begin], walk.steps[begin:])


@dataclass(frozen=True)
class Decision:
    """What became of one `leads_to`: holds, violated (with a lasso) or unfinished (with the
    reason).
    """

    verdict: str
    reason: str = ""
    lasso: Lasso | None = None


LOOP_LEAST = 2
"""A loop has so many steps or more, for steps that change nothing are left out. Where a run can
stand still for ever after no more than that, it is told instead: it says nothing of no bearing.
"""


class NoLasso(Exception):
    """The run is not what a lasso has to be; the text says why."""


@dataclass(frozen=True)
class Judgement:
    """What `judge` saw: the parameters, when the cause holds (0 is the start), and how each fair
    step that is possible in the loop gets its due: taken there, or not possible all the time.
    `walk` is the run to the end of the first round.
    """

    binding: Binding
    walk: Walk
    since: int
    taken: tuple[str, ...]
    interrupted: tuple[str, ...]


# ---------------------------------------------------------------- judging one
def _walk(evaluator: Evaluator, lasso: Lasso) -> Walk:
    """Return the run from the initial state to the end of the first round."""
    steps = [*lasso.stem, *lasso.loop]
    found = follow(evaluator, steps)
    n = len(found.taken)
    if found.refused is not None:
        raise NoLasso(f"step {n + 1}, {steps[n].call}, is not enabled: '{found.refused}'")
    if found.left is not None:
        raise NoLasso(f"step {n}, {steps[n - 1].call}, stores {found.left}, out of its range")
    return found.walk


def judge(scope: Scope, lasso: Lasso, claim: Property) -> Judgement:
    """Return how the run violates the claim; raises `NoLasso` if it does not, or is no fair run."""
    evaluator = Evaluator(scope)
    walk = _walk(evaluator, lasso)
    states, begin = walk.states, len(lasso.stem)
    if states[-1] != states[begin]:
        raise NoLasso("the loop does not end where it begins")
    for step in lasso.loop:
        if step.action.finite:
            raise NoLasso(f"{step.call} happens only finitely often, and is in the loop")
    loop = states[begin:-1] or states[-1:]
    taken, interrupted = _fairly(evaluator, lasso, loop)
    assert claim.then is not None
    for binding in scope.bindings(claim.params):
        cause, outcome = (evaluator.meaning(e, binding) for e in (claim.body, claim.then))
        outcomes = [i for i, s in enumerate(states) if outcome(s, s)]
        # What holds in the loop holds again and again: its first round must be free of outcomes.
        waiting = max(outcomes, default=-1) + 1
        if waiting > begin:
            continue
        since = next((i for i in range(waiting, len(states)) if cause(states[i], states[i])), None)
        if since is not None:
            return Judgement(binding, walk, since, taken, interrupted)
    raise NoLasso(f"{claim.id} {claim.name} holds of this run")


def breaks(evaluator: Evaluator, walk: Walk, claim: Property, begin: int | None = None) -> bool:
    """Return whether the run breaks the claim at its end or, if a loop begins after so many steps,
    by never ending.
    """
    if claim.kind != "leads_to":
        return begin is None and Claim(evaluator, claim).holds(*walk.end(claim)) is not None
    try:
        return begin is not None and bool(judge(evaluator.scope, Lasso.of(walk, begin), claim))
    except NoLasso:
        return False


def _fairly(
    evaluator: Evaluator, lasso: Lasso, loop: Sequence[State]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the fair steps taken in the loop, and those that are not possible all the time."""
    taken, interrupted = [], []
    steps = {step.call for step in lasso.loop}
    for instance in instances(evaluator):
        name, fair = instance.step.call, instance.step.action.fair
        possible = [i for i, state in enumerate(loop) if changes(instance, state)]
        if not fair or not possible:
            continue
        if name in steps:
            taken.append(name)
        elif fair == "strong":
            raise NoLasso(f"{name} is possible again and again in the loop, and never taken")
        elif len(possible) == len(loop):
            raise NoLasso(f"{name} is possible all the time in the loop, and never taken")
        else:
            interrupted.append(name)
    return tuple(taken), tuple(interrupted)


def changes(instance: Instance, state: State) -> bool:
    """Return whether the step is possible and changes something: fairness asks for no other. One
    that would leave a number's range does.
    """
    if instance.refusal(state) is not None:
        return False
    try:
        return instance.after(state) != state
    except OutOfRange:
        return True


def where_it_is_cut(decision: Decision, scope: Scope, claim: Property, left: str) -> Decision:
    """Return what may be said of a `leads_to` when steps were left out because a number, of the
    field `left`, would leave its range: that a run violates it if it is one with them too, and
    nothing else, for what comes after those steps was not seen.
    """
    if decision.lasso is not None:
        with suppress(NoLasso):
            judge(scope, decision.lasso, claim)
            return decision
    return Decision("unfinished", f"{left} leaves its range, and what comes after was not seen")


# ---------------------------------------------------------------- finding one
@dataclass(frozen=True)
class Part(Generic[At]):
    """A strongly connected part in which a fair run can stay: what leads where inside it (by the
    number of the step), and which fair steps are possible in a state.
    """

    edges: Callable[[At], Iterable[tuple[int, At]]]
    possible: Callable[[At], set[int]]
    weak: frozenset[int]
    strong: frozenset[int]


def round_trip(part: Part[At], start: At) -> list[int]:
    """Return the steps of a fair walk through the part from a state back to it, short but not the
    shortest.
    """
    walk = [start]
    steps: list[int] = []
    while True:
        owed = _owed(part, walk, set(steps))
        if owed is None and walk[-1] == start:
            return steps
        for step, state in _way(part, walk[-1], start, owed):
            steps.append(step)
            walk.append(state)


def _owed(part: Part[At], walk: list[At], taken: set[int]) -> int | None:
    """Return a fair step that the walk so far leaves out although it must not."""
    possible = [part.possible(state) for state in walk]
    ever, always = set().union(*possible), set.intersection(*possible)
    owed = ((ever & part.strong) | (always & part.weak)) - taken
    return min(owed, default=None)


def _way(part: Part[At], here: At, start: At, owed: int | None) -> list[tuple[int, At]]:
    """Return the shortest way to what is owed: to take the step or, if it is only weakly fair, to
    where it is not possible. If nothing is owed, return the way back to the start.
    """
    near = Nearby(here, lambda at: ((edge, edge[1]) for edge in part.edges(at)))
    for state, edges in near:
        if owed is None:
            found = state == start
        else:
            found = owed in part.weak and owed not in part.possible(state)
        if found:
            return near.way(state)
        for edge, _ in edges:
            if edge[0] == owed:
                return [*near.way(state), edge]
    raise AssertionError("the part is not strongly connected, or not fair")
