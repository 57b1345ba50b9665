"""persist-queue: it has no worker of its own, so the loop is ours."""

import functools

import persistqueue

from ..handler import FOLDER, GIVEN, Refused, run

KIND = persistqueue.UniqueAckQ if GIVEN["unique"] else persistqueue.SQLiteAckQueue
NAMES = {0: "ready", 1: "ready", 2: "claimed", 5: "done", 9: "dead"}


def opened(resume: bool = False) -> persistqueue.SQLiteAckQueue:
    """Open the queue; a worker that does so may give back what was not acknowledged."""
    return KIND(f"{FOLDER}/persist", multithreading=True, auto_resume=resume)


@functools.cache
def known() -> persistqueue.SQLiteAckQueue:
    """Return the queue of a client."""
    return opened()


def setup() -> None:
    """Make the queue."""
    known()


def enqueue(key: str) -> None:
    """Ask for a job."""
    known().put(key)


def status(key: str) -> list[str]:
    """Return the status of the item."""
    rows = [row for row in opened().queue() if row["data"] == key]
    return [NAMES[int(rows[0]["status"])]] if rows else ["absent"]


def work(name: str) -> None:
    """Work until killed."""
    queue = opened(GIVEN["resume"])
    while True:
        try:
            item = queue.get(timeout=0.2, raw=True)
        except persistqueue.Empty:
            continue
        try:
            run(item["data"])
        except Refused:
            queue.nack(item)
        else:
            queue.ack(item)
