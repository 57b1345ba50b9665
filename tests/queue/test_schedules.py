"""A job for each moment of a schedule, whoever asks, and whatever befalls who asks."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from checker.conformance.validating.validate import validate
from impl.parts.asking import Enqueued
from impl.queue import Queue
from impl.terms.requests import BadRequest
from impl.upgrades.export import exported
from impl.upgrades.intake import take_in
from impl.worker import Worker
from tests.clocks import HandClock

ON_BOTH = True
HOUR = 3_600


@pytest.fixture(autouse=True)
def is_a_run_of_the_spec(queue: Queue, file: Path) -> Iterator[None]:
    yield
    assert validate(str(file)).finding is None


def at(*made: Enqueued) -> list[str]:
    """Return the moments of jobs, by their keys."""
    return [job.key.rpartition(" at ")[2] for job in made]


def set_to(clock: HandClock, moment: str) -> None:
    ms = int(datetime.fromisoformat(moment).timestamp() * 1000)
    clock.advance(ms - clock.wall())


def test_each_moment_has_one_job_however_often_it_is_asked_for(
    queue: Queue, clock: HandClock
) -> None:
    set_to(clock, "2040-05-01T09:59:59+00:00")
    assert at(*queue.every("report", HOUR)) == ["2040-05-01T09:00:00Z"]
    assert queue.every("report", HOUR) == []
    clock.advance(1_000)
    (made,) = queue.every("report", HOUR)
    assert queue.query("SELECT payload FROM job WHERE id = ?", (made.id,)) == [
        ('"2040-05-01T10:00:00Z"',)
    ]
    assert queue.every("report", HOUR) == []
    # Another period, or another kind, is another schedule.
    assert [len(queue.every(kind, s)) for kind, s in (("report", 60), ("other", HOUR))] == [1, 1]


@pytest.mark.parametrize(("catch_up", "hours"), [(1, [15]), (3, [13, 14, 15]), (9, range(11, 16))])
def test_of_what_was_missed_the_last_moments_are_made_up_for(
    queue: Queue, clock: HandClock, catch_up: int, hours: list[int]
) -> None:
    set_to(clock, "2040-05-01T10:30:00+00:00")
    queue.every("report", HOUR)
    set_to(clock, "2040-05-01T15:30:00+00:00")
    made = queue.every("report", HOUR, catch_up=catch_up)
    assert at(*made) == [f"2040-05-01T{hour}:00:00Z" for hour in hours]
    assert queue.every("report", HOUR, catch_up=9) == []


def test_a_clock_that_is_put_back_lets_no_moment_come_twice(queue: Queue, clock: HandClock) -> None:
    set_to(clock, "2040-05-01T10:30:00+00:00")
    queue.every("report", HOUR)
    for moment, jobs in (("09:30", 0), ("10:10", 0), ("11:00", 1)):
        clock.date = int(datetime.fromisoformat(f"2040-05-01T{moment}+00:00").timestamp() * 1000)
        assert len(queue.every("report", HOUR)) == jobs


def test_a_moment_whose_job_is_forgotten_is_not_served_again(
    retaining: Queue, queue: Queue, clock: HandClock
) -> None:
    set_to(clock, "2040-05-01T00:00:00+00:00")
    assert len(queue.every("report", 24 * HOUR)) == 1
    Worker(queue, {"report": lambda attempt: None}).run(until_empty=True)
    clock.advance(2 * HOUR * 1000)
    assert retaining.prune() == 1
    assert queue.every("report", 24 * HOUR, catch_up=2) == []


def test_many_at_once_serve_a_moment_once(shared: Queue, file: Path, queue: Queue) -> None:
    def ask(_: int) -> int:
        with Queue(file, busy_ms=60_000) as mine:
            return len(mine.every("report", 3 * 365 * 24 * HOUR))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(ask, range(8))) == 1
    assert shared.query("SELECT count(*) FROM job") == [(1,)]


DIES = """\
import os, sys
from impl.parts import schedules
from impl.queue import Queue

with Queue(sys.argv[1]) as queue:
    put_in = schedules._put_in
    def put_in_and_die(*given):
        assert put_in(*given).new
        os._exit(9)
    schedules._put_in = put_in_and_die
    queue.every("report", 3600)
"""


def test_who_dies_in_between_leaves_the_moment_to_the_next(
    shared: Queue, file: Path, queue: Queue
) -> None:
    shared.query("SELECT 1")
    assert subprocess.run([sys.executable, "-c", DIES, str(file)]).returncode == 9
    assert shared.query("SELECT count(*) FROM job") == [(0,)]
    assert len(shared.every("report", HOUR)) == 1


def test_a_queue_that_is_taken_in_elsewhere_knows_what_was_served(
    queue: Queue, clock: HandClock, tmp_path: Path
) -> None:
    queue.every("report", HOUR)
    take_in(tmp_path / "other.db", (line.encode() for line in exported(queue)))
    with Queue(tmp_path / "other.db", clock=clock) as other:
        assert other.every("report", HOUR) == []
        clock.advance(HOUR * 1000)
        assert len(other.every("report", HOUR)) == 1


@pytest.mark.parametrize("seed", range(3))
def test_whenever_it_is_asked_for_the_moments_are_those_that_came(
    queue: Queue, clock: HandClock, seed: int
) -> None:
    """Counted by hand: a moment is skipped only if more have come since than are caught up."""
    chance, wanted = Random(seed), list[int]()
    period = chance.choice([7, 60, HOUR])
    last = clock.wall() // 1000 // period - 1
    for _ in range(15):
        catch_up, now = chance.randint(1, 4), clock.wall() // 1000 // period
        wanted += [n for n in range(last + 1, now + 1) if now - n < catch_up]
        queue.every("k", period, catch_up=catch_up)
        last = now
        clock.advance(chance.randrange(3 * period * 1000))
    found = [payload for (payload,) in queue.query("SELECT payload FROM job ORDER BY id")]
    moments = [int(datetime.fromisoformat(p.strip('"')).timestamp()) // period for p in found]
    assert moments == wanted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"seconds": 0}, "seconds: is 0"),
        ({"seconds": 1.5}, "seconds: is of type float"),
        ({"seconds": 1, "catch_up": 0}, "catch_up: is 0"),
        ({"seconds": 1, "kind": ""}, "kind: is empty"),
    ],
)
def test_what_is_no_schedule_is_refused(queue: Queue, given: dict[str, object], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        queue.every(**{"kind": "k", **given})  # type: ignore[arg-type]
