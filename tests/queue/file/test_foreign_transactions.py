"""What becomes of transactions that hold statements of users."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from impl import report
from impl.queue import Queue
from impl.terms.requests import BadRequest
from impl.terms.unusable import Busy
from impl.worker import Worker
from impl.working.attempt import Attempt, claim
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock
from tests.queue.file.looking import rows, status


def test_a_constraint_that_is_asked_at_the_end_is_an_answer(queue: Queue, file: Path) -> None:
    """Of an effect a failure of its job, and to a producer what SQLite says."""
    queue.define(
        """
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"""
    )
    orphan = "INSERT INTO child VALUES (99)"
    queue.enqueue("written", max_attempts=1)
    queue.enqueue("once", max_attempts=1)
    queue.enqueue("fine")
    handlers: dict[str, Callable[[Attempt], Any]] = {
        "written": lambda a: a.write(orphan),
        "once": lambda a: a.once("step", (orphan, ())),
        "fine": lambda a: a.write("INSERT INTO parent VALUES (1)"),
    }
    assert Worker(queue, handlers).run(until_empty=True) == {"failed": 2, "done": 1}
    assert (
        rows(file, "SELECT note FROM trace WHERE action = 'settle_failed'")
        == [("ConstraintError: FOREIGN KEY constraint failed",)] * 2
    )
    with pytest.raises(apsw.ConstraintError, match="FOREIGN KEY"), queue.transaction() as t:
        t.execute(orphan)
        queue.enqueue("k", within=t)
    assert status(file) == {1: "dead", 2: "dead", 3: "done"}
    with queue.transaction() as t:  # the queue goes on
        t.execute("INSERT INTO child VALUES (1)")
    assert rows(file, "SELECT id FROM child") == [(1,)]


def test_a_transaction_that_a_statement_has_taken_back_goes_on_for_nothing(
    mine: Queue, file: Path
) -> None:
    """What followed it would be committed alone, each by itself."""
    with mine.transaction() as t:
        t.execute("INSERT INTO mine VALUES (1)")
    gone = "was taken back by a statement in it"
    with pytest.raises(BadRequest, match=gone), mine.transaction() as t:
        mine.enqueue("k", within=t)
        with pytest.raises(apsw.ConstraintError):
            t.execute("INSERT INTO mine VALUES (1)")
        with pytest.raises(BadRequest, match=gone):
            t.execute("INSERT INTO mine VALUES (2)")
        with pytest.raises(BadRequest, match=gone):
            mine.enqueue("k", within=t)
    assert rows(file, "SELECT x FROM mine") == [(1,)]
    assert status(file) == {1: "ready"}


def test_nothing_begins_or_ends_inside_a_transaction_that_is_open(mine: Queue, file: Path) -> None:
    """Neither a report nor a table, in the same thread or in another one."""
    asked: list[Callable[[], object]] = [
        lambda: report.stats(mine),
        lambda: report.jobs(mine),
        lambda: mine.define("CREATE TABLE more (x)"),
        lambda: mine.enqueue("k"),
        lambda: mine.cancel(1),
        lambda: mine.retry(1),
    ]
    refused: list[str] = []

    def elsewhere(refusal: type[Exception]) -> None:
        for ask in asked:
            with pytest.raises(refusal) as one:
                ask()
            refused.append(str(one.value))

    with pytest.raises(ZeroDivisionError), mine.transaction() as t:
        t.execute("INSERT INTO mine VALUES ('first')")
        elsewhere(BadRequest)
        thread = threading.Thread(target=elsewhere, args=(Busy,))  # it may come again
        thread.start()
        thread.join()
        t.execute("INSERT INTO mine VALUES ('second')")
        1 / 0  # noqa: B018
    assert len(refused) == 2 * len(asked)
    here, there = refused[: len(asked)], refused[len(asked) :]
    assert all("one is open already on this queue" in each for each in here)
    assert all("has a transaction open in another thread" in each for each in there)
    assert rows(file, "SELECT * FROM mine") == []
    assert status(file) == {1: "ready"}


@pytest.mark.parametrize(
    "theirs", [FileNotFoundError(2, "No such file"), apsw.BusyError("another database")]
)
def test_what_a_producer_raises_inside_its_transaction_says_nothing_of_the_store(
    mine: Queue, file: Path, theirs: Exception
) -> None:
    with pytest.raises(type(theirs)) as raised, mine.transaction() as t:
        t.execute("INSERT INTO mine VALUES (1)")
        raise theirs
    assert raised.value is theirs
    assert rows(file, "SELECT * FROM mine") == []


def test_a_job_is_put_into_no_transaction_but_an_open_one_of_its_queue(
    queue: Queue, clock: HandClock, tmp_path: Path, file: Path
) -> None:
    with queue.transaction() as over:
        pass
    with Queue(tmp_path / "other.db", clock=clock) as other:
        with other.transaction() as theirs, pytest.raises(BadRequest, match="within: is no trans"):
            queue.enqueue("k", within=theirs)
        assert other.query("SELECT count(*) FROM job") == [(0,)]
    with pytest.raises(BadRequest, match="within: is no transaction of this queue that is open"):
        queue.enqueue("k", within=over)
    with queue.snapshot() as t, pytest.raises(BadRequest, match="open for writing"):
        queue.enqueue("k", within=t)
    with pytest.raises(BadRequest, match="transaction: is over"):
        over.execute("SELECT 1")
    assert status(file) == {}


def test_a_job_is_put_into_no_transaction_that_is_not_waited_for(queue: Queue, file: Path) -> None:
    """Whoever asks again would be told that it is in the queue, and the power may take it back."""
    with queue.transaction(durable=False) as t, pytest.raises(BadRequest, match="not waited for"):
        queue.enqueue("k", within=t)
    assert status(file) == {}


def test_only_what_the_spec_lets_be_lost_is_done_in_a_transaction_that_is_not_waited_for(
    queue: Queue, file: Path
) -> None:
    queue.enqueue("k")
    waits = {name: queue.waits(name) for name in ("enqueue", "claim", "heartbeat", "settle_failed")}
    assert waits == {"enqueue": True, "claim": False, "heartbeat": True, "settle_failed": True}
    worker = queue.process(WorkerSort)
    with queue.transaction(durable=queue.waits("claim")) as t:
        attempt = claim(queue, t, worker, ["k"])
    assert attempt is not None
    attempt.start()
    for end, step in (
        (attempt.finish, "write_first"),
        (lambda t: attempt.fail(t, "x"), "settle_f"),
    ):
        refused = pytest.raises(BadRequest, match=f"{step}.*: is to be waited for")
        with refused, queue.transaction(durable=False) as t:
            end(t)
    assert status(file) == {1: "claimed"}
