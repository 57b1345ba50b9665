"""What becomes of a job when its handler returns or fails, in one process."""

import asyncio
import logging
import threading
import time
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.sqlite.scribe import write_down
from impl.terms.backoff import Backoff
from impl.terms.unusable import Damaged, StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt, NotMine
from tests.queue.file.looking import rows
from tests.stores import in_a_file
from tests.worker.looking import enter, notes

ON_BOTH = True

# ---------------------------------------------------------------- the ordinary case


def test_every_job_is_run_and_its_effect_kept(queue: Queue, file: Path) -> None:
    for n in range(5):
        queue.enqueue("enter", f"entry {n}")
    tally = Worker(queue, {"enter": lambda a: enter(a, a.payload)}).run(until_empty=True)
    assert tally == {"done": 5}
    assert rows(file, "SELECT what FROM ledger ORDER BY what") == [
        (f"entry {n}",) for n in range(5)
    ]
    assert rows(file, "SELECT DISTINCT status, token, recorded FROM job") == [("done", 1, 1)]


@in_a_file
def test_one_commit_settles_a_job_and_claims_the_next(queue: Queue, file: Path) -> None:
    for _ in range(3):
        queue.enqueue("k")
    before = in_file(queue.store).connection.total_changes()
    worker = Worker(queue, {"k": lambda attempt: None})
    commits = []

    def count() -> bool:
        commits.append(1)
        return False

    in_file(queue.store).connection.set_commit_hook(count)
    assert worker.run(until_empty=True) == {"done": 3}
    assert before < in_file(queue.store).connection.total_changes()
    # One to claim the first, two that settle and claim, one to settle the last.
    assert len(commits) == 4


def test_kinds_that_a_worker_does_not_know_are_left_alone(queue: Queue, file: Path) -> None:
    queue.enqueue("other", key="first in line")
    queue.enqueue("k")
    assert Worker(queue, {"k": lambda attempt: None}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT status, token FROM job ORDER BY id") == [("ready", 0), ("done", 1)]
    assert Worker(queue, {}).run(until_empty=True) == {}


def test_kinds_are_names_and_never_code(queue: Queue, file: Path) -> None:
    for kind in ("os.system", "impl.worker:Worker", "__import__('os')"):
        queue.enqueue(kind)
    assert Worker(queue, {"k": lambda attempt: None}).run(until_empty=True) == {}
    assert rows(file, "SELECT DISTINCT token FROM job") == [(0,)]


# ---------------------------------------------------------------- failures


@in_a_file
@pytest.mark.parametrize(
    ("column", "damaged", "note"),
    [
        ("payload", b"[" * 990 + b"]" * 990, "Unreadable: payload: cannot be read: maximum rec"),
        ("payload", b'"\xff"', "Unreadable: payload: cannot be read: 'utf-8' codec can't decode"),
        ("payload", b"{", "Unreadable: payload: cannot be read: Expecting property name"),
        ("key", b"\xff", "Unreadable: key: cannot be read: 'utf-8' codec can't decode"),
    ],
)
def test_a_job_that_cannot_be_read_fails_and_those_behind_it_are_done(
    queue: Queue, file: Path, column: str, damaged: bytes, note: str
) -> None:
    """A flipped bit, or a file of an older make; the job is first in line."""
    queue.enqueue("k", max_attempts=2)
    queue.enqueue("k", key="fine")
    with closing(apsw.Connection(str(file))) as other:
        write_down(other, False)
        other.pragma("ignore_check_constraints", True)
        other.execute(f"UPDATE job SET {column} = CAST(? AS TEXT) WHERE id = 1", (damaged,))
    run, told = [], []
    worker = Worker(
        queue, {"k": lambda a: run.append(a.key)}, on_step=lambda a, step: told.append((a.id, step))
    )
    assert worker.run(until_empty=True) == {"failed": 2, "done": 1}
    assert (run, told[0]) == (["fine"], (1, "begun"))
    assert rows(file, "SELECT status, reason, fails FROM job") == [
        ("dead", "failures", 2),
        ("done", "none", 0),
    ]
    said = [n for action, n in notes(file) if action == "settle_failed"]
    assert len(said) == 2 and all(n is not None and n.startswith(note) for n in said)


def test_a_handler_that_fails_is_tried_again_and_then_dead(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=3)

    def boom(attempt: Attempt) -> None:
        raise ValueError(f"attempt {attempt.token[1]}")

    assert Worker(queue, {"k": boom}).run(until_empty=True) == {"failed": 3}
    assert notes(file) == [("settle_failed", f"ValueError: attempt {n}") for n in (1, 2, 3)]
    assert rows(file, "SELECT status, reason, letter FROM job") == [("dead", "failures", "nothing")]


class Mute(BaseException):
    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (OSError("\udcff\ud800"), "OSError: ??"),
        (RuntimeError("x" * 5_000), "RuntimeError: " + "x" * 986),
        (SystemExit(3), "SystemExit: 3"),
        (asyncio.CancelledError("shut"), "CancelledError: shut"),
        (GeneratorExit("left"), "GeneratorExit: left"),
        (KeyboardInterrupt("no signal"), "KeyboardInterrupt: no signal"),
        (Mute(), "Mute, whose text raises ZeroDivisionError"),
        (
            BaseExceptionGroup("two", [Mute(), OSError()]),
            "BaseExceptionGroup: two (2 sub-exceptions)",
        ),
    ],
)
def test_whatever_a_handler_raises_is_a_failure_and_the_worker_goes_on(
    queue: Queue, file: Path, error: BaseException, note: str
) -> None:
    queue.enqueue("k", max_attempts=1)
    queue.enqueue("fine")

    def boom(attempt: Attempt) -> None:
        raise error

    worker = Worker(queue, {"k": boom, "fine": lambda attempt: None})
    assert worker.run(until_empty=True) == {"failed": 1, "done": 1}
    assert notes(file)[0] == ("settle_failed", note)


