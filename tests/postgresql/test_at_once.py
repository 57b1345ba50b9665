"""Two at once on a server: whoever waits for the other goes by what is there then."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from checker.conformance.validating.validate import validate
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.terms.outcomes import Done, OutcomeUnknown
from impl.terms.unusable import StoreError
from impl.worker import Worker
from impl.working.attempt import LostClaim
from spec.queue.job import Worker as WorkerSort
from tests.postgresql.waiting import waits
from tests.queue.file.looking import claimed, fail, queue_worker
from tests.stores import address
from tests.worker.looking import AT_ONCE


@pytest.fixture
def queue(server: Server) -> Iterator[Queue]:
    with Queue(address(server), lease_ms=1_000, backoff=AT_ONCE) as opened:
        yield opened
        assert validate(opened.store.address).finding is None


@pytest.fixture
def again(queue: Queue) -> Iterator[Queue]:
    """Return the same queue for somebody else."""
    with queue.again() as opened:
        yield opened


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as running:
        yield running


def test_two_who_ask_for_one_key_get_one_job(
    server: Server, queue: Queue, again: Queue, pool: ThreadPoolExecutor
) -> None:
    with queue.transaction() as t:
        first = queue.enqueue("k", 1, key="one", within=t)
        other = pool.submit(again.enqueue, "k", 1, key="one")
        waits(server, other)
    second = other.result()
    assert (first.new, second.new, second.id) == (True, False, first.id)


@pytest.mark.parametrize("kept", [True, False])
def test_of_two_who_ask_for_jobs_about_the_same_one_is_kept_out_if_the_other_stays(
    server: Server, queue: Queue, again: Queue, pool: ThreadPoolExecutor, kept: bool
) -> None:
    with suppress(ZeroDivisionError), queue.transaction() as t:
        first = queue.enqueue("k", 1, unique="x", within=t)
        other = pool.submit(again.enqueue, "k", 2, unique="x")
        waits(server, other)
        if not kept:
            raise ZeroDivisionError
    second = other.result()
    assert (second.kept_out, second.new) == (kept, not kept)
    assert (second.id == first.id) is kept


def test_who_asks_while_the_one_about_the_same_is_being_done_waits_for_nobody(
    queue: Queue, again: Queue
) -> None:
    queue.enqueue("k", unique="x")
    attempt = claimed(queue)
    attempt.start()
    with queue.transaction() as t:
        attempt.finish(t)
        assert again.enqueue("k", unique="x").kept_out  # it is not over before that is committed
    assert again.enqueue("k", unique="x").new


def test_many_at_once_put_in_one_at_a_time_about_the_same(queue: Queue) -> None:
    def work(_: int) -> list[tuple[bool, bool]]:
        found = []
        with queue.again() as mine:
            for n in range(30):
                made = mine.enqueue("k", unique="xyz"[n % 3], unique_until="claimed")
                found.append((made.new, made.kept_out))
                if n % 4 == 0 and mine.line.first(mine.store.own, ["k"]):
                    with mine.transaction() as t:
                        mine.line.claim(t, queue_worker(mine, t), ["k"], 60_000)
        return found

    with ThreadPoolExecutor(4) as pool:
        found = [each for some in pool.map(work, range(4)) for each in some]
    assert all(new is not kept_out for new, kept_out in found)
    ((jobs,),) = queue.query("SELECT count(*) FROM job")
    assert sum(new for new, _ in found) == jobs > 6
    twice = "SELECT subject FROM job WHERE token = 0 GROUP BY subject HAVING count(*) > 1"
    assert queue.query(twice) == []


def test_two_who_retry_a_dead_job_make_one(
    queue: Queue, again: Queue, pool: ThreadPoolExecutor
) -> None:
    queue.enqueue("k", max_attempts=1)
    fail(queue, claimed(queue))
    found = list(pool.map(lambda q: q.retry(1), [queue, again]))
    assert sorted(each.new for each in found) == [False, True]
    assert len({each.id for each in found}) == 1


def test_two_who_claim_get_two_jobs_and_neither_waits(queue: Queue, again: Queue) -> None:
    for key in ("first", "second"):
        queue.enqueue("k", key=key)
    with queue.transaction() as t:
        outcome = queue.line.claim(t, queue_worker(queue, t), ["k"], 1_000)
        assert isinstance(outcome, Done)
        assert outcome.beside[1] == b"first"
        assert claimed(again).key == "second"


def test_a_claim_waits_for_whoever_is_pausing_its_kind(
    server: Server, queue: Queue, again: Queue, pool: ThreadPoolExecutor
) -> None:
    queue.enqueue("k")
    with queue.transaction() as t:
        t.own("INSERT INTO paused VALUES ('k', 0, 'me', 1)")
        other = pool.submit(_claim_or_none, again)
        waits(server, other)
    assert other.result() == "unpaused"


def test_a_lease_that_runs_out_while_its_row_is_locked_is_not_renewed(
    server: Server, queue: Queue, again: Queue, pool: ThreadPoolExecutor
) -> None:
    """Whoever read the clock before waiting would take the deadline for still ahead."""
    queue.enqueue("k", timeout=0.5)
    attempt = claimed(queue)
    with server.connect() as other:
        other.execute(f"SET search_path = {queue.store.address.partition('#')[2]}")
        with other.transaction():
            other.execute("SELECT 1 FROM job FOR UPDATE")
            renewed = pool.submit(attempt.heartbeat, again)
            waits(server, renewed)
            time.sleep(0.6)
    with pytest.raises(LostClaim, match="in_time"):
        renewed.result()


def test_a_message_is_taken_by_one_of_two(queue: Queue, again: Queue) -> None:
    queue.enqueue("tell")
    Worker(queue, {"tell": lambda attempt: attempt.send("mail", 1)}).run(until_empty=True)
    heard: list[object] = []
    both = threading.Barrier(2)

    def deliver(one: Queue) -> None:
        both.wait()
        one.deliver({"mail": lambda message: heard.append(message.body)})

    threads = [threading.Thread(target=deliver, args=(one,)) for one in (queue, again)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == [1]


@pytest.mark.deep
def test_whoever_sleeps_in_a_transaction_keeps_no_job_for_ever(queue: Queue, again: Queue) -> None:
    """The server ends the transaction after ten seconds; until then recovery says what it is."""
    queue.enqueue("k")
    attempt = claimed(queue)
    with pytest.raises(StoreError), queue.transaction() as t:
        attempt._fence(t, "heartbeat")  # and now the process is stopped
        until = time.monotonic() + 20
        while not _recovered(again):
            assert time.monotonic() < until
    assert again.query("SELECT status, interrupts FROM job") == [("ready", 1)]


@pytest.mark.deep
def test_whoever_only_reads_may_think_for_as_long_as_it_takes(queue: Queue) -> None:
    queue.enqueue("k")
    with queue.snapshot() as t:
        assert t.own("SELECT count(*) FROM job") == [(1,)]
        ((limit,),) = t.own("SELECT current_setting('idle_in_transaction_session_timeout')")
        assert limit == "0"
    with queue.transaction() as t:
        ((limit,),) = t.own("SELECT current_setting('idle_in_transaction_session_timeout')")
        assert limit == "10s"


def test_a_constraint_of_users_that_is_asked_at_the_end_is_an_answer(queue: Queue) -> None:
    """It fails again however often it is tried, unlike a store that cannot be used."""
    queue.define("CREATE TABLE parent (id bigint PRIMARY KEY)")
    queue.define("CREATE TABLE child (id bigint REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    orphan = "INSERT INTO child VALUES (99)"
    queue.enqueue("written", max_attempts=1)
    worker = Worker(queue, {"written": lambda attempt: attempt.write(orphan)})
    assert worker.run(until_empty=True) == {"failed": 1}
    with pytest.raises(psycopg.errors.ForeignKeyViolation), queue.transaction() as t:
        t.execute(orphan)
    assert queue.query("SELECT status FROM job") == [("dead",)]


def test_a_commit_that_no_standby_has_confirmed_is_unknown(queue: Queue, server: Server) -> None:
    worker = queue.process(WorkerSort)
    with server.connect() as other:
        other.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        other.execute("SELECT pg_reload_conf()")
        try:
            canceller = threading.Thread(target=_cancel_when_waiting, args=(other,))
            canceller.start()
            with pytest.raises(OutcomeUnknown, match="a standby has not confirmed it"):
                queue.enqueue("k", key="perhaps")
            canceller.join()
        finally:
            other.execute("ALTER SYSTEM RESET synchronous_standby_names")
            other.execute("SELECT pg_reload_conf()")
    assert not queue.enqueue("k", key="perhaps").new
    assert worker.doubt is None


def _cancel_when_waiting(other: psycopg.Connection) -> None:
    asked = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    while not other.execute(asked).fetchall():
        time.sleep(0.02)


def _claim_or_none(queue: Queue) -> str:
    worker = queue.process(WorkerSort)
    with queue.transaction() as t:
        outcome = t.take("claim", worker, j=0, world={"known": True}, lasts={"lease": 1_000})
    return getattr(outcome, "guard", "claimed")


def _recovered(queue: Queue) -> bool:
    try:
        return queue.recover() == 1
    except StoreError:
        return False


class Lost:
    """A connection that its client loses when it commits, and whose server is at it a while."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, text: Any, *more: Any, **how: Any) -> Any:
        if text == "COMMIT":
            threading.Timer(0.5, self._commit).start()
            raise psycopg.OperationalError("the connection is lost")
        return self._connection.execute(text, *more, **how)

    def close(self) -> None:
        """Leave the server to what it does."""

    def _commit(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.close()


def test_a_commit_that_is_under_way_when_its_connection_is_lost_is_waited_for(
    queue: Queue, again: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look at the trace alone would say that nothing was done, and then it is."""
    queue.enqueue("mail", key="first")
    monkeypatch.setattr(queue.store, "_open", Lost(queue.store.connection))  # type: ignore[attr-defined]
    assert queue.enqueue("mail", key="ann").new
    assert not again.enqueue("mail", key="ann").new
