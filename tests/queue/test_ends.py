"""What can be done with a job that has died or waits, and who hears of a death."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from impl import report
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.terms.backoff import Backoff
from impl.terms.outcomes import Refused
from impl.terms.requests import BadRequest
from impl.worker import Worker
from impl.working.attempt import Attempt, LostClaim
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, rows, status
from tests.stores import in_a_file

ON_BOTH = True


def dead_job(queue: Queue, handler: Callable[[Attempt], None], **given: Any) -> int:
    job = queue.enqueue("k", max_attempts=1, **given).id
    Worker(queue, {"k": handler}).run(until_empty=True)
    return job


def boom(attempt: Attempt) -> None:
    raise RuntimeError("boom")


def test_a_dead_job_is_retried_as_a_new_one_and_once(queue: Queue, file: Path) -> None:
    job = dead_job(queue, boom, payload=[1], key="order 7", timeout=5)
    again = queue.retry(job)
    assert (again.new, queue.retry(job)) == (True, queue.retry(job))
    assert not queue.retry(job).new
    assert status(file) == {1: "dead", 2: "ready"}
    assert rows(file, "SELECT kind, payload, timeout_ms, retry_of FROM job WHERE id = 2") == [
        ("k", "[1]", 5000, 1)
    ]
    assert rows(file, "SELECT fails, max_fails, token FROM job WHERE id = 2") == [(0, 1, 0)]


def test_a_retry_of_a_retry_is_known_outside_by_the_first_key(queue: Queue) -> None:
    job = dead_job(queue, boom, key="order 7")
    keys = []

    def see(attempt: Attempt) -> None:
        keys.append(attempt.key)
        raise RuntimeError("boom")

    for _ in range(3):
        job = queue.retry(job).id
        Worker(queue, {"k": see}).run(until_empty=True)
    assert keys == ["order 7"] * 3


@pytest.fixture
def hasty(file: Path, clock: HandClock) -> Iterator[Queue]:
    """A queue in which a failed job is tried again at once."""
    with Queue(file, clock=clock, backoff=Backoff(first_ms=0)) as opened:
        yield opened


def test_tokens_grow_over_all_retries_of_a_key(hasty: Queue) -> None:
    """A receiver refuses smaller ones than it has seen: a retry must not begin below them."""
    job = hasty.enqueue("k", key="order 7", max_attempts=3).id
    hasty.enqueue("other", key="order 8")
    tokens, numbers = [], []

    def see(attempt: Attempt) -> None:
        assert attempt.key == "order 7"
        tokens.append(attempt.token)
        numbers.append(attempt.number)
        raise RuntimeError("boom")

    for _ in range(3):
        Worker(hasty, {"k": see}).run(until_empty=True)
        assert report.job(hasty, job).token == tokens[-1]
        job = hasty.retry(job).id
    assert tokens == [(1, n) for n in range(1, 10)]
    assert numbers == [1, 2, 3] * 3
    assert claimed(hasty, "other").token == (1, 1)  # another key has an order of its own


def test_a_retry_of_a_job_that_was_cancelled_while_it_ran_has_a_larger_token(
    queue: Queue, clock: HandClock
) -> None:
    job = queue.enqueue("k", key="order 7").id
    late = [claimed(queue)]
    clock.advance(10_000)
    queue.recover()
    late.append(claimed(queue))
    queue.cancel(job)
    again = queue.retry(job).id
    fresh = claimed(queue)
    assert fresh.id == again
    assert [a.token for a in (*late, fresh)] == [(1, 1), (1, 2), (1, 3)]
    with pytest.raises(LostClaim):
        late[-1].once("effect")
    assert fresh.start()


def test_a_retry_takes_no_key_of_anybodys(queue: Queue, file: Path) -> None:
    """Nor does somebody's key keep a job from being tried again, or length, or number."""
    longest = "k" * 500
    for key in ("x", longest):
        job = dead_job(queue, boom, key=key)
        others = [queue.enqueue("other", key=f"{key}/retry"[-500:]).id]
        for _ in range(5):
            again = queue.retry(job)
            assert (again.new, again.key) == (True, key)
            assert queue.retry(job) == replace(again, new=False)
            queue.cancel(again.id)
            job = again.id
        others.append(queue.enqueue("other", key=f"{key[:400]}/retry/retry").id)
        assert all(status(file)[other] == "ready" for other in others)
        # The key is still that of the first job, for whoever asks again.
        assert not queue.enqueue("k", key=key, max_attempts=1).new