@in_a_file
def test_a_job_that_stands_in_line_and_is_not_ready_is_told_as_damage(
    queue: Queue, file: Path
) -> None:
    queue.enqueue("k")
    with closing(apsw.Connection(str(file))) as other:
        write_down(other, False)
        other.pragma("ignore_check_constraints", True)
        # Its lease is not over, or it would be put back at once.
        other.execute("UPDATE job SET status = 'claimed', lease = due + 60000, token = 1")
    with pytest.raises(Damaged) as told:
        Worker(queue, {"k": lambda attempt: None}).run(until_empty=True)
    fact = "is damaged: job 1 stands in line, and cannot be claimed (ready)"
    assert str(told.value).startswith(f"{file}: {fact}; `ffq validate` says where; ")


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (NotMine("is of version 8"), "NotMine: is of version 8"),
        (StoreError("it", "is full", "make room"), "StoreError: it: is full; make room"),
    ],
)
def test_a_job_that_cannot_be_done_now_is_given_back_and_waits(
    queue: Queue, file: Path, error: Exception, note: str
) -> None:
    """It is no failure, and the same worker does not take it again at once."""
    queue.line.backoff = Backoff(first_ms=3_600_000)
    for name in ("not now", "fine"):
        queue.enqueue("k", name, max_attempts=1)

    def handler(attempt: Attempt) -> None:
        if attempt.payload == "not now":
            raise error
        worker.stop()

    worker = Worker(queue, {"k": handler})
    assert worker.run() == {"released": 1, "done": 1}
    assert notes(file)[0] == ("settle_released", note)
    assert rows(file, "SELECT status, fails, interrupts FROM job") == [
        ("ready", 0, 1),
        ("done", 0, 0),
    ]
    ((due,),) = rows(file, "SELECT due FROM job WHERE id = 1")
    assert due - queue.clock.now() > 1_000_000


