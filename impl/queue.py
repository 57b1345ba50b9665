"""The queue for its users: producers put jobs in, recoverers end claims that nobody holds any more.

Each method is one or a few transitions of the spec and what belongs to them, in one transaction.
What may happen is decided by the guards; this file only says what is tried, and when.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from impl.backoff import Backoff
from impl.clock import Clock, MachineClock
from impl.files import StoreError
from impl.outcomes import Refused
from impl.space import require_room
from impl.store import Store
from impl.tasks import MOST, design
from impl.transaction import Process, Transaction, newcomer
from spec.language.types import Sort
from spec.queue.job import Job
from spec.queue.recovery import Recoverer

Json = Any
"""What JSON can hold."""

MAX_PAYLOAD = 64 * 1024
"""Bytes of JSON; what is larger belongs elsewhere, and its name into the payload."""


class BadRequest(ValueError):
    """What was asked for cannot be: `subject: fact; remedy`. Nothing was changed."""


@dataclass(frozen=True)
class Enqueued:
    """A job that is in the queue; `new` is false if its key was known already."""

    id: int
    key: str
    new: bool


@dataclass(frozen=True)
class Message:
    """A message from the outbox; it may come twice, and then has the same key."""

    key: str
    topic: str
    body: Json
    job: int


class Queue:
    """A queue in a file, for one thread of one process."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lease_ms: int = 30_000,
        backoff: Backoff | None = None,
        clock: Clock | None = None,
        busy_ms: int = 5_000,
    ) -> None:
        """Open the queue, making it if there is none; raises `StoreError`.

        `lease_ms`: a worker that is not heard of for so long may be taken for dead.
        """
        self.path, self.lease_ms, self.busy_ms = os.fspath(path), lease_ms, busy_ms
        self.backoff, self.clock = backoff or Backoff(), clock or MachineClock()
        self.store = Store(design(), self.path, busy_ms)
        self._chance = random.Random()
        self._recoverer: Process | None = None
        try:
            self.epoch = self._see_boot()
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()

    def again(self) -> Queue:
        """Return the same queue for another thread."""
        return Queue(
            self.path,
            lease_ms=self.lease_ms,
            backoff=self.backoff,
            clock=self.clock,
            busy_ms=self.busy_ms,
        )

    def __enter__(self) -> Queue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ transactions
    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction, for statements of one's own beside `enqueue`: all of it or nothing.

        It holds the one lock for writing: nothing slow belongs here. Raises `StoreError`, and
        `OutcomeUnknown` if a failed COMMIT may have been one.
        """
        with self.store.transaction() as t:
            if self._epoch(t) != self.epoch:
                fact = "has seen another boot since it was opened"
                raise StoreError(self.path, fact, "open it again; what was claimed is lost")
            yield t

    def query(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query, without a lock."""
        return self.store.connection.execute(sql, values).fetchall()

    def define(self, sql: str) -> None:
        """Run statements that make tables of one's own, beside those of the queue."""
        with self.store.transaction() as t:
            t.execute(sql)
            t.execute("INSERT OR REPLACE INTO meta VALUES ('defined', datetime())")

    def process(self, sort: type[Sort]) -> Process:
        """Return a new worker or recoverer, under a number that nobody else ever had."""
        with self.transaction() as t:
            insert = "INSERT INTO process (sort, pid) VALUES (?, ?) RETURNING id"
            ((number,),) = t.execute(insert, (sort.__name__, os.getpid()))
        return newcomer(self.store.design, sort, number - 1)

    # ------------------------------------------------------------ producers
    def enqueue(
        self,
        kind: str,
        payload: Json = None,
        *,
        key: str | None = None,
        delay: float = 0.0,
        max_attempts: int = 3,
        max_interrupts: int = 10,
        timeout: float = 300.0,
        within: Transaction | None = None,
    ) -> Enqueued:
        """Put a job in, or find it if its key is known: asking twice is asking once.

        `delay` and `timeout` (of one attempt) are in seconds. The job is given up after
        `max_attempts` failures, or when so many attempts were cut short. `within`: a transaction
        of this queue that is to hold it. Raises `BadRequest`, `StoreError`.
        """
        text = _checked(kind, payload, timeout, max_attempts, max_interrupts)
        budgets = {"MaxFails": max_attempts, "MaxInterrupts": max_interrupts}
        given = (key or uuid4().hex, kind, text, max(1, int(timeout * 1000)))
        due = self.clock.wall() + int(delay * 1000)
        if within is not None:
            return self._insert(within, given, due, budgets, None)
        with self.transaction() as t:
            return self._insert(t, given, due, budgets, None)

    def _insert(
        self,
        t: Transaction,
        given: tuple[str, str, str, int],
        due: int,
        budgets: Mapping[str, int],
        retry_of: int | None,
    ) -> Enqueued:
        key = given[0]
        for (known,) in t.execute("SELECT id FROM task WHERE key = ?", (key,)):
            return Enqueued(known, key, False)
        require_room(self.store)
        insert = """\
INSERT INTO task (key, kind, payload, timeout_ms, due, retry_of) VALUES (?, ?, ?, ?, ?, ?)
RETURNING id"""
        ((job,),) = t.execute(insert, (*given, due, retry_of))
        client = newcomer(self.store.design, Job, job - 1)
        for action in ("send", "enqueue"):
            outcome = t.take(action, client, constants=budgets)
            assert not isinstance(outcome, Refused), f"{action} of a new job: {outcome}"
        return Enqueued(job, key, True)

    def retry(self, job: int) -> Enqueued:
        """Put the work of a dead job in again, as a new job with new budgets; the dead one stays
        dead. Asking twice is asking once. Raises `BadRequest`.
        """
        query = """\
SELECT status, key, kind, payload, timeout_ms, max_fails, max_interrupts
FROM job JOIN task USING (id) WHERE id = ?"""
        with self.transaction() as t:
            status, key, *given, fails, interrupts = _one(t.execute(query, (job,)), job)
            if status != "dead":
                raise BadRequest(f"job {job}: is {status}; only a dead job can be retried")
            budgets = {"MaxFails": fails, "MaxInterrupts": interrupts}
            again = (f"{key}/retry", *given)
            return self._insert(t, again, self.clock.wall(), budgets, job)

    def cancel(self, job: int) -> None:
        """Give up a job that is not done: its worker, if it has one, can settle no more. Raises
        `BadRequest`.
        """
        with self.transaction() as t:
            _one(t.execute("SELECT status FROM job WHERE id = ?", (job,)), job)
            if isinstance(t.take("cancel", j=job - 1), Refused):
                raise BadRequest(f"job {job}: is done or dead; nothing is left to be cancelled")
            t.execute("UPDATE task SET due = NULL WHERE id = ?", (job,))
            self.no_claim(t, job)

    # ------------------------------------------------------------ recovery
    def recover(self) -> int:
        """End the claims whose lease has run out; return how many. Any process may do it, at any
        time; two at once do no harm.
        """
        recoverer = self._recoverer = self._recoverer or self.process(Recoverer)
        ended = 0
        for job in self._late():
            with self.transaction() as t:
                now = self.clock.since_boot()
                query = "SELECT lease_until <= ?1, deadline <= ?1 FROM task WHERE id = ?2"
                ((out, overdue),) = t.execute(query, (now, job))
                if overdue:
                    t.take("pass_deadline", j=job - 1)
                if not out:
                    continue
                t.take("expire", j=job - 1)
                t.take("look", recoverer, j=job - 1)
                if not isinstance(t.take("recover", recoverer), Refused):
                    self.wait(t, job, 0)
                    ended += 1
        return ended

    def _late(self) -> list[int]:
        query = "SELECT id FROM task WHERE min(lease_until, deadline) <= ? ORDER BY lease_until"
        return [job for (job,) in self.query(query, (self.clock.since_boot(),))]

    def wait(self, t: Transaction, job: int, wait_ms: int) -> None:
        """Say when a job is due again whose claim has ended, unless that was the end of it."""
        due = self.clock.wall() + wait_ms
        query = """\
UPDATE task SET due = CASE job.status WHEN 'ready' THEN ? END
FROM job WHERE job.id = task.id AND task.id = ?"""
        t.execute(query, (due, job))
        self.no_claim(t, job)

    def no_claim(self, t: Transaction, job: int) -> None:
        """Forget the times of a claim that has ended."""
        t.execute("UPDATE task SET lease_until = NULL, deadline = NULL WHERE id = ?", (job,))

    def pause_ms(self, t: Transaction, fails: int) -> int:
        """Return how long a job waits that has failed so often."""
        query = "SELECT count(*) FROM trace WHERE action = 'settle_failed' AND at > ?"
        ((lately,),) = t.execute(query, (self.clock.wall() - self.backoff.window_ms,))
        return self.backoff.wait_ms(fails, lately, self._chance)

    # ------------------------------------------------------------ what is said outside
    def deliver(self, receivers: Mapping[str, Callable[[Message], None]]) -> int:
        """Hand the messages of these topics to their receivers; return how many.

        A message is marked after its receiver has returned, so that a crash repeats it.
        """
        marks = ", ".join("?" * len(receivers))
        query = f"""\
SELECT id, key, topic, body, job FROM outbox WHERE NOT sent AND topic IN ({marks}) ORDER BY id"""
        waiting = self.query(query, tuple(receivers))
        for number, key, topic, body, job in waiting:
            receivers[topic](Message(key, topic, json.loads(body), job))
            with self.transaction() as t:
                t.execute("UPDATE outbox SET sent = 1 WHERE id = ?", (number,))
        return len(waiting)

    def announce(self, told: Callable[[int, str], None]) -> int:
        """Tell of each job that has died, with the reason; return how many. A crash repeats it."""
        dead = self.query("SELECT id, reason FROM job WHERE notice = 'due' ORDER BY id")
        for job, reason in dead:
            told(job, reason)
            with self.transaction() as t:
                t.take("notify", j=job - 1)
        return len(dead)

    # ------------------------------------------------------------ boots
    def _see_boot(self) -> int:
        """Return the epoch; a new boot begins one, and ends all leases: who held them is gone."""
        boot = self.clock.boot()
        found = dict(self.query("SELECT name, value FROM meta WHERE name IN ('boot', 'epoch')"))
        if found.get("boot") == boot:
            return int(found["epoch"])
        with self.store.transaction() as t:
            ((known,),) = t.execute("SELECT max(value) FILTER (WHERE name = 'boot') FROM meta")
            epoch = self._epoch(t)
            if known == boot:  # another process was faster
                return epoch
            written = [("boot", boot), ("epoch", str(epoch + 1))]
            for row in written:
                t.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)
            for (job,) in t.execute("SELECT id FROM job WHERE status = 'claimed'"):
                t.take("expire", j=job - 1)
                t.execute("UPDATE task SET lease_until = 0 WHERE id = ?", (job,))
        return epoch + 1

    def _epoch(self, t: Transaction) -> int:
        ((epoch,),) = t.execute("SELECT max(value) FILTER (WHERE name = 'epoch') FROM meta")
        return int(epoch or 0)


def _checked(kind: str, payload: Json, timeout: float, attempts: int, interrupts: int) -> str:
    """Return the payload as JSON, or raise `BadRequest`."""
    try:
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as wrong:
        raise BadRequest(f"payload of '{kind}': {wrong}; send what JSON can hold") from None
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_PAYLOAD:
        raise BadRequest(
            f"payload of '{kind}': has {size} bytes, and {MAX_PAYLOAD} are allowed; "
            "keep it elsewhere and send its name"
        )
    if not kind:
        raise BadRequest("kind: is empty; name the handler")
    if not timeout > 0:
        raise BadRequest(f"timeout: is {timeout} seconds; give an attempt more than 0")
    for name, number in (("max_attempts", attempts), ("max_interrupts", interrupts)):
        if not 1 <= number <= MOST:
            raise BadRequest(f"{name}: is {number}; choose 1 to {MOST}")
    return text


def _one(rows: Sequence[Any], job: int) -> Any:
    if not rows:
        raise BadRequest(f"job {job}: is not in the queue; `ffq queue list` shows what is")
    return rows[0]
