"""Background mail: the order and the wish to send its mail are one commit; the mail comes later.

Sending is outside the database, so a mail may go out twice; it then has the same key, by which a
receiver that keeps keys sends it once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from impl.parts.outbox import Message
from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt

ORDERS = 30

TABLES = "CREATE TABLE IF NOT EXISTS placed (number INTEGER NOT NULL) STRICT"


def prepare(queue: Queue) -> None:
    """Ask for the orders; asking again changes nothing."""
    queue.define(TABLES)
    for number in range(1, ORDERS + 1):
        queue.enqueue("order", {"number": number}, key=f"order {number}")


def order(attempt: Attempt) -> None:
    """Place the order, and let its buyer know."""
    number = attempt.payload["number"]
    attempt.write("INSERT INTO placed VALUES (?)", number)
    attempt.send("mail", {"to": f"buyer{number}@example.org", "text": f"order {number} is placed"})


class Postbox:
    """Sends mail: here into a file, a line for each."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def send(self, message: Message) -> None:
        """Send a message, with its key; what it raises would keep the message waiting."""
        with self.file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps({"key": message.key} | message.body) + "\n")


HANDLERS = {"order": order}


def books(queue: Queue) -> Iterator[str]:
    """Yield how many orders are placed, and how many mails were sent."""
    ((orders,),) = queue.query("SELECT count(*) FROM placed")
    ((unsent,),) = queue.query("SELECT count(*) FROM outbox WHERE NOT sent")
    yield f"{orders} orders, {unsent} mails not sent"


if __name__ == "__main__":
    with Queue(sys.argv[1], lease_ms=1_000) as opened:
        prepare(opened)
        postbox = Postbox(Path(f"{opened.path}.mail"))
        receivers = {"mail": postbox.send}
        Worker(opened, HANDLERS, receivers=receivers).run(until_empty=True)
        print("\n".join(books(opened)))