def test_a_retry_does_not_repeat_the_steps_that_are_done(queue: Queue, file: Path) -> None:
    queue.define("CREATE TABLE ledger (what TEXT)")
    asked: list[int] = []

    def half(attempt: Attempt) -> None:
        attempt.once("debit", ("INSERT INTO ledger VALUES (?)", ("debit",)))
        asked.append(attempt.result("price", lambda: len(asked) + 41))
        if attempt.id == 1:
            raise RuntimeError("the credit fails")

    job = dead_job(queue, half)
    assert rows(file, "SELECT letter FROM job") == [("half",)]
    queue.retry(job)
    Worker(queue, {"k": half}).run(until_empty=True)
    assert status(file) == {1: "dead", 2: "done"}
    assert rows(file, "SELECT what FROM ledger") == [("debit",)]
    assert asked == [41, 41]


@pytest.mark.parametrize("state", ["ready", "claimed", "done"])
def test_only_a_dead_job_is_retried(queue: Queue, file: Path, state: str) -> None:
    queue.enqueue("k")
    if state == "claimed":
        claimed(queue)
    if state == "done":
        Worker(queue, {"k": lambda attempt: None}).run(until_empty=True)
    with pytest.raises(BadRequest, match=f"job 1: is {state}; only a dead job can be retried"):
        queue.retry(1)
    with pytest.raises(BadRequest, match="job 7: is not in the queue"):
        queue.retry(7)
    assert len(status(file)) == 1


def test_a_dead_job_whose_effect_was_made_is_not_retried(
    queue: Queue, clock: HandClock, file: Path
) -> None:
    """Workers of this queue record and settle in one step; the spec knows others."""
    queue.enqueue("k", max_interrupts=1)
    attempt = claimed(queue)
    attempt.start()
    with queue.transaction() as t:
        for action in ("write_first", "write_second", "record"):
            assert not isinstance(t.take(action, attempt.worker), Refused)
    clock.advance(10_000)
    queue.recover()
    assert rows(file, "SELECT status, letter FROM job") == [("dead", "applied")]
    with pytest.raises(BadRequest, match="its effect was made before it died"):
        queue.retry(1)


def test_a_job_that_waits_is_cancelled(queue: Queue, file: Path) -> None:
    queue.enqueue("k")
    queue.cancel(1)
    assert rows(file, "SELECT status, reason, interrupts FROM job") == [("dead", "cancelled", 0)]
    assert Worker(queue, {"k": boom}).run(until_empty=True) == {}
    with pytest.raises(BadRequest, match="job 1: is done or dead; nothing is left"):
        queue.cancel(1)
    with pytest.raises(BadRequest, match="job 2: is not in the queue"):
        queue.cancel(2)


@in_a_file
def test_a_job_that_is_cancelled_can_be_settled_no_more(queue: Queue, file: Path) -> None:
    queue.define("CREATE TABLE ledger (what TEXT) STRICT")
    queue.enqueue("k")

    def cancelled(attempt: Attempt) -> None:
        attempt.write("INSERT INTO ledger VALUES ('done')")
        with Queue(file, clock=in_file(queue.store).clock.machine) as client:
            client.cancel(attempt.id)

    assert Worker(queue, {"k": cancelled}).run(until_empty=True) == {"lost": 1}
    assert rows(file, "SELECT status, reason, interrupts FROM job") == [("dead", "cancelled", 1)]
    assert rows(file, "SELECT count(*) FROM ledger") == [(0,)]
    assert rows(file, "SELECT due, lease, deadline FROM job") == [(None, None, None)]
    assert queue.recover() == 0


def test_each_death_is_announced_with_its_reason(queue: Queue, file: Path) -> None:
    dead_job(queue, boom)
    told: list[tuple[int, str]] = []
    assert queue.announce(lambda *death: told.append(death)) == 1
    assert queue.announce(lambda *death: told.append(death)) == 0
    assert told == [(1, "failures")]
    assert rows(file, "SELECT notice FROM job") == [("sent",)]


def test_a_notice_that_nobody_took_is_given_again(
    queue: Queue, clock: HandClock, file: Path
) -> None:
    dead_job(queue, boom)

    def deaf(job: int, reason: str) -> None:
        raise ConnectionError("nobody there")

    assert queue.announce(deaf) == 0
    assert rows(file, "SELECT notice FROM job") == [("due",)]
    assert queue.announce(lambda *_: None) == 0  # it waits, as a job that has failed does
    clock.advance(1_000)
    assert queue.announce(lambda *_: None) == 1
