"""Who is next in line, whatever the wall clock does, and whoever else is there."""

from pathlib import Path

import pytest

from impl.queue import Queue
from impl.report import jobs, stats
from impl.sqlite.queue_store import in_file
from impl.worker import Worker
from impl.working.attempt import claim
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, fail, queue_worker, rows
from tests.stores import in_a_file

ON_BOTH = True

HOUR = 3_600_000


def next_in_line(queue: Queue, *kinds: str) -> str | None:
    """Return the key of the job that would be claimed now."""
    for (job,) in queue.line.first(queue.query, kinds or ("k",)):
        ((key,),) = queue.query("SELECT key FROM job WHERE id = ?", (job,))
        return str(key)
    return None


# ---------------------------------------------------------------- the wall clock


@pytest.mark.parametrize("jump", [-HOUR, HOUR, 24 * HOUR])
def test_a_job_without_a_delay_does_not_wait_for_the_wall_clock(
    queue: Queue, clock: HandClock, jump: int
) -> None:
    queue.enqueue("k", key="enqueued before")
    queue.enqueue("k", key="recovered")
    queue.enqueue("k", key="released")
    assert claimed(queue).key == "enqueued before"
    for _ in range(2):
        attempt = claimed(queue)
    clock.advance(10_000)
    with queue.transaction() as t:
        attempt.release(t, "stopping")
    assert queue.recover() == 2
    clock.date += jump
    queue.enqueue("k", key="enqueued after")
    keys = [claimed(queue).key for _ in range(4)]
    assert sorted(keys) == ["enqueued after", "enqueued before", "recovered", "released"]
    assert keys[-1] == "enqueued after"


@in_a_file
def test_a_pause_after_a_failure_is_not_measured_by_the_wall_clock(
    queue: Queue, clock: HandClock
) -> None:
    queue.enqueue("k", key="failed")
    fail(queue, claimed(queue))
    clock.date += HOUR
    assert next_in_line(queue) is None
    clock.date -= 2 * HOUR
    clock.uptime += 1_000  # the longest wait after one failure
    assert next_in_line(queue) == "failed"


@in_a_file
@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_a_job_with_a_delay_waits_for_no_wall_clock_that_is_put_right(
    queue: Queue, clock: HandClock, jump: int
) -> None:
    queue.enqueue("k", key="later", delay=60)
    clock.date += jump
    clock.uptime += 59_999
    assert next_in_line(queue) is None
    clock.uptime += 1
    assert next_in_line(queue) == "later"


@in_a_file
@pytest.mark.parametrize(("off_ms", "left_ms"), [(HOUR, 0), (10_000, 50_000)])
def test_a_delay_goes_on_over_a_boot(
    file: Path, clock: HandClock, off_ms: int, left_ms: int
) -> None:
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k", key="later", delay=60)
    clock.date += off_ms
    clock.reboot()
    with Queue(file, clock=clock) as queue:
        assert (next_in_line(queue) is None) is (left_ms > 0)
        clock.uptime += left_ms
        assert next_in_line(queue) == "later"


@in_a_file
def test_a_boot_with_a_dead_battery_does_not_put_the_clock_back(
    file: Path, clock: HandClock
) -> None:
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k", key="later", delay=60)
        began = in_file(queue.store).clock.ahead
    clock.date = 1_000  # in 1970
    clock.reboot()
    with Queue(file, clock=clock) as queue:
        assert queue.clock.now() >= began


def test_a_job_that_was_delayed_stands_where_it_became_due(queue: Queue, clock: HandClock) -> None:
    queue.enqueue("k", key="first")
    queue.enqueue("k", key="second", delay=1)
    clock.advance(2_000)
    queue.enqueue("k", key="third")
    assert [claimed(queue).key for _ in range(3)] == ["first", "second", "third"]


@in_a_file
def test_the_order_of_the_line_outlives_a_boot(file: Path, clock: HandClock) -> None:
    with Queue(file, clock=clock) as queue:
        for name in ("first", "second"):
            queue.enqueue("k", key=name)
            clock.advance(1)
    clock.reboot()
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k", key="third")
        assert [claimed(queue).key for _ in range(3)] == ["first", "second", "third"]


# ---------------------------------------------------------------- what is said of it


def test_reports_say_when_jobs_are_due_by_the_wall_clock(queue: Queue, clock: HandClock) -> None:
    queue.enqueue("k", key="now")
    queue.enqueue("k", key="later", delay=60)
    enqueued = clock.date
    clock.advance(5_000)
    assert [line.due for line in jobs(queue)] == [enqueued, enqueued + 60_000]
    assert stats(queue).oldest_due == 5_000
    claimed(queue)
    assert stats(queue).oldest_due is None
    clock.advance(56_000)
    assert stats(queue).oldest_due == 1_000
    clock.date -= HOUR
    assert stats(queue).oldest_due == 1_000  # it is not asked any more


def test_a_job_that_is_ready_has_been_due_for_no_less_when_the_wall_clock_goes_back(
    queue: Queue, clock: HandClock
) -> None:
    queue.enqueue("k")
    clock.advance(5_000)
    clock.date -= HOUR
    assert stats(queue).oldest_due == 5_000


# ---------------------------------------------------------------- those who are not served


@in_a_file
def test_jobs_of_kinds_that_nobody_here_knows_are_not_looked_at(
    queue: Queue, clock: HandClock
) -> None:
    """The store counts its own steps: a look past a thousand jobs takes about as many."""

    def steps_of_a_look(queue: Queue) -> int:
        counted = [0]

        def count() -> bool:
            counted[0] += 1
            return False

        connection = in_file(queue.store).connection
        connection.set_progress_handler(count, 1)
        assert next_in_line(queue, "mine", "mine too") is None
        assert queue.line.is_over(queue.query, ["mine", "mine too"])
        with queue.transaction() as t:
            assert claim(queue, t, queue_worker(queue, t), ["mine", "mine too"]) is None
        connection.set_progress_handler(None)
        return counted[0]

    for kind in ("other", "mine"):
        queue.enqueue(kind)
    claimed(queue, "mine")
    queue.cancel(2)
    before = steps_of_a_look(queue)
    with queue.transaction() as t:
        for n in range(1_000):
            queue.enqueue("other", delay=n % 2, within=t)
    clock.advance(10_000)
    assert steps_of_a_look(queue) < before + 100


@in_a_file
def test_a_worker_finds_its_kind_behind_any_number_of_others(queue: Queue, file: Path) -> None:
    with queue.transaction() as t:
        for _ in range(300):
            queue.enqueue("other", within=t)
        queue.enqueue("mine", within=t)
    assert Worker(queue, {"mine": lambda attempt: None}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT DISTINCT kind, token FROM job") == [
        ("other", 0),
        ("mine", 1),
    ]
