"""What is said to make a condition true does, and nothing shorter; `never` means in no state."""

from random import Random

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.explain.fate import enabling as subject
from checker.explain.fate.enabling import Enabled, NeverAgain, Unknown, enabling, possible_when
from checker.explain.fate.why_not import why_not
from checker.explain.moves import every_step
from checker.explain.run import broken_run
from checker.runs.exploration import Limits
from spec.language.evaluate import Evaluator, Instance, OutOfRange
from spec.language.scope import Scope, State
from tests.specs.doors import FALLING
from tests.specs.lease_lock import lease_lock

LOCK = Scope("lock", lease_lock, {"Client": 2, "Tokens": 2})
TWO = Scope("two", commit_protocol, {"Manager": 2})
DOORS = Scope("doors", FALLING, {"Door": 2})
"""In which a step may be possible after a fault alone."""


def nexts(evaluator: Evaluator, state: State) -> set[State]:
    found = set()
    for step in every_step(evaluator):
        if step.refusal(state) is None:
            try:
                found.add(step.after(state))
            except OutOfRange:
                continue
    return found


def distance(evaluator: Evaluator, state: State, step: Instance) -> tuple[int | None, int]:
    """Return how many moves it takes until the step is possible, and how many states there are."""
    seen, level, far = {state}, {state}, 0
    while level:
        if any(step.refusal(s) is None for s in level):
            return far, 0
        level = {t for s in level for t in nexts(evaluator, s)} - seen
        seen |= level
        far += 1
    return None, len(seen)


def states_of(evaluator: Evaluator, seed: int) -> list[State]:
    """Return where a seeded random walk comes by."""
    random, states = Random(seed), [evaluator.initial()]
    for _ in range(12):
        after = sorted(nexts(evaluator, states[-1]), key=repr)
        if not after:
            break
        states.append(random.choice(after))
    return states


@pytest.mark.parametrize("near", [3_000, 0], ids=["state by state", "over the whole graph"])
@pytest.mark.parametrize("scope", [LOCK, TWO, DOORS], ids=lambda scope: scope.name)
def test_what_is_said_to_enable_a_step_does_and_nothing_shorter(
    scope: Scope, near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "NEAR", near)
    evaluator = Evaluator(scope)
    for state in states_of(evaluator, 1)[::3]:
        for step in every_step(evaluator):
            wanted = possible_when(scope, step)
            found = enabling(evaluator, state, wanted, step.step.binding)
            far, count = distance(evaluator, state, step)
            if far is None:
                assert found == NeverAgain(count)
                continue
            assert isinstance(found, Enabled) and len(found.steps) == far
            here = state
            for move in found.steps:
                assert move.refusal(here) is None
                here = move.after(here)
            assert step.refusal(here) is None


def test_where_not_all_was_looked_at_never_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "NEAR", 0)
    three = Scope("three", lease_lock, {"Client": 3, "Tokens": 2})
    evaluator = Evaluator(three)
    step = every_step(evaluator)[-1]
    wanted = possible_when(three, step)
    limits = Limits(max_states=5)
    found = enabling(evaluator, evaluator.initial(), wanted, step.step.binding, limits)
    assert isinstance(found, Unknown)
    assert found.why == "not every state was visited: the limit on states was reached"


def test_a_refused_move_is_explained_clause_by_clause() -> None:
    run = broken_run(LOCK, ["write.fenced"], "the_storage_goes_forward")
    for step in every_step(run.evaluator):
        for k, state in enumerate(run.states):
            found = why_not(run, k, step)
            assert found.move.enabled == (step.refusal(state) is None)
            assert (found.possible is None) == found.move.enabled
            for clause, outcome in found.clauses:
                assert (outcome is None) == clause.holds
                if isinstance(outcome, Enabled):
                    assert clause.condition is not None and outcome.steps
                    for move in outcome.steps:
                        state = move.after(state)
                    meaning = run.evaluator.meaning(clause.condition, clause.binding)
                    assert meaning(state, state)
                    state = run.states[k]
