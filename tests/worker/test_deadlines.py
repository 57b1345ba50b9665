"""What becomes of a job when its handler hangs or loses the claim."""

import json
import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from impl.interface.transaction import Transaction
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.terms.interrupt import Interrupted
from impl.worker import Worker
from impl.working.attempt import Attempt, LostClaim
from tests.queue.file.looking import rows
from tests.stores import in_a_file
from tests.worker.looking import enter, notes

ON_BOTH = True


def test_a_handler_that_hangs_is_interrupted_and_fails(queue: Queue, file: Path) -> None:
    queue.enqueue("hang", timeout=0.2, max_attempts=1)
    queue.enqueue("fine")
    left = []

    def hang(attempt: Attempt) -> None:
        try:
            time.sleep(60)
        except Exception:  # what a handler catches by habit does not keep it alive
            time.sleep(60)
        finally:
            left.append(sys.exc_info()[0])

    worker = Worker(queue, {"hang": hang, "fine": lambda attempt: None})
    assert worker.run(until_empty=True) == {"failed": 1, "done": 1}
    assert left == [Interrupted]
    assert notes(file)[0] == ("settle_failed", "took too long")


def test_an_error_whose_text_takes_for_ever_is_cut_short_too(queue: Queue, file: Path) -> None:
    class Endless(Exception):
        def __str__(self) -> str:
            time.sleep(60)
            return ""

    queue.enqueue("k", timeout=0.2, max_attempts=1)

    def boom(attempt: Attempt) -> None:
        raise Endless

    assert Worker(queue, {"k": boom}).run(until_empty=True) == {"failed": 1}
    assert notes(file) == [("settle_failed", "Endless, whose text raises Interrupted")]


def test_a_result_that_takes_for_ever_is_interrupted_too(queue: Queue, file: Path) -> None:
    queue.enqueue("k", timeout=0.2, max_attempts=1)
    handlers = {"k": lambda attempt: attempt.result("answer", lambda: time.sleep(60))}
    assert Worker(queue, handlers).run(until_empty=True) == {"failed": 1}
    assert notes(file) == [("settle_failed", "took too long")]


