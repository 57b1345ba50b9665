"""A guard that is asked by a look and not by the write does not see what others do in between."""

from dataclasses import replace

import pytest

from checker.search import plain
from checker.search.compiled import explore
from spec.language.edited.edits import find
from spec.language.edited.split import stale
from spec.language.evaluate import Evaluator, Instance, instances
from spec.language.misuse import Misuse
from spec.language.scope import Scope
from spec.queue import SCOPES
from tests.specs.lease_lock import lease_lock

LOCK = Scope("lock", lease_lock, {"Client": 2, "Tokens": 2})
ONE_JOB = SCOPES["one-job"]
JOB = replace(ONE_JOB, bounds={**ONE_JOB.bounds, "Recoverer": 1})


def story(guard: str, violated: str) -> list[str]:
    """Return the shortest run as steps of clients, which are numbered from 0."""
    steps = plain.explore(LOCK.on(stale(lease_lock, guard))).walk(violated).steps
    return [" ".join([s.action.name, *map(str, s.binding.values())]) for s in steps]


# By hand.


def test_two_that_looked_at_a_free_lock_both_take_it() -> None:
    assert story("acquire.free", "leases_are_respected") == [
        "acquire 0", "acquire 1", "acquire_rest 0", "acquire_rest 1",
    ]  # fmt: skip


def test_a_fence_that_was_passed_before_lets_an_old_token_write_after_a_new_one() -> None:
    steps = story("write.fenced", "the_storage_goes_forward")
    assert sorted(steps) == [
        "acquire 0", "acquire 1", "expire", "write 0", "write 1", "write_rest 0", "write_rest 1",
    ]  # fmt: skip
    assert steps[-2:] == ["write_rest 1", "write_rest 0"]


def test_a_guard_that_stays_true_may_be_stale() -> None:
    """What is stored only goes forward, so that a token refused once is refused for ever."""
    assert explore(LOCK.on(stale(lease_lock, "give_up.refused"))).violations == {}


# One write and its refusal.


class Clients:
    """Two clients and a lock, step by step."""

    def __init__(self, *guards: str) -> None:
        spec = lease_lock
        for guard in guards:
            spec = stale(spec, guard)
        self.spec = spec
        evaluator = Evaluator(LOCK.on(spec))
        self.steps = {self.name(i): i for i in instances(evaluator)}
        self.state = evaluator.initial()

    def name(self, i: Instance) -> str:
        return " ".join([i.step.action.name, *map(str, i.step.binding.values())])

    def take(self, *names: str) -> None:
        for name in names:
            assert self.refusal(name) is None, name
            self.state = self.steps[name].after(self.state)

    def refusal(self, name: str) -> str | None:
        return self.steps[name].refusal(self.state)


def test_the_write_asks_again_what_is_not_stale_and_refused_it_leaves_nothing_behind() -> None:
    run = Clients("acquire.tokens_left")
    run.take("acquire 0", "acquire_rest 0")
    before = run.state
    run.take("expire", "acquire 1")
    assert run.refusal("acquire_rest 1") is None
    assert run.refusal("acquire_refused 1") == "refused", "it may write, so it does"

    run = Clients("acquire.tokens_left")
    run.take("acquire 0", "acquire 1", "acquire_rest 0")
    assert run.refusal("acquire_rest 1") == "free"
    run.take("acquire_refused 1")
    assert run.state == before


def test_a_second_guard_of_the_same_write_is_stale_by_the_same_edit() -> None:
    one, both = Clients("acquire.free"), Clients("acquire.free", "acquire.tokens_left")
    assert [g.name for g in one.spec.actions["acquire_rest"].guards] == ["tokens_left", "half_way"]
    assert [g.name for g in both.spec.actions["acquire_rest"].guards] == ["half_way"]
    assert "acquire_refused" in one.spec.actions
    assert "acquire_refused" not in both.spec.actions, "nothing is left that could refuse it"
    assert both.spec.edits == ("stale acquire.free", "stale acquire.tokens_left")


# Every guard of the queue that others can make false.

SHORTEST = {
    "enqueue.new_key": 5,
    "claim.ready": 5,
    "start.leased": 7, "start.fenced": 8,
    "heartbeat.leased": 7, "heartbeat.fenced": 10, "heartbeat.in_time": 6,
    "settle_done.leased": 8, "settle_done.fenced": 9,
    "settle_failed.leased": 7, "settle_failed.fenced": 8,
    "settle_released.leased": 7, "settle_released.fenced": 8,
    "abandon.lost": None,
    "look.expired": 6,
    "recover.expired": 7,
}  # fmt: skip
"""Steps to the first violation, as they were found by an earlier program of the same idea."""


@pytest.mark.deep
@pytest.mark.parametrize(("guard", "steps"), SHORTEST.items())
def test_who_asks_before_and_not_again_breaks_something_in_as_many_steps(
    guard: str, steps: int | None
) -> None:
    found = explore(JOB.on(stale(JOB.spec, guard)))
    assert min(found.violations.values(), default=None) == steps


# Refused.


@pytest.mark.parametrize(
    ("text", "fact", "remedy"),
    [
        ("stale write.works", "write.works reads nothing but the memory", "write.fenced"),
        ("stale write.fence", "there is no guard 'write.fence'", "write.fenced"),
        ("stale write", "there is no guard 'write'", "write.fenced"),
        ("stale crash.works", "crash.works reads nothing but the memory", "reads a row"),
    ],
)
def test_what_cannot_be_stale_is_refused(text: str, fact: str, remedy: str) -> None:
    with pytest.raises(Misuse) as misuse:
        find(lease_lock, text)
    assert fact in misuse.value.fact
    assert remedy in misuse.value.remedy


def test_time_looks_at_nothing() -> None:
    with pytest.raises(Misuse, match="expire is a timer running out"):
        find(JOB.spec, "stale expire.live")


def test_what_is_split_is_not_made_two_again() -> None:
    with pytest.raises(Misuse, match="make each edit once"):
        stale(find(lease_lock, "split write"), "write.fenced")
