"""How often a job is tried, and how long it waits between."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from impl.queue import Queue
from impl.terms.backoff import Backoff
from impl.terms.requests import BadRequest
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, fail, rows, status
from tests.stores import in_a_file

ON_BOTH = True


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
    assert rows(file, "SELECT due, lease, deadline FROM job") == [(None, None, None)]


def test_a_failed_job_waits_longer_each_time(queue: Queue, clock: HandClock, file: Path) -> None:
    """Half of 1, 2, 4, ... seconds, and the other half by chance."""
    queue.enqueue("k", max_attempts=100)
    for whole in (1_000, 2_000, 4_000, 8_000):
        fail(queue, claimed(queue))
        ((due,),) = rows(file, "SELECT due FROM job")
        assert whole // 2 <= due - queue.clock.now() <= whole
        clock.uptime += due - queue.clock.now()


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


def test_no_wait_is_longer_than_the_longest_and_those_are_spread_too() -> None:
    paced = Backoff(first_ms=100, most_ms=5_000, budget=10, window_ms=60_000)
    chance = random.Random(1)
    waits = [paced.wait_ms(1, 1_000, chance) for _ in range(1_000)]
    assert 2_500 <= min(waits) < 3_000 < 4_500 < max(waits) <= 5_000


@pytest.fixture
def paced(file: Path, clock: HandClock) -> Iterator[Queue]:
    """A queue where three jobs of a kind may fail in a minute."""
    backoff = Backoff(first_ms=0, budget=3, window_ms=60_000)
    with Queue(file, clock=clock, backoff=backoff) as queue:
        yield queue


def waits_after_failures(queue: Queue, clock: HandClock, kind: str, jobs: int) -> list[int]:
    """Let new jobs of this kind fail, and return how long each of them waits."""
    numbers = [queue.enqueue(kind).id for _ in range(jobs)]
    for attempt in [claimed(queue, kind) for _ in numbers]:
        fail(queue, attempt)
    waits = dict(queue.query("SELECT id, due FROM job"))
    return [waits[number] - queue.clock.now() for number in numbers]


def test_the_retry_budget_counts_the_failures_of_all_jobs_of_a_kind(
    paced: Queue, clock: HandClock
) -> None:
    assert waits_after_failures(paced, clock, "bad", 4) == [0, 0, 60_000, 60_000]
    assert waits_after_failures(paced, clock, "good", 1) == [0]  # no failure of its own kind


def test_failures_are_counted_for_a_window_whatever_the_wall_clock_says(
    paced: Queue, clock: HandClock
) -> None:
    for _ in range(3):
        paced.enqueue("k", max_attempts=1)
        fail(paced, claimed(paced))
    clock.date += 3_600_000
    assert waits_after_failures(paced, clock, "k", 1) == [60_000]
    clock.advance(60_001)
    clock.date -= 7_200_000
    paced.cancel(4)
    assert waits_after_failures(paced, clock, "k", 1) == [0]


@in_a_file
def test_a_new_boot_counts_failures_on(paced: Queue, file: Path, clock: HandClock) -> None:
    """The clock of the queue goes on: a crash of the machine gives nobody new attempts."""
    for _ in range(3):
        paced.enqueue("k", max_attempts=1)
        fail(paced, claimed(paced))
    clock.reboot()
    with Queue(file, clock=clock, backoff=paced.line.backoff) as queue:
        assert waits_after_failures(queue, clock, "k", 1) == [60_000]
        clock.advance(80_000)  # in which the budget makes up for four
        assert waits_after_failures(queue, clock, "k", 1) == [0]


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"first_ms": -1}, {"window_ms": -1}])
def test_a_backoff_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadRequest, match="choose at least"):
        Backoff(**wrong)
