"""An indexer: reads a chain block by block and remembers how far it has come.

Events and cursor are written in one transaction, and the cursor is moved only from where it was
read: so no block is skipped and none is read twice, even if two workers read the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt

JOBS, BLOCKS = 30, 4

TABLES = """
CREATE TABLE IF NOT EXISTS cursor (height INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS event (block INTEGER NOT NULL, what TEXT NOT NULL) STRICT;
"""


def chain(block: int) -> list[str]:
    """Return the events of a block, as a node would."""
    return [f"transfer {n} in block {block}" for n in range(block % 3)]


def prepare(queue: Queue) -> None:
    """Begin before the first block and ask for the jobs; asking again changes nothing."""
    queue.define(TABLES)
    with queue.transaction() as t:
        t.execute("INSERT INTO cursor SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM cursor)")
    for number in range(1, JOBS + 1):
        queue.enqueue("index", key=f"step {number}", max_attempts=20)


def index(attempt: Attempt) -> None:
    """Read the next blocks; if another worker was faster, fail and begin anew from its cursor."""
    ((height,),) = attempt.queue.query("SELECT height FROM cursor")
    for block in range(height + 1, height + BLOCKS + 1):
        for what in chain(block):
            attempt.write("INSERT INTO event VALUES (?, ?)", block, what)
    # It must change a row, or nothing of the above is kept.
    attempt.write("UPDATE cursor SET height = ? WHERE height = ?", height + BLOCKS, height)


HANDLERS = {"index": index}


def books(queue: Queue) -> Iterator[str]:
    """Yield how far it has come."""
    ((height,),) = queue.query("SELECT height FROM cursor")
    ((events,),) = queue.query("SELECT count(*) FROM event")
    yield f"{events} events up to block {height}"


if __name__ == "__main__":
    with Queue(sys.argv[1], lease_ms=1_000) as opened:
        prepare(opened)
        Worker(opened, HANDLERS).run(until_empty=True)
        print("\n".join(books(opened)))
