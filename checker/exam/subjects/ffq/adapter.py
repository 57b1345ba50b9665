"""The queue of this project, whole or without a protection; the effect is outside its store."""

import functools

from impl.inject.edits import leave_out
from impl.queue import Queue
from impl.terms.backoff import Backoff
from impl.worker import Worker
from impl.working.attempt import Attempt

from ..handler import FOLDER, GIVEN, STORE, run

leave_out(GIVEN.get("without", ()))


def opened() -> Queue:
    """Open the queue."""
    quick = Backoff(first_ms=10, most_ms=100)
    return Queue(STORE or f"{FOLDER}/queue.db", lease_ms=1000, backoff=quick)


@functools.cache
def known() -> Queue:
    """Return the queue of a client."""
    return opened()


def setup() -> None:
    """Make the queue."""
    known()


def enqueue(key: str) -> None:
    """Ask for a job."""
    known().enqueue("job", {"key": key}, key=key, max_interrupts=3)


def status(key: str) -> list[str]:
    """Return the status of the job."""
    rows = known().query("SELECT status FROM job WHERE key = ?", (key,))
    return [rows[0][0]] if rows else ["absent"]


def job(attempt: Attempt) -> None:
    """Do the work."""
    run(attempt.payload["key"])


def work(name: str) -> None:
    """Work until told to stop."""
    with opened() as queue:
        Worker(queue, {"job": job}).run()
