"""What is over for long enough is forgotten, with all that the queue has of it, and no more."""

import math
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from checker.conformance.validating.validate import validate
from impl.parts import retention
from impl.queue import Queue
from impl.sqlite.scribe import write_down
from impl.terms.requests import BadRequest
from impl.terms.unusable import Damaged, StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, fail, rows, status
from tests.queue.retention.retained import FORK, LATER, done, work
from tests.stores import in_a_file

ON_BOTH = True
TABLES = ("job", "checkpoint", "outbox", "notice", "ended")
Monkey = pytest.MonkeyPatch


# ---------------------------------------------------------------- numbers and tokens
def test_the_number_of_a_job_that_is_forgotten_is_not_given_out_again(
    retaining: Queue, file: Path, clock: HandClock
) -> None:
    numbers = []
    for n in range(3):
        numbers.append(retaining.enqueue("k", n).id)
        done(retaining)
        clock.advance(7_200_000)
        assert retaining.prune() == 1
    assert numbers == [1, 2, 3]
    with Queue(file, clock=clock) as other:
        assert other.enqueue("k").id == 4


def test_whoever_has_a_key_next_is_given_larger_tokens(retaining: Queue, clock: HandClock) -> None:
    tokens = []
    for attempts in (1, 3, 2):
        assert retaining.enqueue("k", attempts, key="again", max_attempts=attempts).new
        for _ in range(attempts):
            attempt = claimed(retaining)
            tokens.append(attempt.token)
            fail(retaining, attempt)
            clock.advance(600_000)
        retaining.announce(lambda job, reason: None)
        clock.advance(7_200_000)
        assert retaining.prune(dead=True) == 1
    assert tokens == [(1, n) for n in range(1, 7)]


# ---------------------------------------------------------------- what is forgotten, and when
def test_a_job_is_forgotten_with_all_that_the_queue_has_of_it(
    retaining: Queue, file: Path, clock: HandClock
) -> None:
    retaining.enqueue("k", 1, key="once")
    Worker(retaining, {"k": work}).run(until_empty=True)
    retaining.deliver({"mail": lambda message: None})
    clock.advance(3_500_000)
    assert retaining.prune() == 0
    assert not retaining.enqueue("k", 1, key="once").new
    clock.advance(3_600_000)
    assert retaining.prune() == 1
    assert retaining.prune() == 0
    assert all(rows(file, f"SELECT * FROM {table}") == [] for table in TABLES)
    assert retaining.enqueue("k", 1, key="once").new
    assert validate(str(file)).finding is None


def test_without_a_horizon_nothing_is_forgotten(queue: Queue, clock: HandClock) -> None:
    queue.enqueue("k")
    done(queue)
    clock.advance(10**11)
    with pytest.raises(BadRequest, match="no `retain` was given; open the queue with one"):
        queue.prune()
    done(queue)
    assert queue.query("SELECT status FROM job") == [("done",)]


def test_a_job_that_is_not_over_stays_however_old_it_is(
    retaining: Queue, file: Path, clock: HandClock
) -> None:
    retaining.enqueue("k")
    claimed(retaining)
    retaining.enqueue("k", delay=10**6)
    clock.advance(10**8)
    assert retaining.prune(dead=True) == 0
    assert status(file) == {1: "claimed", 2: "ready"}


def test_the_dead_stay_unless_it_is_said_and_the_cancelled_do_not(
    retaining: Queue, file: Path, clock: HandClock
) -> None:
    retaining.enqueue("k", max_attempts=1)
    fail(retaining, claimed(retaining))
    retaining.cancel(retaining.enqueue("k").id)
    retaining.announce(lambda job, reason: None)
    clock.advance(7_200_000)
    assert retaining.prune() == 1
    assert status(file) == {1: "dead"}
    assert retaining.prune(dead=True) == 1
    assert status(file) == {}


def test_nothing_is_forgotten_before_it_was_said(
    retaining: Queue, file: Path, clock: HandClock
) -> None:
    retaining.enqueue("k", 1)
    Worker(retaining, {"k": work}).run(until_empty=True)
    retaining.cancel(retaining.enqueue("k").id)
    clock.advance(7_200_000)
    assert retaining.prune(dead=True) == 0
    retaining.deliver({"mail": lambda message: None})
    assert retaining.prune(dead=True) == 1
    assert status(file) == {2: "dead"}
    retaining.announce(lambda job, reason: None)
    assert retaining.prune(dead=True) == 1


def test_a_job_and_what_it_was_retried_as_are_forgotten_together(
    retaining: Queue, file: Path, clock: HandClock
) -> None:
    """Else the dead one could be retried once more, and what was done be done again."""
    retaining.enqueue("k", key="work", max_attempts=1)
    fail(retaining, claimed(retaining))
    retaining.announce(lambda job, reason: None)
    again = retaining.retry(1)
    clock.advance(7_200_000)
    assert retaining.prune(dead=True) == 0
    done(retaining)
    assert retaining.retry(1).id == again.id
    assert retaining.prune() == 0
    clock.advance(7_200_000)
    assert retaining.prune() == 2
    assert status(file) == {}


