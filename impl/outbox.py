"""What is said outside: messages to their receivers, and notices of deaths, at least once each.

What was said is marked afterwards, so that a crash in between repeats it. One process speaks at a
time: two would say most things twice.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impl.files import StoreError
from impl.gate import alone
from impl.requests import Json

if TYPE_CHECKING:
    from impl.queue import Queue

log = logging.getLogger(__name__)

BATCH = 50
"""Messages of one topic, and notices, in one go."""


@dataclass(frozen=True)
class Message:
    """A message from the outbox; it may come twice, and then has the same key."""

    key: str
    topic: str
    body: Json
    job: int


Receiver = Callable[[Message], None]
"""Does what a message asks for, once for each key; what it raises keeps the message waiting."""

Told = Callable[[int, str], None]
"""Is told of a job that has died, and why."""


class Outbox:
    """Says what is waiting to be said, for one queue.

    Whoever fails is left in peace until the next time; the turn is then the next message's, so that
    one which cannot be delivered does not hold up the others.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._failed: dict[str, int] = {}

    def deliver(self, receivers: Mapping[str, Receiver]) -> int:
        """Hand a batch of messages of each of these topics over; return how many were taken.

        Raises `StoreError`.
        """
        with self._alone() as mine:
            return sum(self._topic(*each) for each in receivers.items()) if mine else 0

    def _topic(self, topic: str, receiver: Receiver) -> int:
        query = """\
SELECT id, key, body, job FROM outbox WHERE NOT sent AND topic = ? ORDER BY id <= ?, id LIMIT ?"""
        after = self._failed.pop(topic, 0)
        taken = 0
        for number, key, body, job in self._queue.query(query, (topic, after, BATCH)):
            try:
                receiver(Message(key, topic, json.loads(body), job))
            except Exception as error:
                log.warning("message %s was not taken: %s: %s", key, type(error).__name__, error)
                self._failed[topic] = number
                break
            with self._queue.transaction() as t:
                t.own("UPDATE outbox SET sent = 1 WHERE id = ?", (number,))
            taken += 1
        return taken

    def announce(self, told: Told) -> int:
        """Tell of a batch of jobs that have died; return of how many. Raises `StoreError`."""
        query = "SELECT id, reason FROM job WHERE notice = 'due' ORDER BY id <= ?, id LIMIT ?"
        after = self._failed.pop("", 0)
        announced = 0
        with self._alone() as mine:
            dead = self._queue.query(query, (after, BATCH)) if mine else []
            for job, reason in dead:
                try:
                    told(job, reason)
                except Exception as error:
                    log.warning("death of job %s: %s: %s", job, type(error).__name__, error)
                    self._failed[""] = job
                    break
                with self._queue.transaction() as t:
                    t.take("notify", j=job - 1)
                announced += 1
        return announced

    def _alone(self) -> contextlib.AbstractContextManager[bool]:
        try:
            return alone(f"{self._queue.path}-post")
        except OSError as failed:
            fact = f"nothing can be sent: {failed.strerror}"
            remedy = "see that its folder can be written"
            raise StoreError(self._queue.path, fact, remedy) from None
