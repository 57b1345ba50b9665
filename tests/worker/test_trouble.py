"""A store that cannot be used, and a watch that meets what it did not expect, cost no job."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from checker.conformance.validating.validate import validate
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.terms.interrupt import Interrupted
from impl.terms.outcomes import OutcomeUnknown
from impl.terms.unusable import OtherHistory, StoreError
from impl.worker import NOT_RENEWED, Worker
from impl.working.attempt import Attempt
from tests.queue.file.looking import rows
from tests.worker.looking import AT_ONCE, enter, notes


def blocking(file: Path) -> apsw.Connection:
    """Return a connection that keeps the store locked until it is closed."""
    blocker = apsw.Connection(str(file))
    blocker.set_busy_timeout(60_000)
    blocker.execute("BEGIN IMMEDIATE")
    return blocker


@contextmanager
def locked(file: Path, seconds: float) -> Iterator[None]:
    """Keep the store locked from now on, for so long."""
    blocker = blocking(file)
    timer = threading.Timer(seconds, blocker.close)
    timer.start()
    yield
    timer.join()


def opened(file: Path, lease_ms: int = 30_000) -> Queue:
    queue = Queue(file, lease_ms=lease_ms, busy_ms=20, backoff=AT_ONCE)
    queue.define("CREATE TABLE ledger (what TEXT NOT NULL UNIQUE) STRICT")
    return queue


ENTRY = ("INSERT INTO ledger VALUES ('entry')", ())
STEPS: list[Callable[[Attempt], object]] = [
    lambda attempt: attempt.once("entry", ENTRY),
    lambda attempt: attempt.result("entry", lambda: 1),
]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_waits_for_a_store_that_is_locked(
    file: Path, step: Callable[[Attempt], object]
) -> None:
    with opened(file) as queue:
        queue.enqueue("k", max_attempts=1)

        def lock_and_step(attempt: Attempt) -> None:
            with locked(file, 0.3):
                step(attempt)

        assert Worker(queue, {"k": lock_and_step}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT token, fails, interrupts FROM job") == [(1, 0, 0)]
    assert rows(file, "SELECT count(*) FROM checkpoint") == [(1,)]


def test_a_handler_is_entered_once_the_store_can_be_read_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, calls = Attempt.start, itertools.count()

    def start_later(attempt: Attempt) -> bool:
        if next(calls) < 2:
            raise StoreError(file, "cannot be read", "try again")
        return start(attempt)

    monkeypatch.setattr(Attempt, "start", start_later)
    with opened(file) as queue:
        queue.enqueue("k", max_attempts=1)
        assert Worker(queue, {"k": lambda attempt: None}).run(until_empty=True) == {"done": 1}


def test_a_store_that_stays_locked_is_no_failure_of_the_handler(file: Path) -> None:
    """The step gives up after the time of a lease, and the job is given back, or is recovered first
    where the machine is slow.
    """
    with opened(file, lease_ms=1_000) as queue:
        queue.enqueue("k", max_attempts=1)
        seen: list[str] = []

        def lock_and_step(attempt: Attempt) -> None:
            if not seen:
                blocker = blocking(file)
                try:
                    attempt.once("entry", ENTRY)
                except StoreError as failed:
                    seen.append(str(failed))
                    raise
                finally:
                    blocker.close()
            attempt.once("entry", ENTRY)

        outcomes = Worker(queue, {"k": lock_and_step}).run(until_empty=True)
    assert outcomes in ({"released": 1, "done": 1}, {"lost": 1, "done": 1})
    assert len(seen) == 1
    assert rows(file, "SELECT fails, interrupts, status FROM job") == [(0, 1, "done")]
    assert rows(file, "SELECT what FROM ledger") == [("entry",)]


# ---------------------------------------------------------------- the watch


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_the_watch_outlives_what_it_meets(
    file: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """A renewal that fails in any way is tried again, and deadlines are kept as before."""
    heartbeat, calls = Attempt.heartbeat, itertools.count()

    def fail_first(attempt: Attempt, queue: Queue) -> None:
        if next(calls) == 0:
            raise error
        heartbeat(attempt, queue)

    monkeypatch.setattr(Attempt, "heartbeat", fail_first)
    with opened(file, lease_ms=1_500) as queue:
        queue.enqueue("renewed")
        queue.enqueue("hangs", timeout=0.3, max_attempts=1)

        def renewed(attempt: Attempt) -> None:
            late = time.monotonic() + 60
            while not rows(file, "SELECT 1 FROM trace WHERE action = 'heartbeat'"):
                assert time.monotonic() < late
                time.sleep(0.02)

        handlers = {"renewed": renewed, "hangs": lambda attempt: time.sleep(60)}
        assert Worker(queue, handlers).run(until_empty=True) == {"done": 1, "failed": 1}
    assert notes(file) == [("settle_done", None), ("settle_failed", "took too long")]


def test_the_watch_outlives_an_error_of_its_own(
    queue: Queue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.enqueue("hangs", timeout=0.2, max_attempts=1)
    worker = Worker(queue, {"hangs": lambda attempt: time.sleep(60)})
    out_of_grace, calls = worker._out_of_grace, itertools.count()

    def fail_first() -> bool:
        if next(calls) == 0:
            raise MemoryError
        return out_of_grace()

    monkeypatch.setattr(worker, "_out_of_grace", fail_first)
    assert worker.run(until_empty=True) == {"failed": 1}
    assert notes(file) == [("settle_failed", "took too long")]


def test_a_handler_whose_lease_cannot_be_renewed_is_broken_off_before_it_runs_out(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whys: list[str] = []

    def unreachable(attempt: Attempt, queue: Queue) -> None:
        raise StoreError(file, "cannot be reached", "try again")

    with opened(file, lease_ms=1_000) as queue:
        queue.enqueue("k", max_attempts=1)

        def lonely(attempt: Attempt) -> None:
            if attempt.token[1] == 1:
                try:
                    time.sleep(60)
                except Interrupted as interrupted:
                    whys.append(interrupted.why)
                    raise

        monkeypatch.setattr(Attempt, "heartbeat", unreachable)
        tally = Worker(queue, {"k": lonely}).run(until_empty=True)
    assert (whys, tally) == (["lost"], {"released": 1, "done": 1})
    assert notes(file)[0] == ("settle_released", NOT_RENEWED)


def test_a_lease_that_is_not_renewed_because_the_store_is_locked_is_not_lost(file: Path) -> None:
    """Nobody else can take the claim either, as long as nobody can write."""
    with opened(file, lease_ms=900) as queue:
        queue.enqueue("k", max_attempts=1)

        def lock(attempt: Attempt) -> None:
            with locked(file, 1.5):
                time.sleep(1.4)
            enter(attempt, "entry")

        assert Worker(queue, {"k": lock}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT token, interrupts FROM job") == [(1, 0)]


def test_a_lease_is_renewed_from_the_claim_on(file: Path) -> None:
    """What is told of the claim may take longer than a lease, and so may what comes before."""
    with opened(file, lease_ms=600) as queue, Queue(file) as other:
        for _ in range(2):  # the second is claimed with the end of the first
            queue.enqueue("k", max_interrupts=1)
        recovered: list[int] = []

        def slow(attempt: Attempt, step: str) -> None:
            for _ in range(9):
                time.sleep(0.1)
                recovered.append(other.recover())

        worker = Worker(queue, {"k": lambda attempt: None}, on_step=slow)
        assert worker.run(until_empty=True) == {"done": 2}
    assert set(recovered) == {0}


def test_a_handler_that_swallows_the_interrupt_is_interrupted_again(
    queue: Queue, file: Path
) -> None:
    queue.enqueue("k", timeout=0.2, max_attempts=1)
    swallowed: list[str] = []

    def stubborn(attempt: Attempt) -> None:
        try:
            time.sleep(60)
        except BaseException as interrupted:
            swallowed.append(str(interrupted))
        time.sleep(60)

    assert Worker(queue, {"k": stubborn}).run(until_empty=True) == {"failed": 1}
    assert swallowed == ["overdue"]
    assert notes(file) == [("settle_failed", "took too long")]


def test_a_stop_while_the_lock_is_waited_for_claims_nothing(queue: Queue, file: Path) -> None:
    queue.enqueue("k")
    worker = Worker(queue, {"k": lambda attempt: None})
    transaction = queue.transaction

    def stopped(durable: bool = True) -> object:
        worker.stop()
        return transaction(durable)

    queue.transaction = stopped  # type: ignore[method-assign, assignment]
    assert worker.run() == {}
    assert rows(file, "SELECT status, token, interrupts FROM job") == [("ready", 0, 0)]


# ---------------------------------------------------------------- what is not known


@pytest.mark.parametrize("error", [OutcomeUnknown("elsewhere"), OtherHistory("it", "is", "gone")])
def test_what_a_handler_meets_in_another_store_ends_no_worker(
    queue: Queue, file: Path, error: Exception
) -> None:
    queue.enqueue("k")
    queue.enqueue("fine")

    def first_unlucky(attempt: Attempt) -> None:
        if attempt.token[1] == 1:
            raise error

    handlers = {"k": first_unlucky, "fine": lambda attempt: None}
    assert Worker(queue, handlers).run(until_empty=True)["done"] == 2


def test_a_worker_that_may_have_done_a_step_can_do_no_more_whatever_its_handler_catches(
    queue: Queue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its step is in the trace, and it does not remember it: what came next would be no run."""
    commit = in_file(queue.store)._commit

    def commit_and_learn_nothing() -> apsw.Error | None:
        assert commit() is None
        in_file(queue.store).let_go()
        committed.append(True)
        return apsw.IOError("the answer is lost")

    def unknown(*_: object) -> bool:
        raise OutcomeUnknown("nothing can be read")

    committed: list[bool] = []
    queue.enqueue("k")

    def careless(attempt: Attempt) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(queue.store, "_commit", commit_and_learn_nothing)
            patched.setattr(queue.store, "_is_durable", unknown)
            with pytest.raises(OutcomeUnknown):
                attempt.once("entry", ENTRY)
        enter(attempt, "another")

    with pytest.raises(OutcomeUnknown):
        Worker(queue, {"k": careless}).run(until_empty=True)
    assert committed == [True]
    assert rows(file, "SELECT what FROM ledger") == [("entry",)]
    assert rows(file, "SELECT status FROM job") == [("claimed",)]
    with queue.transaction() as t:  # as if the lease had run out
        t.take("expire", j=0)

    def careful(attempt: Attempt) -> None:
        attempt.once("entry", ENTRY)
        enter(attempt, "another")

    with Queue(file) as other:
        assert Worker(other, {"k": careful}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT what FROM ledger") == [("entry",), ("another",)]
    assert validate(str(file)).finding is None
