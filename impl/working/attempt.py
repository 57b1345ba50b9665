"""An attempt: one run of a handler on a job, under a claim that may be lost at any moment.

Whatever the attempt writes is written under its fence: a step of the spec that is refused once the
claim is another's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Unpack

from impl.interface.process import Process
from impl.interface.transaction import Transaction
from impl.parts.asking import Options
from impl.queue import Queue
from impl.terms.interrupt import outside
from impl.terms.outcomes import Done, Refused
from impl.terms.requests import BadRequest, Json, as_json, named
from impl.terms.unusable import REMEDY, Damaged, require_written
from impl.working.along import Along, Statement, run
from impl.working.patience import patiently
from spec.language.scope import Value

MAX_NOTE = 1000
"""Characters of an error that the trace keeps."""


class LostClaim(Exception):
    """The claim is not this worker's any more: `guard` refused. Stop, write nothing."""

    def __init__(self, action: str, job: int, guard: str) -> None:
        super().__init__(f"{action} of job {job} is refused: {guard}")
        self.guard = guard


class Unreadable(Exception):
    """What the store has of a job is damaged, or of another making: no handler can be given it."""


class NotMine(Exception):
    """Raised by a handler that cannot do this job, as one of an older version than whoever put it
    in: it is given back, which is no failure, and waits a while for another worker.
    """


