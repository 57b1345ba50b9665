"""An attempt: one run of a handler on a job, under a claim that may be lost at any moment.

Whatever the attempt writes is written under its fence: a step of the spec that is refused once the
claim is another's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from impl.outcomes import Done, Refused
from impl.queue import Json, Queue
from impl.transaction import Process, Transaction

Statement = tuple[str, Sequence[Any]]
"""SQL with `?` for values, and the values."""


class LostClaim(Exception):
    """The claim is not this worker's any more: the guard that refused says why. Stop, write
    nothing.
    """


class NothingWritten(Exception):
    """A statement that had to change rows changed none; the transaction was taken back."""


@dataclass(eq=False)
class Attempt:
    """What a handler is given.

    `token` is the fencing token of the claim, (epoch, count): larger for each later claim. A
    receiver outside may refuse smaller ones than it has seen. `key` stays the same over all
    attempts.
    """

    queue: Queue
    worker: Process
    id: int
    key: str
    kind: str
    payload: Json
    token: tuple[int, int]
    timeout_ms: int
    _effects: list[Statement] = field(default_factory=list)
    _messages: list[tuple[str, str, str]] = field(default_factory=list)

    # ------------------------------------------------------------ for handlers
    def write(self, sql: str, *values: Any) -> None:
        """Let a statement be run in the transaction that makes the job done: exactly once, all of
        them or none. It must change a row, or the attempt fails.
        """
        self._effects.append((sql, values))

    def send(self, topic: str, body: Json, key: str | None = None) -> None:
        """Let a message be put into the outbox in the transaction that makes the job done.

        It will be delivered at least once; `key`, by default the job's with the topic, is how the
        receiver knows it again.
        """
        self._messages.append((key or f"{self.key}/{topic}", topic, json.dumps(body)))

    def once(self, name: str, *statements: Statement) -> bool:
        """Run statements now, in a transaction of their own, unless an attempt has done this step
        before; return whether it was done now. Raises `LostClaim`, `NothingWritten`.
        """
        if self._known(name):
            return False
        with self.worker.lock, self.queue.transaction() as t:
            self._fence(t, "write_first" if self._begun else "heartbeat")
            self._checkpoint(t, name, None)
            _run(t, statements)
        return True

    def result(self, name: str, compute: Callable[[], Json]) -> Json:
        """Return what `compute` returns, from the first attempt that got so far; it may be asked
        again if that attempt dies at once. Raises `LostClaim`.
        """
        for (known,) in self._known(name):
            return json.loads(known)
        found = compute()
        with self.worker.lock, self.queue.transaction() as t:
            self._fence(t, "heartbeat")
            self._checkpoint(t, name, found)
        return found

    # ------------------------------------------------------------ for workers
    def heartbeat(self, queue: Queue) -> None:
        """Renew the lease, by this thread's connection. Raises `LostClaim`."""
        with self.worker.lock, queue.transaction() as t:
            self._fence(t, "heartbeat")
            until = queue.clock.since_boot() + queue.lease_ms
            t.execute("UPDATE task SET lease_until = ? WHERE id = ?", (until, self.id))

    def start(self) -> bool:
        """Enter the handler, unless the claim is lost or an earlier attempt has made the effect;
        return whether the handler is to be run. Raises `LostClaim`.
        """
        with self.worker.lock, self.queue.store.transaction(writes=False) as t:
            self._fence(t, "start")
            found = t.take("find_recorded", self.worker)
        return isinstance(found, Refused)

    def finish(self, t: Transaction) -> None:
        """Make the effects and the job done, in a transaction that the caller commits. Raises
        `LostClaim`, `NothingWritten`.
        """
        if self.worker.memory["progress"] != "recorded":
            for action in ("write_first", "write_second")[0 if self._begun else 1 :]:
                self._fence(t, action)
            _run(t, self._effects)
            for key, topic, body in self._messages:
                insert = "INSERT INTO outbox (key, job, topic, body) VALUES (?, ?, ?, ?)"
                t.execute(f"{insert} ON CONFLICT (key) DO NOTHING", (key, self.id, topic, body))
            self._fence(t, "record")
        self._fence(t, "settle_done")
        self.queue.no_claim(t, self.id)

    def fail(self, t: Transaction, error: str) -> None:
        """Report that the handler failed; the job is tried again later or is dead. Raises
        `LostClaim`.
        """
        fails = self._fence(t, "settle_failed", note=error).row["fails"][1]
        self.queue.wait(t, self.id, self.queue.pause_ms(t, int(fails or 0)))

    def release(self, t: Transaction, why: str) -> None:
        """Give the job back unfinished. Raises `LostClaim`."""
        self._fence(t, "settle_released", note=why)
        self.queue.wait(t, self.id, 0)

    def abandon(self) -> None:
        """Drop a job whose claim is lost."""
        with self.worker.lock, self.queue.store.transaction(writes=False) as t:
            t.take("abandon", self.worker)

    @property
    def _begun(self) -> bool:
        return self.worker.memory["progress"] == "begun"

    def _fence(self, t: Transaction, action: str, note: str | None = None) -> Done:
        outcome = t.take(action, self.worker, note=note)
        if isinstance(outcome, Refused):
            raise LostClaim(f"{action} of job {self.id} is refused: {outcome.guard}")
        return outcome

    def _known(self, name: str) -> list[Any]:
        query = "SELECT result FROM checkpoint WHERE job = ? AND name = ?"
        return self.queue.query(query, (self.id, name))

    def _checkpoint(self, t: Transaction, name: str, result: Json) -> None:
        t.execute("INSERT INTO checkpoint VALUES (?, ?, ?)", (self.id, name, json.dumps(result)))


def _run(t: Transaction, statements: Sequence[Statement]) -> None:
    for sql, values in statements:
        if not t.changes(sql, values):
            raise NothingWritten(f"changed no row: {sql}")


def claim(queue: Queue, t: Transaction, worker: Process, kinds: Sequence[str]) -> Attempt | None:
    """Claim the job that has been due longest, of a kind that the worker knows; None if there is
    none.
    """
    marks = ", ".join("?" * len(kinds))
    query = f"""\
SELECT id, key, kind, payload, timeout_ms FROM task
WHERE due <= ? AND kind IN ({marks}) ORDER BY due, id LIMIT 1"""
    for job, key, kind, payload, timeout_ms in t.execute(query, (queue.clock.wall(), *kinds)):
        outcome = t.take("claim", worker, j=job - 1)
        assert isinstance(outcome, Done), f"job {job} is due, and claim is refused: {outcome}"
        count = int(outcome.row["token"][1] or 0)
        now = queue.clock.since_boot()
        times = (now + queue.lease_ms, now + timeout_ms, job)
        update = "UPDATE task SET due = NULL, lease_until = ?, deadline = ? WHERE id = ?"
        t.execute(update, times)
        token = (queue.epoch, count)
        return Attempt(queue, worker, job, key, kind, json.loads(payload), token, timeout_ms)
    return None
