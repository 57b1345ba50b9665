"""litequeue: it has no worker of its own, so the loop is ours."""

import sqlite3
import time

from litequeue import LiteQueue

from ..handler import FOLDER, GIVEN, Refused, run

PATH = f"{FOLDER}/lite.db"
NAMES = {0: "ready", 1: "claimed", 2: "done", 3: "dead"}


def setup() -> None:
    """Make the queue."""
    LiteQueue(PATH)


def enqueue(key: str) -> None:
    """Ask for a job."""
    LiteQueue(PATH).put(key)


def status(key: str) -> list[str]:
    """Return the status of the message."""
    with sqlite3.connect(PATH) as connection:
        rows = connection.execute("SELECT status FROM Queue WHERE data = ?", (key,)).fetchall()
    return [NAMES[rows[0][0]]] if rows else ["absent"]


def work(name: str) -> None:
    """Work until killed; give back what is locked for too long, if this variant does."""
    queue, swept = LiteQueue(PATH), 0.0
    while True:
        if GIVEN["rescue"] and time.monotonic() > swept + 1:
            swept = time.monotonic()
            for locked in list(queue.list_locked(GIVEN["rescue"])):
                queue.retry(locked.message_id)
        message = queue.pop()
        if message is None:
            time.sleep(0.1)
            continue
        try:
            run(message.data)
        except Refused:
            queue.mark_failed(message.message_id)
        else:
            queue.done(message.message_id)
