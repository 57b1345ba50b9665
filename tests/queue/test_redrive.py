"""Dead jobs are put in again together, and each for itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from impl.parts.asking import Asking, Enqueued
from impl.queue import Queue
from impl.terms.backoff import Backoff
from impl.terms.requests import BadRequest
from impl.worker import Worker
from impl.working.attempt import Attempt, claim
from tests.clocks import HandClock
from tests.queue.file.looking import queue_worker, rows, status

ON_BOTH = True


def boom(_: Attempt) -> None:
    raise RuntimeError("boom")


@pytest.fixture
def queue(file: Path, clock: HandClock) -> Iterator[Queue]:
    with Queue(file, clock=clock, backoff=Backoff(first_ms=0)) as opened:
        yield opened


def die(queue: Queue, *kinds: str) -> list[int]:
    jobs = [queue.enqueue(kind, max_attempts=1).id for kind in kinds]
    Worker(queue, dict.fromkeys(kinds, boom)).run(until_empty=True)
    return jobs


def test_every_dead_job_is_put_in_again_the_oldest_first_and_once(queue: Queue, file: Path) -> None:
    die(queue, "a", "b", "a")
    redriven = queue.redrive()
    assert [made.id for made in redriven.made] == [4, 5, 6]
    assert redriven.left == {}
    assert rows(file, "SELECT id, retry_of FROM job WHERE status = 'ready' ORDER BY id") == [
        (4, 1),
        (5, 2),
        (6, 3),
    ]
    assert queue.redrive().made == ()
    assert len(status(file)) == 6


def test_of_one_kind_alone_if_it_is_said(queue: Queue, file: Path) -> None:
    die(queue, "a", "b")
    assert len(queue.redrive("b").made) == 1
    assert rows(file, "SELECT retry_of FROM job WHERE status = 'ready'") == [(2,)]
    assert queue.redrive("c").made == ()


def test_what_was_cancelled_or_done_or_put_in_again_before_is_left_alone(
    queue: Queue, file: Path
) -> None:
    first, _ = die(queue, "a", "a")
    queue.retry(first)
    queue.cancel(queue.enqueue("a").id)
    Worker(queue, {"a": lambda _: None}).run(until_empty=True)  # job 1's retry
    assert status(file) == {1: "dead", 2: "dead", 3: "done", 4: "dead"}
    assert [made.id for made in queue.redrive().made] == [5]
    assert rows(file, "SELECT retry_of FROM job WHERE id = 5") == [(2,)]


def test_a_job_that_has_to_be_left_keeps_no_other_from_being_put_in(queue: Queue) -> None:
    """As a batch that is refused for one of its items would."""
    job = queue.enqueue("a", max_attempts=1, unique="the report").id
    Worker(queue, {"a": boom}).run(until_empty=True)
    die(queue, "a")
    queue.enqueue("a", unique="the report")
    redriven = queue.redrive()
    assert [made.new for made in redriven.made] == [True]
    assert redriven.left == {
        job: "job 3 is about the same, 'the report', and keeps it out; wait until that one is over"
    }


def test_they_come_due_one_after_the_other(queue: Queue, clock: HandClock) -> None:
    """What they all need was away, and would be asked by all of them at once."""
    die(queue, "a", "a", "a", "a")
    queue.redrive(spread=10)
    found: list[int] = []
    for _ in range(5):
        with queue.transaction() as t:
            while (attempt := claim(queue, t, queue_worker(queue, t), ["a"])) is not None:
                found.append(attempt.id)
        found.append(0)
        clock.advance(2_500)
    assert found == [5, 0, 6, 0, 7, 0, 8, 0, 0]


def test_a_job_that_dies_again_meanwhile_is_not_put_in_again_without_end(
    queue: Queue, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is quicker than whoever redrives would keep it at it for ever."""
    die(queue, "a", "a")
    retry, dies = Asking.retry, iter(range(10))

    def and_die(asking: Asking, job: int, delay_ms: int = 0) -> Enqueued:
        made = retry(asking, job, delay_ms)
        clock.advance(1)
        Worker(queue, {"a": boom}).run(until_empty=True)
        next(dies)
        return made

    monkeypatch.setattr("impl.parts.redriving._AT_ONCE", 1)
    monkeypatch.setattr(Asking, "retry", and_die)
    assert [made.id for made in queue.redrive().made] == [3, 4]
    assert [made.id for made in queue.redrive().made] == [5, 6]


@pytest.mark.parametrize("spread", [-1, float("nan"), "soon"])
def test_a_spread_that_is_no_time_is_refused(queue: Queue, file: Path, spread: float) -> None:
    die(queue, "a")
    with pytest.raises(BadRequest, match=r"^spread: is "):
        queue.redrive(spread=spread)
    assert status(file) == {1: "dead"}
