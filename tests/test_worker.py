"""What becomes of a job when its handler fails, hangs, or loses the claim, in one process."""

import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from impl.attempt import Attempt, LostClaim
from impl.backoff import Backoff
from impl.interrupt import Interrupted
from impl.queue import Queue
from impl.requests import BadRequest
from impl.worker import Worker

AT_ONCE = Backoff(first_ms=0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def queue(file: Path) -> Iterator[Queue]:
    with Queue(file, backoff=AT_ONCE) as opened:
        opened.define("CREATE TABLE ledger (what TEXT NOT NULL UNIQUE) STRICT")
        yield opened


def rows(file: Path, sql: str, *values: Any) -> list[Any]:
    with closing(apsw.Connection(str(file))) as other:
        return other.execute(sql, values).fetchall()


def notes(file: Path) -> list[tuple[str, str | None]]:
    """Return how the attempts ended, as the trace has it."""
    return rows(file, "SELECT action, note FROM trace WHERE action GLOB 'settle_*' ORDER BY seq")


def enter(attempt: Attempt, what: str) -> None:
    attempt.write("INSERT INTO ledger VALUES (?)", what)


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


def test_one_commit_settles_a_job_and_claims_the_next(queue: Queue, file: Path) -> None:
    for _ in range(3):
        queue.enqueue("k")
    before = queue.store.connection.total_changes()
    worker = Worker(queue, {"k": lambda attempt: None})
    worker._kept_at = time.monotonic() + 60  # the house can wait
    commits = []

    def count() -> bool:
        commits.append(1)
        return False

    queue.store.connection.set_commit_hook(count)
    assert worker.run(until_empty=True) == {"done": 3}
    assert before < queue.store.connection.total_changes()
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


def test_a_handler_that_fails_is_tried_again_and_then_dead(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=3)

    def boom(attempt: Attempt) -> None:
        raise ValueError(f"attempt {attempt.token[1]}")

    assert Worker(queue, {"k": boom}).run(until_empty=True) == {"failed": 3}
    assert notes(file) == [("settle_failed", f"ValueError: attempt {n}") for n in (1, 2, 3)]
    assert rows(file, "SELECT status, reason, letter FROM job") == [("dead", "failures", "nothing")]


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (OSError("\udcff\ud800"), "OSError: ??"),
        (RuntimeError("x" * 5_000), "RuntimeError: " + "x" * 986),
        (SystemExit(3), "SystemExit: 3"),
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


def test_what_a_failed_attempt_wrote_is_not_kept(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=2)

    def second_time_lucky(attempt: Attempt) -> None:
        enter(attempt, f"attempt {attempt.token[1]}")
        attempt.send("mail", attempt.token[1])
        if attempt.token[1] == 1:
            raise RuntimeError("boom")

    Worker(queue, {"k": second_time_lucky}).run(until_empty=True)
    assert rows(file, "SELECT what FROM ledger") == [("attempt 2",)]
    assert rows(file, "SELECT body FROM outbox") == [("2",)]


def test_an_effect_that_the_database_refuses_fails_the_attempt_as_a_whole(
    queue: Queue, file: Path
) -> None:
    queue.enqueue("k", max_attempts=1)

    def twice(attempt: Attempt) -> None:
        enter(attempt, "new")
        enter(attempt, "again")
        enter(attempt, "again")

    assert Worker(queue, {"k": twice}).run(until_empty=True) == {"failed": 1}
    assert rows(file, "SELECT what FROM ledger") == []
    ((_, note),) = notes(file)
    assert note == "ConstraintError: UNIQUE constraint failed: ledger.what"


def test_an_effect_that_changes_nothing_fails_the_attempt(queue: Queue, file: Path) -> None:
    """An UPDATE that meets no row is how money gets lost."""
    queue.enqueue("k", max_attempts=1)

    def missing(attempt: Attempt) -> None:
        attempt.write("UPDATE ledger SET what = 'x' WHERE what = ?", "nobody")

    assert Worker(queue, {"k": missing}).run(until_empty=True) == {"failed": 1}
    ((_, note),) = notes(file)
    assert note == ("NothingWritten: changed no row: UPDATE ledger SET what = 'x' WHERE what = ?")


# ---------------------------------------------------------------- steps of a handler


def test_a_step_is_done_once_over_all_attempts(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=3)
    found = []

    def steps(attempt: Attempt) -> None:
        statement = ("INSERT INTO ledger VALUES (?)", (f"by {attempt.token[1]}",))
        found.append(attempt.once("debit", statement))
        if attempt.token[1] < 3:
            raise RuntimeError("boom")

    Worker(queue, {"k": steps}).run(until_empty=True)
    assert found == [True, False, False]
    assert rows(file, "SELECT what FROM ledger") == [("by 1",)]
    assert rows(file, 'SELECT "first", second, status FROM job') == [(3, 3, "done")]


def test_a_step_that_the_database_refuses_is_not_done(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=2)

    def steps(attempt: Attempt) -> None:
        bad = ("INSERT INTO ledger VALUES (NULL)", ())
        good = ("INSERT INTO ledger VALUES ('good')", ())
        attempt.once("debit", good, *([bad] if attempt.token[1] == 1 else []))

    assert Worker(queue, {"k": steps}).run(until_empty=True) == {"failed": 1, "done": 1}
    assert rows(file, "SELECT what FROM ledger") == [("good",)]


def test_a_result_is_computed_once_and_is_the_same_json_each_time(queue: Queue) -> None:
    queue.enqueue("k", max_attempts=2)
    computed, seen = [], []

    def compute() -> Any:
        computed.append(1)
        return {1: (2, 3)}

    def stages(attempt: Attempt) -> None:
        seen.append(attempt.result("answer", compute))
        if len(seen) == 1:
            raise RuntimeError("boom")

    Worker(queue, {"k": stages}).run(until_empty=True)
    assert (len(computed), seen) == (1, [{"1": [2, 3]}, {"1": [2, 3]}])


@pytest.mark.parametrize("value", [float("nan"), object(), "x" * 70_000])
def test_a_result_that_is_no_json_fails_the_attempt(
    queue: Queue, file: Path, value: object
) -> None:
    queue.enqueue("k", max_attempts=1)
    Worker(queue, {"k": lambda a: a.result("answer", lambda: value)}).run(until_empty=True)
    ((_, note),) = notes(file)
    assert note is not None and note.startswith("BadRequest: result of 'answer': ")


# ---------------------------------------------------------------- what is said outside


def test_each_message_has_a_key_of_its_own(queue: Queue, file: Path) -> None:
    queue.enqueue("k", key="order 7")

    def tell(attempt: Attempt) -> None:
        attempt.send("mail", "one")
        attempt.send("mail", "two")
        attempt.send("chat", "three")
        attempt.send("chat", "four", key="mine")

    Worker(queue, {"k": tell}).run(until_empty=True)
    assert rows(file, "SELECT key, topic, body FROM outbox ORDER BY id") == [
        ("order 7/mail/1", "mail", '"one"'),
        ("order 7/mail/2", "mail", '"two"'),
        ("order 7/chat/1", "chat", '"three"'),
        ("mine", "chat", '"four"'),
    ]


@pytest.mark.parametrize(
    ("topic", "body"), [("a/b", 1), ("", 1), ("mail", float("nan")), ("mail", b"x")]
)
def test_a_message_that_cannot_be_is_refused_at_once(queue: Queue, topic: str, body: Any) -> None:
    queue.enqueue("k")
    refused = []

    def tell(attempt: Attempt) -> None:
        with pytest.raises(BadRequest) as wrong:
            attempt.send(topic, body)
        refused.append(wrong)

    assert Worker(queue, {"k": tell}).run(until_empty=True) == {"done": 1}
    assert len(refused) == 1


def outbox(queue: Queue, *bodies: Any) -> None:
    """Put messages to `mail` into the outbox."""
    queue.enqueue("tell", key="job")

    def tell(attempt: Attempt) -> None:
        for body in bodies:
            attempt.send("mail", body)

    Worker(queue, {"tell": tell}).run(until_empty=True)


def test_messages_are_delivered_in_order_and_once_if_all_is_well(queue: Queue) -> None:
    outbox(queue, 1, 2, 3)
    got: list[Any] = []
    assert queue.deliver({"mail": lambda message: got.append(message.body)}) == 3
    assert queue.deliver({"mail": lambda message: got.append(message.body)}) == 0
    assert got == [1, 2, 3]


def test_a_message_whose_receiver_dies_comes_again_with_its_key(queue: Queue) -> None:
    outbox(queue, 1)
    got = []

    class Killed(BaseException):
        pass

    def die(message: Any) -> None:
        got.append((message.key, message.body))
        raise Killed

    with pytest.raises(Killed):
        queue.deliver({"mail": die})
    queue.deliver({"mail": lambda message: got.append((message.key, message.body))})
    assert got == [("job/mail/1", 1)] * 2


def test_a_message_that_is_never_taken_does_not_hold_up_the_others(
    queue: Queue, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox(queue, "bad", 2, 3, "bad", 5)
    got: list[Any] = []

    def receive(message: Any) -> None:
        if message.body == "bad":
            raise ConnectionError("no such address")
        got.append(message.body)

    for _ in range(4):
        queue.deliver({"mail": receive})
    assert got == [2, 3, 5]
    assert rows(file, "SELECT count(*) FROM outbox WHERE NOT sent") == [(2,)]
    assert "message job/mail/1 was not taken: ConnectionError: no such address" in caplog.text


def test_a_receiver_that_fails_does_not_end_the_worker(queue: Queue, file: Path) -> None:
    queue.enqueue("tell")

    def down(message: Any) -> None:
        raise ConnectionError("down")

    handlers = {"tell": lambda attempt: attempt.send("mail", 1)}
    assert Worker(queue, handlers, receivers={"mail": down}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT sent FROM outbox") == [(0,)]


def test_only_one_process_delivers_at_a_time(queue: Queue, file: Path) -> None:
    outbox(queue, 1)
    again: list[int] = []

    def receive(message: Any) -> None:
        with Queue(file) as other:
            again.append(other.deliver({"mail": lambda message: again.append(99)}))

    assert queue.deliver({"mail": receive}) == 1
    assert again == [0]


# ---------------------------------------------------------------- deadlines and lost claims


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


def test_a_result_that_takes_for_ever_is_interrupted_too(queue: Queue, file: Path) -> None:
    queue.enqueue("k", timeout=0.2, max_attempts=1)
    handlers = {"k": lambda attempt: attempt.result("answer", lambda: time.sleep(60))}
    assert Worker(queue, handlers).run(until_empty=True) == {"failed": 1}
    assert notes(file) == [("settle_failed", "took too long")]


def test_no_handler_is_broken_off_between_a_commit_and_the_memory_of_it(
    queue: Queue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.enqueue("k", max_attempts=1)
    commit = queue.store._commit
    armed: list[Worker] = []

    def commit_and_be_interrupted() -> str | None:
        failed = commit()
        for worker in armed:
            worker._why = "overdue"
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
            worker._kept_at = time.monotonic() + 60

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


def test_a_handler_whose_claim_was_taken_away_can_write_nothing_more(file: Path) -> None:
    with Queue(file, lease_ms=60_000) as queue, Queue(file) as other:
        queue.define("CREATE TABLE ledger (what TEXT NOT NULL UNIQUE) STRICT")
        queue.enqueue("k")
        refused = []

        def robbed(attempt: Attempt) -> None:
            with other.transaction() as t:  # as if the lease had run out
                t.execute("UPDATE task SET lease_until = 0")
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


# ---------------------------------------------------------------- a store in trouble


def test_a_store_that_is_locked_for_a_while_is_asked_again(file: Path) -> None:
    with Queue(file, busy_ms=20) as queue:
        queue.enqueue("k")

        def lock_and_return(attempt: Attempt) -> None:
            blocker = apsw.Connection(str(file))
            blocker.execute("BEGIN IMMEDIATE")
            threading.Timer(0.3, blocker.close).start()

        assert Worker(queue, {"k": lock_and_return}, poll=0.05).run(until_empty=True) == {"done": 1}


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
