"""How often a job is tried, and how long it waits between."""

import random
from pathlib import Path

import pytest

from impl.backoff import Backoff
from impl.queue import Queue
from impl.requests import BadRequest
from tests.clocks import HandClock
from tests.queue.looking import claimed, fail, rows, status


def test_each_job_has_budgets_of_its_own(queue: Queue, clock: HandClock, file: Path) -> None:
    for name, attempts in (("once", 1), ("twice", 2)):
        queue.enqueue("k", key=name, max_attempts=attempts)
    fail(queue, claimed(queue))
    assert status(file) == {1: "dead", 2: "ready"}
    fail(queue, claimed(queue))
    assert status(file)[2] == "ready"
    clock.advance(10_000)
    fail(queue, claimed(queue))
    assert rows(file, "SELECT fails, status, reason FROM job ORDER BY id") == [
        (1, "dead", "failures"),
        (2, "dead", "failures"),
    ]


def test_attempts_that_are_cut_short_have_a_budget_of_their_own(
    queue: Queue, clock: HandClock, file: Path
) -> None:
    queue.enqueue("k", max_attempts=1, max_interrupts=2)
    for _ in range(2):
        claimed(queue)
        clock.advance(10_000)
        assert queue.recover() == 1
    assert rows(file, "SELECT status, reason, fails, interrupts FROM job") == [
        ("dead", "interruptions", 0, 2)
    ]
    assert rows(file, "SELECT due, lease_until, deadline FROM task") == [(None, None, None)]


def test_a_failed_job_waits_longer_each_time(queue: Queue, clock: HandClock, file: Path) -> None:
    """Half of 1, 2, 4, ... seconds, and the other half by chance."""
    queue.enqueue("k", max_attempts=100)
    for whole in (1_000, 2_000, 4_000, 8_000):
        fail(queue, claimed(queue))
        ((due,),) = rows(file, "SELECT due FROM task")
        assert whole // 2 <= due - clock.date <= whole
        clock.date = due


def test_waits_are_spread_and_end_at_the_longest() -> None:
    paced = Backoff(first_ms=100, most_ms=5_000)
    chance = random.Random(1)  # seeded
    waits = [paced.wait_ms(1, 0, chance) for _ in range(1_000)]
    assert (min(waits), max(waits)) == (50, 100)
    assert all(2_500 <= paced.wait_ms(99, 0, chance) <= 5_000 for _ in range(100))


def test_retries_beyond_the_budget_wait_whole_windows_longer() -> None:
    paced = Backoff(first_ms=0, budget=10, window_ms=60_000)
    chance = random.Random(1)
    waits = [paced.wait_ms(1, lately, chance) for lately in (0, 9, 10, 19, 20)]
    assert waits == [0, 0, 60_000, 60_000, 120_000]


def test_the_retry_budget_counts_the_failures_of_all_jobs(file: Path) -> None:
    paced = Backoff(first_ms=0, budget=3, window_ms=60_000)
    with Queue(file, backoff=paced) as queue:  # by the real clock, which the trace has too
        for _ in range(4):
            queue.enqueue("k")
        attempts = [claimed(queue) for _ in range(4)]
        before = queue.clock.wall()
        for attempt in attempts:
            fail(queue, attempt)
    waits = [due - before for (due,) in rows(file, "SELECT due FROM task ORDER BY id")]
    assert [wait >= 60_000 for wait in waits] == [False, False, True, True]


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"first_ms": -1}, {"window_ms": -1}])
def test_a_backoff_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadRequest, match="choose at least"):
        Backoff(**wrong)
