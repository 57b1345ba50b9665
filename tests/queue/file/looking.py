"""What tests of the queue do with it beside what its users do: read its file, and hold claims."""

from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from impl.address import on_a_server
from impl.queue import Queue
from impl.working.attempt import Attempt, claim
from spec.queue.job import Worker as WorkerSort


def rows(file: Path | str, sql: str, *values: Any) -> list[Any]:
    """Return what another connection reads in the file, or on the server that it is the address of.

    Not one of the standard library's: two builds of SQLite in one process undo each other's locks.
    """
    if on_a_server(str(file)):
        with Queue(file, read_only=True) as queue:
            return queue.store.own(sql, values)
    with closing(apsw.Connection(str(file))) as other:
        return other.execute(sql, values).fetchall()


def status(file: Path | str) -> dict[int, str]:
    return dict(rows(file, "SELECT id, status FROM job"))


def claimed(queue: Queue, kind: str = "k") -> Attempt:
    """Return an attempt that nobody will look after, as one of a worker that has died."""
    with queue.transaction() as t:
        attempt = claim(queue, t, queue_worker(queue, t), [kind])
    assert attempt is not None
    return attempt


def queue_worker(queue: Queue, t: Any) -> Any:
    from impl.interface.process import newcomer

    ((number,),) = t.own("INSERT INTO process (sort, pid) VALUES ('Worker', 0) RETURNING id")
    return newcomer(queue.store.design, WorkerSort, number - 1)


def fail(queue: Queue, attempt: Attempt, error: str = "boom") -> None:
    with queue.transaction() as t:
        attempt.fail(t, error)
