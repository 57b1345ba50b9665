"""The trace is cut behind what is forgotten, and a crash anywhere leaves one of both."""

import os
import signal
from pathlib import Path

import pytest

from checker.conformance.validating.validate import validate
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.worker import Worker
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, fail, rows, status
from tests.queue.retention.retained import FORK, LATER, done, work
from tests.stores import in_a_file

ON_BOTH = True


# ---------------------------------------------------------------- the trace goes with it
def test_the_trace_is_cut_only_where_most_of_it_is_of_what_is_forgotten(
    retaining: Queue, file: Path, clock: HandClock
) -> None:
    for n in range(4):
        retaining.enqueue("k", n)
        done(retaining)
    retaining.enqueue("other")
    for n in range(5):
        retaining.enqueue("other", n)
    clock.advance(7_200_000)
    before = rows(file, "SELECT count(*) FROM trace")[0][0]
    assert retaining.prune() == 4
    assert rows(file, "SELECT count(*) FROM trace")[0][0] == before + 2 * 4
    assert validate(str(file)).origin == 0
    done(retaining, "other")
    clock.advance(7_200_000)
    assert retaining.prune() == 6
    ((left, last),) = rows(file, "SELECT count(*), max(seq) FROM trace")
    assert left == 1
    verdict = validate(str(file))
    assert (verdict.origin, verdict.finding) == (last, None)


def test_what_is_known_of_a_job_that_stays_is_known_after_the_cut(
    retaining: Queue, file: Path, clock: HandClock
) -> None:
    retaining.enqueue("k", max_attempts=1)
    fail(retaining, claimed(retaining), "no such account")
    for n in range(3):
        retaining.enqueue("k", n)
    done(retaining)
    clock.advance(7_200_000)
    assert retaining.prune() == 3
    assert validate(str(file)).origin > 0
    notes = "SELECT note FROM trace WHERE action = 'settle_failed'"
    assert rows(file, notes) == [("no such account",)]
    assert rows(file, "SELECT count(*) FROM trace WHERE CAST(after AS TEXT) LIKE '%[job2]%'") == [
        (0,)
    ]


def killed(file: Path, at: int) -> bool:
    """Forget and cut in a process that is killed at a statement; return whether it was."""

    def run() -> None:
        with Queue(file, clock=LATER, retain=3_600) as queue:
            left = at

            def count(*_: object) -> bool:
                nonlocal left
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)
                return True

            in_file(queue.store).connection.exec_trace = count
            queue.prune(dead=True)

    child = FORK.Process(target=run)
    child.start()
    child.join()
    return child.exitcode != 0


@in_a_file
@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.deep)])
def test_killed_at_any_statement_a_job_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path, stride: int
) -> None:
    at = 1
    while True:
        file = tmp_path / f"{at}.db"
        with Queue(file, clock=HandClock(), lease_ms=10_000) as queue:
            queue.enqueue("k", 1)
            Worker(queue, {"k": work}).run(until_empty=True)
            queue.deliver({"mail": lambda message: None})
            queue.enqueue("waits")
        was_killed = killed(file, at)
        whole = "SELECT (SELECT count(*) FROM job WHERE id = 1), (SELECT count(*) FROM checkpoint)"
        ((jobs, parts),) = rows(file, whole)
        assert jobs == parts
        assert validate(str(file)).finding is None
        if not was_killed:
            break
        assert not killed(file, 10**6)
        assert status(file) == {2: "ready"}
        assert validate(str(file)).finding is None
        at += stride
    assert at > 20