# ---------------------------------------------------------------- what is logged


def test_claims_losses_and_deaths_are_logged(
    queue: Queue, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    queue.enqueue("fine")
    queue.enqueue("bad\n\x1b[2J", max_attempts=1)
    queue.enqueue("robbed", max_interrupts=1)

    def bad(attempt: Attempt) -> None:
        raise RuntimeError("no\nsuch account")

    def robbed(attempt: Attempt) -> None:
        with Queue(file) as other:
            with other.transaction() as t:  # as if the lease had run out
                t.take("expire", j=attempt.id - 1)
            other.recover()
        attempt.once("x", ("INSERT INTO ledger VALUES ('x')", ()))

    handlers = {"fine": lambda attempt: None, "bad\n\x1b[2J": bad, "robbed": robbed}
    Worker(queue, handlers).run(until_empty=True)
    queue.enqueue("k")
    queue.cancel(4)
    said = [(r.levelname, r.getMessage()) for r in caplog.records if r.name.startswith("impl.")]
    assert said == [
        ("DEBUG", "job 1: is claimed, attempt 1, fine"),
        ("DEBUG", "job 2: is claimed, attempt 1, bad\\n\\x1b[2J"),
        ("DEBUG", "job 1: attempt 1 is done"),
        (
            "INFO",
            "job 2: attempt 1 is failed: RuntimeError: no\\nsuch account; the job is dead",
        ),
        ("DEBUG", "job 3: is claimed, attempt 1, robbed"),
        ("INFO", "job 3: its lease has run out, and it is dead"),
        ("INFO", "job 3: attempt 1 is lost"),
        ("INFO", "job 4: is cancelled"),
    ]


# ---------------------------------------------------------------- a store in trouble


@in_a_file
def test_a_store_that_is_locked_for_a_while_is_asked_again(file: Path) -> None:
    with Queue(file, busy_ms=20) as queue:
        queue.enqueue("k")

        def lock_and_return(attempt: Attempt) -> None:
            blocker = apsw.Connection(str(file))
            blocker.set_busy_timeout(60_000)
            blocker.execute("BEGIN IMMEDIATE")
            threading.Timer(0.3, blocker.close).start()

        assert Worker(queue, {"k": lock_and_return}, poll=0.05).run(until_empty=True) == {"done": 1}


def test_a_thread_that_a_handler_leaves_behind_does_not_end_the_worker(
    queue: Queue, file: Path
) -> None:
    """It is in a transaction of its own when the handler returns, on the worker's connection."""
    queue.enqueue("k")
    inside, threads = threading.Event(), []

    def leave_behind(attempt: Attempt) -> None:
        def write() -> None:
            with attempt.queue.transaction() as t:
                t.execute("INSERT INTO ledger VALUES ('by the thread')")
                inside.set()
                time.sleep(0.5)

        threads.append(threading.Thread(target=write))
        threads[0].start()
        inside.wait()
        enter(attempt, "by the handler")

    assert Worker(queue, {"k": leave_behind}).run(until_empty=True) == {"done": 1}
    threads[0].join()
    assert rows(file, "SELECT what FROM ledger ORDER BY what") == [
        ("by the handler",),
        ("by the thread",),
    ]


def test_a_worker_that_is_told_to_stop_claims_nothing_more(queue: Queue, file: Path) -> None:
    for _ in range(3):
        queue.enqueue("k")
    worker = Worker(queue, {"k": lambda attempt: worker.stop()})
    assert worker.run() == {"done": 1}
    assert rows(file, "SELECT count(*) FROM job WHERE status = 'ready'") == [(2,)]


def test_a_second_signal_does_not_lengthen_the_grace(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    worker = Worker(queue, {}, grace=10)
    worker.stop()
    now[0] += 9
    worker.stop()
    assert not worker._out_of_grace()
    now[0] += 2
    assert worker._out_of_grace()