@dataclass(eq=False)
class Attempt:
    """What a handler is given.

    `key` stays the same over all attempts, those of a retried job included: it is how others know
    the work again. `token` is the fencing token of the claim, (epoch, count): larger for each later
    claim under that key. A receiver outside may refuse smaller ones than it has seen. `number`: how
    often this job has been claimed, this time included.
    """

    queue: Queue
    worker: Process
    id: int
    key: str
    kind: str
    token: tuple[int, int]
    number: int
    timeout_ms: int
    _stored: tuple[bytes, bytes]
    _ended: tuple[int, int]
    _along: Along = field(default_factory=Along)

    # ------------------------------------------------------------ for handlers
    @cached_property
    def payload(self) -> Json:
        """What the job is about, as JSON gives it back. Raises `Unreadable`."""
        try:
            return json.loads(self._stored[1].decode())
        except (ValueError, RecursionError) as wrong:
            raise Unreadable(f"payload: cannot be read: {wrong}; put it in anew") from None

    def write(self, sql: str, *values: Any) -> None:
        """Let a statement be run in the transaction that makes the job done: exactly once, all of
        them or none. It must change a row, or the attempt fails. Raises `LostClaim`.
        """
        self._require_open("write")
        self._along.statements.append((sql, values))

    def send(self, topic: str, body: Json, key: str | None = None) -> None:
        """Let a message be put into the outbox in the transaction that makes the job done.

        It will be delivered at least once; by `key` the receiver knows it again. That is the key of
        the job with the topic and a number, unless another one is given. The same message to a
        topic under the same key is added once; another one there is refused, and the attempt fails.
        Raises `BadRequest`, `LostClaim`.
        """
        self._require_open("send")
        self._along.send(self.key, topic, body, key)

    def follow_up(self, kind: str, payload: Json = None, **options: Unpack[Options]) -> None:
        """Let another job be put in by the transaction that makes this one done: both or neither.

        The `options` are those of `Queue.enqueue`, which says what they mean. The key is that of
        this job with the kind and a number, unless another one is given. Where the store has no
        room for it, this job is given back, and tried again later. Raises `BadRequest`,
        `LostClaim`.
        """
        self._require_open("follow_up")
        self._along.follow(self.key, kind, payload, options)

    def once(self, name: str, *statements: Statement) -> bool:
        """Run statements now, in a transaction of their own, unless an attempt has done this step
        before; return whether it was done now. Raises `LostClaim`, `NothingWritten`, `BadRequest`.
        """
        if any(isinstance(each, str) for each in statements):
            raise BadRequest(f"step '{name}': has SQL alone; give (sql, values) each time")
        if self._known("once", named("step", name)):
            return False

        def step() -> None:
            with self.worker.lock, self.queue.transaction() as t:
                self._fence(t, "write_first" if self._begun else "heartbeat")
                self._checkpoint(t, "once", name, None)
                run(t, statements)

        patiently(self.queue, step)
        return True

    def result(self, name: str, compute: Callable[[], Json]) -> Json:
        """Return what `compute` returns, as JSON gives it back, from the first attempt that got so
        far; it may be asked again if that attempt dies at once. Raises `LostClaim`, `BadRequest`.
        """
        for (known,) in self._known("result", named("result", name)):
            return json.loads(known)
        text = as_json(f"result of '{name}'", outside(compute))

        def step() -> None:
            with self.worker.lock, self.queue.transaction() as t:
                self._fence(t, "heartbeat")
                self._checkpoint(t, "result", name, text)

        patiently(self.queue, step)
        return json.loads(text)

    # ------------------------------------------------------------ for workers
    def heartbeat(self, queue: Queue) -> None:
        """Renew the lease, by this thread's connection. Raises `LostClaim`."""
        with self.worker.lock, queue.transaction() as t:
            self._fence(t, "heartbeat")

    def start(self) -> bool:
        """Enter the handler, unless the claim is lost or an earlier attempt has made the effect;
        return whether the handler is to be run. Raises `LostClaim`.
        """
        with self.worker.lock, self.queue.store.transaction(writes=False) as t:
            t.look_ahead(("start", "find_recorded"), self.worker)
            self._fence(t, "start")
            found = t.take("find_recorded", self.worker)
            t.require(self.queue.history, self.queue.path)
        return isinstance(found, Refused)

    def require_readable(self) -> None:
        """Raise `Unreadable` if a handler could not be given this job. It is claimed all the same:
        else it would be the first in line for ever, and no other job would be reached.
        """
        try:
            self._stored[0].decode()
        except UnicodeDecodeError as wrong:
            raise Unreadable(f"key: cannot be read: {wrong}; put it in anew") from None
        _ = self.payload

    def finish(self, t: Transaction) -> None:
        """Make the job done with all that goes along with it, in a transaction that the caller
        commits. Raises `LostClaim`, `NothingWritten`, `BadRequest`, and `Full`.
        """
        written = self.worker.memory["progress"] == "recorded"
        halves = [] if written else ["write_first", "write_second"][0 if self._begun else 1 :]
        ends = ["settle_done"] if written else ["record", "settle_done"]
        if not written and self._along:
            self._fence(t, *halves)
            halves = []
            self._along.do(t, self.queue, self.id)
        self._fence(t, *halves, *ends)

    def fail(self, t: Transaction, error: str) -> bool:
        """Report that the handler failed; the job is tried again later, or is dead: return which.
        Raises `LostClaim`.
        """
        fails = self._ended[0] + 1
        pause = self.queue.line.pause_after_failure_ms(t, self.kind, fails)
        return self._let_go(t, "settle_failed", error, pause)

    def release(self, t: Transaction, why: str) -> bool:
        """Give the job back unfinished; return whether it is dead. Raises `LostClaim`."""
        return self._let_go(t, "settle_released", why, 0)

    def decline(self, t: Transaction, why: str) -> bool:
        """Give the job back for others, after a pause; return whether it is dead. Raises
        `LostClaim`.
        """
        pause = self.queue.line.pause_ms(self._ended[1] + 1)
        return self._let_go(t, "settle_released", why, pause)

    def _let_go(self, t: Transaction, action: str, why: str, pause_ms: int) -> bool:
        """Take a step after which the job waits so long, if it is not dead; return whether it is.
        Raises `LostClaim`.
        """
        done = self._fence(t, action, note=_note(why), due_ms=pause_ms)
        return done.row["status"] == "dead"

    def abandon(self) -> bool:
        """Drop a job whose claim is lost; return whether it is: the store has the last word."""
        with self.worker.lock, self.queue.store.transaction(writes=False) as t:
            return t.take("abandon", self.worker, claim=self._claim) != Refused("lost")

    @property
    def _begun(self) -> bool:
        return self.worker.memory["progress"] == "begun"

    @property
    def _claim(self) -> dict[str, Value]:
        """What the worker remembers as long as this attempt is its own: it may have another one
        since, whose fence must not let this one through.
        """
        return {"job": self.id - 1, "held": self.number}

    def _require_open(self, what: str) -> None:
        # Nobody would ever run what an attempt that is over wants to have run.
        if not self._claim.items() <= self.worker.memory.items():
            raise LostClaim(what, self.id, "fenced")

    def _fence(
        self, t: Transaction, *actions: str, note: str | None = None, due_ms: int = 0
    ) -> Done:
        lasts = {"lease": self.queue.lease_ms, "due": due_ms}
        if len(actions) > 1:
            action, outcome = t.take_all(actions, self.worker, self._claim, lasts)
        else:
            (action,) = actions
            outcome = t.take(action, self.worker, note=note, claim=self._claim, lasts=lasts)
        if isinstance(outcome, Refused):
            raise LostClaim(action, self.id, outcome.guard)
        return outcome

    def _known(self, what: str, name: str) -> list[Any]:
        query = "SELECT result FROM checkpoint WHERE job = ? AND what = ? AND name = ?"
        return patiently(self.queue, lambda: self.queue.store.own(query, (self.id, what, name)))

    def _checkpoint(self, t: Transaction, what: str, name: str, result: str | None) -> None:
        t.own("INSERT INTO checkpoint VALUES (?, ?, ?, ?)", (self.id, what, name, result))


def _note(text: str) -> str:
    # What an exception says may be long, and no Unicode: it must not keep the job from failing.
    return text[:MAX_NOTE].encode(errors="replace").decode()


def claim(queue: Queue, t: Transaction, worker: Process, kinds: Sequence[str]) -> Attempt | None:
    """Claim the job that has been due longest, of a kind that the worker knows; None if there is
    none. Raises `Damaged`.
    """
    outcome = queue.line.claim(t, worker, kinds, queue.lease_ms)
    if outcome == Refused("reference"):
        return None
    if isinstance(outcome, Refused):
        ((job,),) = queue.line.first(t.own, kinds)
        fact = f"is damaged: job {job} stands in line, and cannot be claimed ({outcome.guard})"
        raise Damaged(queue.path, fact, REMEDY)
    require_written(queue.path, outcome.beside[0], outcome.beside)
    job, key, kind, payload, timeout_ms, before, *ended = outcome.beside
    count = int(outcome.row["token"] or 0)
    shown, token = key.decode(errors="replace"), (queue.epoch, before + count)
    stored, so_far = (key, payload), (ended[0], ended[1])
    return Attempt(queue, worker, job, shown, kind, token, count, timeout_ms, stored, so_far)
