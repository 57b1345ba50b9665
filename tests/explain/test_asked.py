"""What a screen asks another process: the nearest violation or end, and the marks of moves."""

import math
from typing import Literal

import pytest

from checker.explain.fate.fate import fates, mark
from checker.explain.fate.questions import Asked, marks_after, nearest, node_marks
from checker.explain.moves import every_step
from spec.language.evaluate import Claim, Evaluator, OutOfRange
from spec.language.scope import Scope, State
from tests.explain.toys import FUSE, PAIR, TEA
from tests.explain.walked import Walked
from tests.specs.doors import DOOR

Goal = Literal["broken", "finished"]

ASKED = [
    (FUSE, "nothing_goes_off"),
    (PAIR, "range_a"),
    (TEA, "nobody_waits_in_vain"),
    (TEA, "the_table_is_dry"),
    (TEA, "range_full"),
]


def spoilt(walked: Walked, before: State, after: State) -> set[str]:
    """Return what a step breaks of all that the scope claims of a step or a state."""
    every = walked.evaluator.scope.spec.properties.values()
    claims = [Claim(walked.evaluator, p) for p in every if p.kind in ("invariant", "step")]
    return {
        claim.property.name
        for claim in claims
        if claim.holds(before if claim.property.kind == "step" else after, after) is not None
    }


def away(walked: Walked, goal: Goal, violated: str, start: State) -> float:
    """Return how many moves a state is from the goal, relaxed until nothing changes."""
    known = {
        name
        for name in spoilt(walked, start, start) - {violated}
        if walked.evaluator.scope.spec.properties[name].kind == "invariant"
    }
    far: dict[State, float] = {}
    for s in walked.states:
        here = walked.broken(s) if goal == "broken" else not walked.owes(s)
        far[s] = 0 if here and (goal == "broken" or not spoilt(walked, s, s) - known) else math.inf
    edges = [(s, t, breaks, t is not None and bool(spoilt(walked, s, t) - known))
             for s, t, _, breaks in walked.edges]  # fmt: skip
    for _ in walked.states:
        for before, after, breaks, spoils in edges:
            last = math.inf if after is None else far[after]
            if goal == "broken":
                last = 0 if breaks else last
            elif spoils:
                last = math.inf
            far[before] = min(far[before], 1 + last)
    return far[start]


def follow(walked: Walked, state: State, way: list[str]) -> State:
    """Return where the moves lead that are called so."""
    steps = {step.step.call: step for step in walked.steps}
    for name in way:
        assert steps[name].refusal(state) is None
        try:
            state = steps[name].after(state)
        except OutOfRange:
            assert name == way[-1]
    return state


@pytest.mark.parametrize("goal", ["broken", "finished"])
@pytest.mark.parametrize(("scope", "violated"), ASKED, ids=lambda x: getattr(x, "name", x))
def test_the_way_to_the_nearest_is_a_way_and_no_longer_than_any(
    scope: Scope, violated: str, goal: Goal
) -> None:
    walked, asked = Walked(scope, violated), Asked(f"{scope.name} {violated}", scope, violated)
    for state in walked.states:
        far, way = away(walked, goal, violated, state), nearest(asked, state, goal)
        if math.isinf(far):
            clean = "" if goal == "broken" else " with nothing more broken"
            assert isinstance(way, str) and f"from here{clean} is {goal}" in way
            continue
        assert isinstance(way, list) and len(way) == far
        end = follow(walked, state, way)
        if goal == "finished":
            assert not walked.owes(end)
        elif walked.claim is not None and walked.claim.kind == "invariant":
            assert walked.broken(end)


@pytest.mark.parametrize(("scope", "violated"), ASKED, ids=lambda x: getattr(x, "name", x))
def test_the_violation_by_faults_takes_as_many_as_a_search_backwards_counts(
    scope: Scope, violated: str
) -> None:
    walked, asked = Walked(scope, violated), Asked(f"{scope.name} {violated}", scope, violated)
    faults = {step.step.call for step in walked.steps if step.step.action.fault}
    known = fates(scope, violated)
    for state in walked.states:
        way, needed = nearest(asked, state, "broken", few=True), known.of(state).faults
        if isinstance(way, str):
            assert needed is None
            continue
        follow(walked, state, way)
        assert sum(call in faults for call in way) == needed
        assert len(way) >= away(walked, "broken", violated, state)


def test_of_a_run_that_never_ends_no_state_is_the_nearest() -> None:
    asked = Asked("door", DOOR, "doors_are_locked")
    found = nearest(asked, Evaluator(DOOR).initial(), "broken")
    assert found == "no state is broken: what is broken here is a run that never ends"
    assert nearest(asked, (True, False), "finished") == ["shut(door1)", "lock(door1)"]


def test_a_mark_for_each_move_is_the_fate_of_where_it_leads() -> None:
    known, evaluator = fates(FUSE, "nothing_goes_off"), Evaluator(FUSE)
    asked, lit = Asked("fuse", FUSE, "nothing_goes_off"), (True, False, False)
    moves = [step for step in every_step(evaluator) if step.refusal(lit) is None]
    afters = {step.step.action.name: mark(known.of(step.after(lit))) for step in moves}
    assert afters == {"light": "○", "burn": "●", "pinch": "1"}
    marks = marks_after(asked, lit, [step.step for step in moves])
    assert marks == "".join(afters.values())
    came = [(None, None, lit), *((lit, step.step, step.after(lit)) for step in moves)]
    assert node_marks(asked, came) == "○" + marks
