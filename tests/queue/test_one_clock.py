"""The clock of a queue: that of the boot, which nobody can set, and it goes on over boots."""

from pathlib import Path
from random import Random

import pytest

from impl import report
from impl.queue import Queue
from impl.standing import standing
from impl.terms.outcomes import Done
from impl.worker import Worker
from tests.clocks import HandClock

YEAR = 365 * 24 * 3_600_000


def due(queue: Queue) -> bool:
    return bool(queue.line.first(queue.store.own, ["k"]))


@pytest.mark.parametrize("moved", [-30 * YEAR, -7_200_000, 7_200_000, 30 * YEAR])
def test_a_wall_clock_that_is_put_right_moves_no_job(
    queue: Queue, clock: HandClock, moved: int
) -> None:
    queue.enqueue("k", delay=60)
    clock.date += moved
    clock.advance(59_999)
    assert not due(queue)
    clock.advance(1)
    assert due(queue)


def test_how_long_ago_something_was_is_told_right_whatever_became_of_the_wall_clock(
    queue: Queue, clock: HandClock
) -> None:
    queue.enqueue("k")
    Worker(queue, {"k": lambda attempt: None}).run(until_empty=True)
    clock.advance(5_000)
    clock.date += 7_200_000
    (past,) = report.job(queue, 1).history
    assert clock.date - past.begun == 5_000
    where = standing(queue, 1)
    assert where.status is not None
    assert where.now - where.status.at == 5_000


def test_a_delay_passes_while_the_machine_is_off(file: Path, clock: HandClock) -> None:
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k", delay=3_600)
    clock.date += 3_600_000 - 1
    clock.reboot()
    with Queue(file, clock=clock) as queue:
        assert not due(queue)
        clock.advance(1)
        assert due(queue)


def test_a_battery_that_is_empty_keeps_no_job_waiting_for_long(
    file: Path, clock: HandClock
) -> None:
    """The wall clock begins at 1970 with each boot, and the queue's goes on from the last step."""
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k", key="later", delay=60)
        clock.advance(50_000)
        queue.enqueue("other")
    for n in range(3):
        clock.date = 0
        clock.reboot()
        with Queue(file, clock=clock) as queue:
            assert not due(queue)
            clock.advance(3_000)
            queue.enqueue("other", key=f"{n}")
    with Queue(file, clock=clock) as queue:
        clock.advance(999)
        assert not due(queue)
        clock.advance(1)
        assert due(queue)


def test_a_lease_runs_on_over_a_boot_that_nobody_noticed_and_is_over_after_it(
    file: Path, clock: HandClock
) -> None:
    with Queue(file, clock=clock, lease_ms=10_000) as queue:
        queue.enqueue("k")
        worker = Worker(queue, {"k": lambda attempt: None})
        with queue.transaction() as t:
            assert isinstance(queue.line.claim(t, worker.process, ["k"], 10_000), Done)
    clock.reboot()
    with Queue(file, clock=clock, lease_ms=10_000) as queue:
        assert queue.recover() == 1
        assert report.job(queue, 1).line.status == "ready"


@pytest.mark.parametrize("seed", range(20))
def test_it_never_goes_back_behind_a_step_whatever_is_done_to_the_clocks(
    file: Path, clock: HandClock, seed: int
) -> None:
    chance, latest = Random(seed), 0
    for n in range(12):
        with Queue(file, clock=clock) as queue:
            for _ in range(chance.randrange(3)):
                clock.advance(chance.randrange(100_000))
                clock.date = max(0, clock.date + chance.randrange(-YEAR, YEAR))
            assert queue.clock.now() >= latest
            queue.enqueue("k", key=f"{n}")
            ((latest,),) = queue.query("SELECT at FROM trace ORDER BY seq DESC LIMIT 1")
            assert latest == queue.clock.now()
        if chance.random() < 0.7:
            clock.date = chance.choice([0, clock.date, clock.date + YEAR])
            clock.reboot()
