"""The queue for its users: producers put jobs in, recoverers end claims that nobody holds any more.

Each method is one or a few transitions of the spec and what belongs to them, in one transaction.
What may happen is decided by the guards; this file only says what is tried, and when.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Unpack

from impl.address import store_at
from impl.derive.reference import design
from impl.interface.process import Process, newcomer
from impl.interface.store import Store
from impl.interface.transaction import Transaction
from impl.parts.asking import Asking, Enqueued, Options, wanted
from impl.parts.line import Line
from impl.parts.outbox import Deaths, Receiver, Told, Topic
from impl.parts.pauses import pause, resume
from impl.parts.recovery import Recovery
from impl.parts.redriving import Redriven, redrive
from impl.parts.retention import Retention
from impl.parts.schedules import serve
from impl.parts.speaker import Speaker
from impl.terms.backoff import Backoff
from impl.terms.clock import Clock
from impl.terms.outcomes import Refused
from impl.terms.requests import (
    LONGEST,
    BadRequest,
    Json,
    known,
    milliseconds,
    named,
    row_number,
    whole,
)  # fmt: skip
from spec.language.scope import element_name
from spec.language.terms.types import Sort

log = logging.getLogger(__name__)


class Queue:
    """A queue, in a file or on a server, for one thread of one process."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lease_ms: int = 30_000,
        backoff: Backoff | None = None,
        clock: Clock | None = None,
        busy_ms: int = 5_000,
        retain: float | None = None,
        read_only: bool = False,
    ) -> None:
        """Open the queue, making it if there is none; raises `StoreError`, `BadRequest`.

        `path`: a file, or `postgresql://USER@HOST:PORT/DATABASE#SCHEMA`.

        `lease_ms`: a worker that is not heard of for so long may be taken for dead. `busy_ms`: how
        long others may keep the store locked. `retain`: how many seconds what is done or cancelled
        is kept; None: for ever. With `read_only` it can only be looked at, where it cannot be
        written too.
        """
        whole("lease_ms", lease_ms, 1, LONGEST * 1000)
        whole("busy_ms", busy_ms, 0, 2**31 - 1)
        self.lease_ms, self.busy_ms = lease_ms, busy_ms
        self.retention = Retention(self, retain)
        self.store: Store = store_at(os.fspath(path), design(), clock, busy_ms, read_only)
        self.path, self.clock, self._given_clock = self.store.path, self.store.clock, clock
        self.line = Line(self.clock, backoff or Backoff())
        self._recovery = Recovery(self)
        try:
            self.history = self.store.enter()
        except BaseException:
            self.store.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()

    def backup(self, to: str | os.PathLike[str]) -> None:
        """Copy what is committed into a new file, whole or not at all, while others go on. Opened
        as a queue, it begins a history of its own. Raises `BadRequest` if there is such a file
        already, or can be none, and `StoreError`.
        """
        self.store.backup(to)

    def again(self) -> Queue:
        """Return the same queue for another thread; raises `StoreError`."""
        other = Queue(
            self.store.address,
            lease_ms=self.lease_ms,
            backoff=self.line.backoff,
            clock=self._given_clock,
            busy_ms=self.busy_ms,
            retain=self.retention.retain,
            read_only=self.store.read_only,
        )
        try:
            with other.snapshot() as t:
                t.require(self.history, self.path)
        except BaseException:
            other.close()
            raise
        return other

    @property
    def epoch(self) -> int:
        """What tokens begin with in this history; a later one has a larger."""
        return self.history.epoch

    def __enter__(self) -> Queue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ transactions
    @contextlib.contextmanager
    def transaction(self, durable: bool = True) -> Iterator[Transaction]:
        """Open a transaction, for statements of one's own beside `enqueue`: all of it or nothing.

        It holds the one lock for writing: nothing slow belongs here. Without `durable`, a loss of
        power may take it back. Raises `BadRequest` if one is open already, `StoreError`, and
        `OutcomeUnknown` if a failed COMMIT may have been one.
        """
        with self.store.transaction(durable=durable) as t:
            t.require(self.history, self.path)
            yield t

    def waits(self, action: str) -> bool:
        """Return whether a step must be on the disk before anybody is told of it, as the spec has
        it: a transaction of other steps alone need not be durable.
        """
        return not self.store.design.transitions[action].action.loose

    @contextlib.contextmanager
    def snapshot(self, at_rest: bool = False) -> Iterator[Transaction]:
        """Open a transaction that only reads, takes no lock, and sees one moment of the store, as
        `Owner` has it. Raises `BadRequest` if one is open already, `StoreError`.
        """
        with self.store.transaction(writes=False, at_rest=at_rest) as t:
            t.require(self.history, self.path)
            yield t

    def query(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query, without a lock. Raises `BadRequest`, `StoreError`."""
        return self.store.query(sql, values)

    def define(self, sql: str) -> None:
        """Run statements that make tables of one's own, beside those of the queue. Raises
        `BadRequest`, `StoreError`.
        """
        with self.transaction() as t:
            t.execute(sql)

    def process(self, sort: type[Sort], kinds: Collection[str] | None = None) -> Process:
        """Return a new worker, which knows these kinds, or recoverer, under a number that nobody
        else ever had.
        """
        known = None if kinds is None else json.dumps(list(kinds))
        with self.transaction() as t:
            insert = "INSERT INTO process (sort, pid, kinds) VALUES (?, ?, ?) RETURNING id"
            ((number,),) = t.own(insert, (sort.__name__, os.getpid(), known))
        self.store.appear(element_name(sort, number - 1))
        return newcomer(self.store.design, sort, number - 1)

    # ------------------------------------------------------------ producers
    def enqueue(
        self,
        kind: str,
        payload: Json = None,
        *,
        within: Transaction | None = None,
        **options: Unpack[Options],
    ) -> Enqueued:
        """Put a job in, or find it if its key is known: asking twice is asking once.

        `unique`: what the job is about. While a job about the same is there that is not over, or
        was not claimed if its `unique_until` was "claimed", no other is put in, and that one is
        returned as one that has `kept_out` this one. One that is tried again asks nobody.

        `delay` (0) and `timeout` of one attempt (300) are in seconds. The job is given up after
        `max_attempts` (3) failures, or when `max_interrupts` (10) attempts were cut short.
        `within`: a transaction of this queue that is to hold it. Raises `BadRequest`, also where
        the key is that of another job, `StoreError`, and `OutcomeUnknown`, after which it may be
        asked again.
        """
        request = wanted(kind, payload, **options)
        if within is not None:
            self._require_ours(within)
            return Asking(self).ask(within, request)
        with self.transaction() as t:
            return Asking(self).ask(t, request)

    def _require_ours(self, within: Transaction) -> None:
        if within.span is not self.store.span or not within.span.writes:
            fact = "is no transaction of this queue that is open for writing"
            raise BadRequest(f"within: {fact}; use what its `transaction` gives")
        if not within.span.durable:
            fact = "is not waited for, and a job that is in the queue must stay"
            raise BadRequest(f"within: {fact}; leave `durable` as it is")

    def every(self, kind: str, seconds: int, *, catch_up: int = 1) -> list[Enqueued]:
        """Put in a job for each moment of a schedule that has come and has none; return those that
        are new. Any process may do it, as often as it likes: two at once do no harm.

        The moments are the multiples of `seconds` since 1970, by the wall clock in UTC; a job has
        its moment as payload. When nobody was there for a while, the last `catch_up` moments are
        made up for, and those before are skipped. Raises `BadRequest`, `StoreError`, and
        `OutcomeUnknown`, after which it may be asked again.
        """
        whole("seconds", seconds, 1, LONGEST)
        whole("catch_up", catch_up, 1, 1_000)
        return serve(self, self.enqueue, self.clock.wall, named("kind", kind), seconds, catch_up)

    def retry(self, job: int) -> Enqueued:
        """Put the work of a dead job in again, as a new job with new budgets under the same key;
        the dead one stays dead. Steps that it has done are not done again. Asking twice is asking
        once. Raises `BadRequest`, also where a job about the same keeps it out, `StoreError`.
        """
        return Asking(self).retry(job)

    def redrive(self, kind: str | None = None, *, spread: float = 0.0) -> Redriven:
        """Retry every dead job, of this kind if one is given, that was not cancelled and not put in
        again yet, each in a step of its own; say why one had to be left. They come due evenly over
        `spread` seconds, so that what they all need is not asked by all at once. Cut off, it can be
        asked again. Raises `BadRequest`, `StoreError`.
        """
        named_kind = None if kind is None else named("kind", kind)
        return redrive(self, named_kind, milliseconds("spread", spread, 0))

    def cancel(self, job: int) -> None:
        """Give up a job that is not done: its worker, if it has one, can settle no more. Raises
        `BadRequest`.
        """
        with self.transaction() as t:
            known(t.own("SELECT id FROM job WHERE id = ?", (row_number(job),)), job)
            if isinstance(t.take("cancel", j=job - 1), Refused):
                raise BadRequest(f"job {job}: is done or dead; nothing is left to be cancelled")
        log.info("job %s: is cancelled", job)

    # ------------------------------------------------------------ kinds
    def pause(self, kind: str) -> bool:
        """Let nothing of this kind be claimed until it is resumed; what is claimed goes on. Return
        whether it was not paused before. Raises `BadRequest`, `StoreError`.
        """
        with self.transaction() as t:
            return pause(t, named("kind", kind))

    def resume(self, kind: str) -> bool:
        """Let jobs of this kind be claimed again; return whether it was paused. Raises as `pause`
        does.
        """
        with self.transaction() as t:
            return resume(t, named("kind", kind))

    # ------------------------------------------------------------ what has ended
    def recover(self) -> int:
        """End the claims whose lease has run out; return how many. Any process may do it, at any
        time; two at once do no harm. Raises `StoreError`.
        """
        return self._recovery.recover()

    def prune(self, dead: bool = False) -> int:
        """Forget what was done or cancelled longer ago than `retain`, and what is `dead` if that is
        said, unless it is still to be told or a table of yours refers to it; return how many jobs.
        Raises `BadRequest` without a `retain`, `StoreError`.
        """
        return self.retention.prune(dead)

    # ------------------------------------------------------------ what is said outside
    def deliver(self, receivers: Mapping[str, Receiver]) -> int:
        """Hand over what waits for these topics, each message once; return how many were taken. A
        receiver has as long as a lease. Raises `StoreError`.
        """
        return Speaker(self).say_all({name: Topic(name, r) for name, r in receivers.items()})

    def announce(self, told: Told) -> int:
        """Tell of jobs that have died, with the reason, and return of how many. Raises
        `StoreError`.
        """
        return Speaker(self).say_all({"": Deaths(told)})