@pytest.mark.parametrize(
    ("column", "left"),
    [
        ('"of" INTEGER REFERENCES job (id)', 1),
        ('"of" INTEGER REFERENCES JOB (id) ON DELETE RESTRICT', 1),
        ('"of" INTEGER REFERENCES job (id) DEFERRABLE INITIALLY DEFERRED', 1),
        ('"of" INTEGER REFERENCES job (id) ON DELETE SET NULL', 0),
        ('"of" INTEGER REFERENCES job (id) ON DELETE CASCADE', 0),
    ],
)
def test_what_a_table_of_the_users_refers_to_stays_unless_it_lets_go(
    retaining: Queue, file: Path, clock: HandClock, column: str, left: int
) -> None:
    retaining.define(f'CREATE TABLE "a ""bill""" ({column})')
    for n in range(2):
        retaining.enqueue("k", n)
    done(retaining)
    with retaining.transaction() as t:
        t.execute('INSERT INTO "a ""bill""" VALUES (1)')
    clock.advance(7_200_000)
    assert retaining.prune() == 2 - left
    assert len(status(file)) == left


# ---------------------------------------------------------------- who forgets
def test_a_worker_forgets_now_and_then_a_part_at_a_time(
    retaining: Queue, file: Path, clock: HandClock, monkeypatch: Monkey
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    monkeypatch.setattr("impl.working.house.AT_ONCE", 3)
    for n in range(8):
        retaining.enqueue("k", n)
    done(retaining)
    clock.advance(7_200_000)
    retaining.enqueue("wait")

    def wait(attempt: Attempt) -> None:
        until = time.monotonic() + 20
        while len(status(file)) > 1 and time.monotonic() < until:
            time.sleep(0.01)

    Worker(retaining, {"wait": wait}).run(until_empty=True)
    assert status(file) == {9: "done"}
    assert validate(str(file)).finding is None


def test_what_is_kept_back_keeps_nothing_else_back(
    retaining: Queue, file: Path, clock: HandClock, monkeypatch: Monkey
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    retaining.define("CREATE TABLE bill (job INTEGER REFERENCES job (id))")
    for n in range(9):
        retaining.enqueue("k", n)
    done(retaining)
    with retaining.transaction() as t:
        t.execute("INSERT INTO bill SELECT id FROM job WHERE id NOT IN (6, 9)")
    clock.advance(7_200_000)
    found = [retaining.retention.prune_some() for _ in range(7)]
    assert found == [0, 0, 1, 0, 1, 0, 0]  # the sixth begins anew, or finds that it is at the end
    with retaining.transaction() as t:
        t.execute("DELETE FROM bill WHERE job = 1")
    assert retaining.prune() == 1
    assert len(status(file)) == 6


def prune(file: Path, ready: Any, go: Any, found: Any) -> None:
    with Queue(file, clock=LATER, retain=3_600) as queue:
        ready.release()
        go.wait()
        found.put(queue.prune())


def test_two_processes_forget_each_job_once(file: Path, monkeypatch: Monkey) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    with Queue(file, clock=HandClock()) as queue:
        for n in range(40):
            queue.enqueue("k", n)
        done(queue)
    ready, go, found = FORK.Semaphore(0), FORK.Event(), FORK.Queue()
    two = [FORK.Process(target=prune, args=(file, ready, go, found)) for _ in range(2)]
    for each in two:
        each.start()
    for _ in two:
        ready.acquire()
    go.set()
    assert sum(found.get(timeout=60) for _ in two) == 40
    for each in two:
        each.join()
    assert status(file) == {}
    assert validate(str(file)).finding is None


# ---------------------------------------------------------------- wrong input, wrong files
@in_a_file
@pytest.mark.parametrize(
    ("retain", "fact"),
    [
        (-1, "is -1 seconds; choose 0 to"),
        (math.nan, "is nan seconds; choose 0 to"),
        (math.inf, "is inf seconds; choose 0 to"),
        (True, "is of type bool; give it in seconds"),
        ("7d", "is of type str; give it in seconds"),
    ],
)
def test_a_horizon_that_is_no_time_is_refused_and_no_file_is_made(
    file: Path, retain: Any, fact: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        Queue(file, retain=retain)
    assert str(refused.value).startswith(f"retain: {fact}")
    assert not file.exists()


def test_a_queue_that_can_only_be_read_forgets_nothing(file: Path, clock: HandClock) -> None:
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k")
        done(queue)
    with (
        Queue(file, clock=clock, retain=0, read_only=True) as queue,
        pytest.raises(StoreError, match="was opened to be read only; open it for writing"),
    ):
        queue.prune()
    assert status(file) == {1: "done"}


@in_a_file
@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        ("UPDATE trace SET unseen = '[[0, \"fly\", {}]]' WHERE seq = 2",
         "row 2 of the trace says what no step does"),
        ("UPDATE trace SET after = '[' WHERE seq = 2", "row 2 of the trace says what no step does"),
        ("UPDATE job SET recorded = 1 WHERE id = 2", "job 2 has what no run leads to: breaks INV-"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_not_cut(
    retaining: Queue, file: Path, clock: HandClock, damage: str, fact: str
) -> None:
    retaining.enqueue("k")
    done(retaining)
    retaining.enqueue("waits")
    clock.advance(7_200_000)
    with closing(apsw.Connection(str(file))) as other:
        write_down(other, False)
        other.execute("PRAGMA ignore_check_constraints = 1")
        other.execute(damage)
    with pytest.raises(Damaged) as refused:
        retaining.prune()
    assert fact in str(refused.value)
    assert rows(file, "SELECT count(*) FROM trace WHERE seq = 1") == [(1,)]
