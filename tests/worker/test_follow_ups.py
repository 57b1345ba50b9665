"""What is to follow a job is put in by the transaction that makes it done, or not at all."""

import time
from pathlib import Path
from typing import Any

import pytest

from impl.lab import connections as lab
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.sqlite.space import PER_JOB
from impl.terms.requests import BadRequest
from impl.worker import Worker
from impl.working.attempt import Attempt, LostClaim, claim
from spec.queue.job import Worker as WorkerSort
from tests.queue.file.looking import rows
from tests.stores import in_a_file
from tests.worker.looking import enter, notes

ON_BOTH = True

JOBS = "SELECT key, kind, status FROM job ORDER BY id"


def charge(attempt: Attempt) -> None:
    attempt.follow_up("ship", {"order": 7})
    enter(attempt, "charged")


def begun(queue: Queue) -> Attempt:
    """Return an attempt, in hands of its own, that wants to be followed."""
    worker = queue.process(WorkerSort)
    with queue.transaction() as t:
        attempt = claim(queue, t, worker, ["charge"])
    assert attempt is not None
    assert attempt.start()
    attempt.follow_up("ship", {"by": attempt.number})
    return attempt


def nothing(attempt: Attempt) -> None:
    pass


def test_a_job_that_is_done_is_followed_by_another(queue: Queue, file: Path) -> None:
    queue.enqueue("charge", key="order 7")
    seen: list[Any] = []
    handlers = {"charge": charge, "ship": lambda attempt: seen.append(attempt.payload)}
    assert Worker(queue, handlers).run(until_empty=True) == {"done": 2}
    assert seen == [{"order": 7}]
    assert rows(file, JOBS) == [("order 7", "charge", "done"), ("order 7/ship/1", "ship", "done")]


def test_an_attempt_that_fails_is_followed_by_nothing(queue: Queue, file: Path) -> None:
    queue.enqueue("charge", key="order 7", max_attempts=2)

    def second_time_lucky(attempt: Attempt) -> None:
        charge(attempt)
        if attempt.number == 1:
            raise RuntimeError("boom")
        assert rows(file, JOBS) == [("order 7", "charge", "claimed")]

    assert Worker(queue, {"charge": second_time_lucky}).run(until_empty=True) == {
        "failed": 1,
        "done": 1,
    }
    assert [key for key, _, _ in rows(file, JOBS)] == ["order 7", "order 7/ship/1"]


def test_what_a_worker_that_lost_its_claim_wants_to_follow_is_not_put_in(
    queue: Queue, file: Path
) -> None:
    """FM-049: two workers have done the work, and one follow-up is there."""
    queue.enqueue("charge", key="order 7")
    queue.lease_ms = 1
    late = begun(queue)
    time.sleep(0.01)
    assert queue.recover() == 1
    queue.lease_ms = 30_000
    second = begun(queue)
    with pytest.raises(LostClaim), queue.transaction() as t:
        late.finish(t)
    with queue.transaction() as t:
        second.finish(t)
    with pytest.raises(LostClaim), queue.transaction() as t:
        late.finish(t)
    assert rows(file, "SELECT payload FROM job WHERE kind = 'ship'") == [('{"by": 2}',)]


def test_what_follows_has_the_options_of_any_job(queue: Queue, file: Path) -> None:
    queue.enqueue("k", key="job")

    def handler(attempt: Attempt) -> None:
        attempt.follow_up("a", key="mine", max_attempts=7, timeout=5, delay=3600)
        attempt.follow_up("b", unique="the index")
        attempt.follow_up("b", unique="the index")
        attempt.follow_up("b")

    Worker(queue, {"k": handler}).run(until_empty=True)
    asked = "SELECT key, kind, max_fails, timeout_ms, subject FROM job WHERE id > 1 ORDER BY id"
    assert rows(file, asked) == [
        ("mine", "a", 7, 5_000, None),
        ("job/b/1", "b", 3, 300_000, "the index"),
        ("job/b/3", "b", 3, 300_000, None),
    ]


def test_a_follow_up_under_the_key_of_another_job_fails_the_attempt_as_a_whole(
    queue: Queue, file: Path
) -> None:
    queue.enqueue("other", key="taken")
    queue.enqueue("k", key="job", max_attempts=1)

    def handler(attempt: Attempt) -> None:
        enter(attempt, "written")
        attempt.follow_up("ship", key="new")
        attempt.follow_up("ship", key="taken")

    assert Worker(queue, {"k": handler}).run(until_empty=True) == {"failed": 1}
    assert [key for key, _, _ in rows(file, JOBS)] == ["taken", "job"]
    assert rows(file, "SELECT what FROM ledger") == []
    ((_, note),) = notes(file)
    assert note is not None
    assert "key 'taken': is that of job 1" in note


@pytest.mark.parametrize(
    ("kind", "options"),
    [("", {}), ("a/b", {}), (7, {}), ("a", {"timeout": 0}), ("a", {"key": ""}),
     ("a", {"max_attempts": 0}), ("a", {"payload": b"x"})],
)  # fmt: skip
def test_a_follow_up_that_cannot_be_is_refused_at_once(
    queue: Queue, kind: Any, options: Any
) -> None:
    queue.enqueue("k")
    refused = []

    def handler(attempt: Attempt) -> None:
        with pytest.raises(BadRequest) as wrong:
            attempt.follow_up(kind, **options)
        refused.append(wrong)

    assert Worker(queue, {"k": handler}).run(until_empty=True) == {"done": 1}
    assert len(refused) == 1


def test_an_attempt_that_is_over_can_be_followed_by_nothing_more(queue: Queue) -> None:
    queue.enqueue("k")
    kept: list[Attempt] = []
    Worker(queue, {"k": kept.append}).run(until_empty=True)
    with pytest.raises(LostClaim):
        kept[0].follow_up("ship")


@in_a_file
def test_where_there_is_no_room_for_what_follows_the_job_is_given_back(
    queue: Queue, file: Path
) -> None:
    """It fails for nothing of its own, and the worker goes on with others, which make room."""
    queue.enqueue("charge", key="order 7")
    queue.enqueue("other")
    store = in_file(queue.store)
    pages = store.connection.pragma("page_count")

    def full(attempt: Attempt) -> None:
        charge(attempt)
        lab.limit(store, pages + 4 * PER_JOB // 4096 if attempt.number == 1 else 1_000_000)

    handlers = {"charge": full, "other": nothing, "ship": nothing}
    assert Worker(queue, handlers).run(until_empty=True) == {"released": 1, "done": 3}
    (first, *_) = notes(file)
    assert first[0] == "settle_released"
    assert "has room for" in str(first[1])
    assert rows(file, "SELECT fails, interrupts FROM job WHERE id = 1") == [(0, 1)]