@in_a_file
def test_no_handler_is_broken_off_between_a_commit_and_the_memory_of_it(
    queue: Queue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.enqueue("k", max_attempts=1)
    commit = in_file(queue.store)._commit
    armed: list[Worker] = []

    def commit_and_be_interrupted() -> apsw.Error | None:
        failed = commit()
        for worker in armed:
            worker._handling._why = "overdue"
            signal.raise_signal(signal.SIGUSR1)
        return failed

    monkeypatch.setattr(queue.store, "_commit", commit_and_be_interrupted)

    def handler(attempt: Attempt) -> None:
        armed.append(worker)
        attempt.once("debit", ("INSERT INTO ledger VALUES ('debit')", ()))
        armed.clear()
        signal.raise_signal(signal.SIGUSR1)
        raise AssertionError("here it should be")

    worker = Worker(queue, {"k": handler})
    assert worker.run(until_empty=True) == {"failed": 1}
    ((note, before),) = rows(file, "SELECT note, before FROM trace WHERE action = 'settle_failed'")
    assert note == "took too long"
    # What the worker remembered of its step when it settled.
    assert json.loads(before)["progress[worker1]"] == "first"


@in_a_file
def test_a_handler_in_another_thread_is_not_interrupted_but_fenced(file: Path) -> None:
    """It may even return; what it wrote is refused, for its claim was ended meanwhile."""
    with Queue(file, lease_ms=200) as queue:
        queue.define("CREATE TABLE ledger (what TEXT NOT NULL UNIQUE) STRICT")
        queue.enqueue("k", timeout=0.2)
    inside, go_on = threading.Event(), threading.Event()
    tallies: list[Any] = []

    def slow(attempt: Attempt) -> None:
        inside.set()
        go_on.wait()
        enter(attempt, "slow")

    def run() -> None:
        with Queue(file, lease_ms=200) as own:
            worker = Worker(own, {"k": slow})

            def stop() -> None:
                go_on.wait()
                worker.stop()

            threading.Thread(target=stop).start()
            tallies.append(worker.run())

    thread = threading.Thread(target=run)
    thread.start()
    inside.wait()
    with Queue(file, lease_ms=60_000) as other:
        fast = {"k": lambda attempt: enter(attempt, "fast")}
        assert Worker(other, fast).run(until_empty=True) == {"done": 1}
        go_on.set()
        thread.join()
    assert tallies == [{"lost": 1}]
    assert rows(file, "SELECT what FROM ledger") == [("fast",)]
    assert rows(file, "SELECT token, interrupts, status FROM job") == [(2, 1, "done")]


@in_a_file
def test_a_handler_whose_claim_was_taken_away_can_write_nothing_more(file: Path) -> None:
    with Queue(file, lease_ms=60_000) as queue, Queue(file) as other:
        queue.define("CREATE TABLE ledger (what TEXT NOT NULL UNIQUE) STRICT")
        queue.enqueue("k")
        refused = []

        def robbed(attempt: Attempt) -> None:
            with other.transaction() as t:  # as if the lease had run out
                t.take("expire", j=0)
            other.recover()
            for write in (
                lambda: attempt.once("x", ("INSERT INTO ledger VALUES ('x')", ())),
                lambda: attempt.result("y", lambda: 1),
            ):
                with pytest.raises(LostClaim) as lost:
                    write()
                refused.append(lost.value.guard)
            worker.stop()
            enter(attempt, "never")

        worker = Worker(queue, {"k": robbed})
        assert worker.run() == {"lost": 1}
    assert refused == ["leased", "leased"]
    assert rows(file, "SELECT * FROM ledger") == rows(file, "SELECT * FROM checkpoint") == []


def test_an_attempt_that_is_over_cannot_write_under_the_fence_of_the_next_job(
    queue: Queue, file: Path
) -> None:
    """A thread that it left behind asks while its worker holds the next claim."""
    queue.enqueue("first", key="first", max_attempts=1)
    queue.enqueue("second")
    kept: list[Attempt] = []
    refused: list[tuple[str, int | str]] = []
    late = ("INSERT INTO ledger VALUES ('late')", ())

    def first(attempt: Attempt) -> None:
        kept.append(attempt)
        raise RuntimeError("boom")

    def second(attempt: Attempt) -> None:
        over = kept[0]
        asked: dict[str, Callable[[], Any]] = {
            "once": lambda: over.once("late", late),
            "result": lambda: over.result("late", lambda: 1),
            "heartbeat": lambda: over.heartbeat(queue),
            "start": over.start,
            "write": lambda: over.write(*late),
            "send": lambda: over.send("mail", 1),
        }
        settling: dict[str, Callable[[Transaction], object]] = {
            "finish": over.finish,
            "fail": lambda t: over.fail(t, "late"),
            "release": lambda t: over.release(t, "late"),
        }
        for name, ask in asked.items():
            with pytest.raises(LostClaim) as lost:
                ask()
            refused.append((name, lost.value.guard))
        for name, settle in settling.items():
            with pytest.raises(LostClaim) as lost, queue.transaction() as t:
                settle(t)
            refused.append((name, lost.value.guard))
        assert over.abandon()  # it has nothing left, and takes nothing from the other one
        attempt.once("mine", ("INSERT INTO ledger VALUES ('mine')", ()))

    worker = Worker(queue, {"first": first, "second": second})
    assert worker.run(until_empty=True) == {"failed": 1, "done": 1}
    assert len(refused) == 9 and {guard for _, guard in refused} == {"fenced"}
    assert rows(file, "SELECT what FROM ledger") == [("mine",)]
    assert rows(file, "SELECT job, name FROM checkpoint") == [(2, "mine")]
    # Nor does it hinder the job from being tried again, and from being done once.
    queue.retry(1)

    def again(attempt: Attempt) -> None:
        attempt.once("late", late)

    assert Worker(queue, {"first": again}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT what FROM ledger ORDER BY what") == [("late",), ("mine",)]


def test_an_attempt_cannot_write_under_a_later_claim_of_its_own_job(
    queue: Queue, file: Path
) -> None:
    """The same worker and the same job: the token alone tells the attempts apart."""
    queue.enqueue("k", max_attempts=2)
    kept: list[Attempt] = []

    def handler(attempt: Attempt) -> None:
        kept.append(attempt)
        if len(kept) == 1:
            raise RuntimeError("boom")
        with pytest.raises(LostClaim, match="of job 1 is refused: fenced"):
            kept[0].once("late", ("INSERT INTO ledger VALUES ('late')", ()))

    assert Worker(queue, {"k": handler}).run(until_empty=True) == {"failed": 1, "done": 1}
    assert rows(file, "SELECT * FROM ledger") == []


def test_a_step_after_the_deadline_fails_the_attempt_and_the_worker_goes_on(
    queue: Queue, file: Path
) -> None:
    """The claim is still the worker's own, so it cannot be abandoned: it is settled."""
    queue.enqueue("k", max_attempts=1)
    queue.enqueue("fine")

    def late(attempt: Attempt) -> None:
        with queue.transaction() as t:
            t.take("pass_deadline", j=attempt.id - 1)
        attempt.result("answer", lambda: 1)

    worker = Worker(queue, {"k": late, "fine": lambda attempt: None})
    assert worker.run(until_empty=True) == {"failed": 1, "done": 1}
    assert notes(file)[0] == ("settle_failed", "took too long")


def test_a_worker_renews_its_lease_while_the_handler_runs(file: Path) -> None:
    with Queue(file, lease_ms=300) as queue, Queue(file) as other:
        queue.enqueue("k")
        recovered = []

        def long(attempt: Attempt) -> None:
            for _ in range(12):  # four leases
                time.sleep(0.1)
                recovered.append(other.recover())

        assert Worker(queue, {"k": long}).run(until_empty=True) == {"done": 1}
    assert set(recovered) == {0}
    ((beats,),) = rows(file, "SELECT count(*) FROM trace WHERE action = 'heartbeat'")
    assert beats >= 3


# ---------------------------------------------------------------- children of a handler


def test_a_child_that_a_handler_forks_ends_when_it_is_told_to(queue: Queue) -> None:
    """It inherits the worker's way with signals, by which nobody could stop it."""
    queue.enqueue("k")
    ended: list[int | None] = []
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()

    def sleep() -> None:
        there.send("here I am")
        time.sleep(3600)

    def forks(attempt: Attempt) -> None:
        child = fork.Process(target=sleep)
        child.start()
        try:
            here.recv()
            child.terminate()
            child.join(20)
            ended.append(child.exitcode)
        finally:
            child.kill()

    assert Worker(queue, {"k": forks}).run(until_empty=True) == {"done": 1}
    assert ended == [-signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
