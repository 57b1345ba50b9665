"""What is to be said outside: messages to their receivers, and notices of deaths.

What is taken to be said is nobody else's for a while, and is marked afterwards: a crash in between
repeats it once that time is over. What could not be said waits, and holds up nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from impl.interface.transaction import Transaction
from impl.terms.calls import run
from impl.terms.requests import Json

Ask = Callable[[str, Any], list[Any]]
"""Returns the rows of a query."""


@dataclass(frozen=True)
class Message:
    """A message from the outbox; it may come twice, and then has the same key."""

    key: str
    topic: str
    body: Json
    job: int


Receiver = Callable[[Message], None]
"""Does what a message asks for, once for each key; it is called in a thread of its own. What it
raises keeps the message waiting, and so does taking longer than a lease.
"""

Told = Callable[[int, str], None]
"""Is told of a job that has died, and why; like a receiver."""


@dataclass(frozen=True)
class Item:
    """What is to be said: its number, how often that was tried, and how it is done."""

    what: str
    number: int
    tries: int
    say: Callable[[], None]


class Speech(Protocol):
    """What is said one after the other, by whoever takes it; times by the clock of the boot."""

    def first(self, ask: Ask, now: int) -> list[Any]:
        """Return the row of what has to be said next, if anything."""

    def take(self, t: Transaction, row: Any, until: int) -> list[Item]:
        """Take it, and let nobody else have it until then; nothing, if somebody else was faster."""

    def said(self, t: Transaction, item: Item) -> None:
        """Mark it as said."""

    def failed(self, t: Transaction, item: Item, due: int | None, error: str) -> None:
        """Let it wait until it is due, or for good, unless somebody else has taken it since."""


@dataclass(frozen=True)
class Topic:
    """The messages to one topic."""

    name: str
    receiver: Receiver

    def first(self, ask: Ask, now: int) -> list[Any]:
        """Return the row of the next message."""
        query = """\
SELECT id, CAST(key AS BLOB), CAST(body AS BLOB), job, tries FROM outbox
WHERE NOT sent AND topic = ? AND due <= ? ORDER BY due, id LIMIT 1"""
        return ask(query, (self.name, now))

    def take(self, t: Transaction, row: Any, until: int) -> list[Item]:
        """Take the message."""
        number, key, body, job, before = row

        def say() -> None:
            # Read only here: what cannot be is not taken, as by a receiver that fails.
            run(self.receiver, Message(key.decode(), self.name, json.loads(body.decode()), job))

        update = """\
UPDATE outbox SET tries = tries + 1, due = ? WHERE id = ? AND tries = ? RETURNING tries"""
        what = f"message {key.decode(errors='replace')}"
        taken = t.own(update, (until, number, before))
        return [Item(what, number, tries, say) for (tries,) in taken]

    def said(self, t: Transaction, item: Item) -> None:
        """Mark the message as sent."""
        t.own("UPDATE outbox SET sent = TRUE, error = NULL WHERE id = ?", (item.number,))

    def failed(self, t: Transaction, item: Item, due: int | None, error: str) -> None:
        """Let the message wait."""
        update = "UPDATE outbox SET due = ?, error = ? WHERE id = ? AND tries = ?"
        t.own(update, (due, error, item.number, item.tries))


@dataclass(frozen=True)
class Deaths:
    """The notices of deaths."""

    told: Told

    def first(self, ask: Ask, now: int) -> list[Any]:
        """Return the row of the next death."""
        query = """\
SELECT job.id, reason, notice.tries FROM job LEFT JOIN notice ON notice.job = job.id
WHERE job.notice = 'due' AND (notice.job IS NULL OR notice.due <= ?) ORDER BY job.id LIMIT 1"""
        return ask(query, (now,))

    def take(self, t: Transaction, row: Any, until: int) -> list[Item]:
        """Take the notice."""
        job, reason, before = row
        update = """\
INSERT INTO notice (job, tries, due) VALUES (?, 1, ?)
ON CONFLICT (job) DO UPDATE SET tries = notice.tries + 1, due = excluded.due
WHERE notice.tries = ? RETURNING tries"""
        taken = t.own(update, (job, until, before or 0))
        say = partial(run, self.told, job, reason)
        return [Item(f"death of job {job}", job, tries, say) for (tries,) in taken]

    def said(self, t: Transaction, item: Item) -> None:
        """Mark the death as told."""
        t.take("notify", j=item.number - 1)
        t.own("DELETE FROM notice WHERE job = ?", (item.number,))

    def failed(self, t: Transaction, item: Item, due: int | None, error: str) -> None:
        """Let the notice wait."""
        update = "UPDATE notice SET due = ?, error = ? WHERE job = ? AND tries = ?"
        t.own(update, (due, error, item.number, item.tries))
