"""What was tried beside a run is kept, and follows the spec like the run itself."""

import random
from functools import cache

import pytest

from checker.evidence.traces import FOLDER
from checker.explain.branches import Branches, Refused
from checker.explain.moves import every_step, moves
from checker.explain.run import Run, open_run
from spec.language.evaluate import Instance


@cache
def late() -> Run:
    return open_run(FOLDER / "FM-010.jsonl")


def move(run: Run, action: str, *elements: int) -> Instance:
    return next(
        i
        for i in every_step(run.evaluator)
        if i.step.action.name == action and tuple(i.step.binding.values()) == elements
    )


def test_the_step_that_the_run_takes_stays_on_the_run() -> None:
    branches = Branches(late())
    at = branches.take(branches.trunk(7), move(late(), "settle_done", 0))
    assert (at.branch, at.depth, branches.kept) == (0, 8, [])


def test_another_step_begins_a_branch_and_the_next_goes_on_with_it() -> None:
    branches = Branches(late())
    first = branches.take(branches.trunk(7), move(late(), "start", 1))
    second = branches.take(first, move(late(), "settle_done", 1))
    assert [(n.branch, n.depth) for n in branches.path(second)] == [(1, 8), (1, 9)]
    assert branches.run_to(second).lines[-1].call == "settle_done"
    assert branches.run_to(second).lines[6].call == "claim(job1)"


def test_undo_steps_back_and_the_same_step_finds_what_was_there() -> None:
    branches = Branches(late())
    start, settle = move(late(), "start", 1), move(late(), "settle_done", 1)
    first = branches.take(branches.trunk(7), start)
    second = branches.take(first, settle)
    assert branches.undo(second) is first
    assert branches.undo(first) is branches.trunk(7)
    assert branches.undo(branches.trunk(0)) is branches.trunk(0)
    assert branches.take(branches.take(branches.trunk(7), start), settle) is second
    other = branches.take(first, move(late(), "expire", 0))
    assert (other.branch, [b.fork for b in branches.kept]) == (2, [branches.trunk(7), first])


def test_a_move_that_is_not_possible_is_refused_by_its_guard() -> None:
    branches = Branches(late())
    with pytest.raises(Refused, match="idle"):
        branches.take(branches.trunk(7), move(late(), "claim", 0, 0))


def test_a_branch_is_a_run_of_the_spec() -> None:
    chance, run = random.Random(10), late()
    branches = Branches(run)
    node = branches.trunk(3)
    for _ in range(40):
        possible = [m for m in moves(run, node.state) if m.enabled]
        node = branches.take(node, chance.choice(possible).instance)
        if chance.random() < 0.3:
            node = branches.undo(node)
    told = branches.run_to(node)
    state = told.states[0]
    for instance, after in zip(told.steps, told.states[1:], strict=True):
        assert instance.refusal(state) is None
        state = instance.after(state)
        assert state == after
