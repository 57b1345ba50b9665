"""Walks: the queue as its users have it, with everything that stands beside the spec's own rows.

A walk is told by its seed. After each transaction what is in the file is read by the connection
that wrote it: a crash must leave just that, or what was there before, down to the last payload. The
run as a whole has to be a behaviour of the spec.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from checker.conformance.validating.validate import validate
from checker.crashlab.images.disk import Image
from checker.crashlab.images.judge import NAME, TRACE, Judge, Key, trace_rows, write
from checker.crashlab.recording.mutants import replaced
from checker.crashlab.recording.recording import Expected, Recording, files_in
from impl.derive.reference import design
from impl.inject import HandClock
from impl.interface.transaction import Transaction
from impl.lab import recorded
from impl.lab.connections import leave
from impl.parts.outbox import Message
from impl.queue import Queue
from impl.sqlite.file.place import Place
from impl.sqlite.queue_store import in_file
from impl.sqlite.store import Store
from impl.terms.backoff import Backoff
from impl.terms.requests import BadRequest
from impl.working.attempt import Attempt, LostClaim, claim
from spec.language.scope import State
from spec.queue.job import Worker

_KIND = "step"
_LEDGER = "CREATE TABLE ledger (job INTEGER NOT NULL, what TEXT NOT NULL) STRICT"
_LEASE_MS = 1_000


class QueueJudge(Judge):
    """Reads every row of every table of a queue."""

    def __init__(self, folder: Path, tables: list[str]) -> None:
        """Read images of a queue with these tables."""
        super().__init__(design(), folder, ())
        self.tables = tables

    def queries(self) -> Iterator[str]:
        """Yield what is asked, beside the trace."""
        return (f"SELECT * FROM {name} ORDER BY rowid" for name in self.tables)

    def differing(self, there: State, wanted: State) -> list[str]:
        """Return which tables differ."""
        pairs = zip(self.tables, there, wanted, strict=True)
        return [f"rows of {name} are others" for name, a, b in pairs if a != b]

    def key(self, found: dict[str, list[Any]]) -> Key:
        """Return the rows as they are."""
        every = dict(zip(self.tables, map(found.__getitem__, self.queries()), strict=True))
        cut = int(dict(every["meta"]).get("origin", 0))
        return Key(tuple(map(str, every.values())), trace_rows(found[TRACE], cut))


class Walks:
    """A folder in which walks are made."""

    def __init__(self, folder: Path) -> None:
        """Make the queue that every walk begins with."""
        self.folder = folder / "walk"
        self.folder.mkdir()
        first = str(self.folder / NAME)
        with self._steady(), Queue(first, clock=HandClock()) as queue:
            queue.define(_LEDGER)
            asked = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
            self.tables = [name for (name,) in queue.query(asked)]
        self._first = (self.folder / NAME).read_bytes()
        (folder / "walked").mkdir()
        self.judge = QueueJudge(folder / "walked", self.tables)
        _, reading = self.judge.reading({NAME: self._first})
        assert isinstance(reading, Key)
        self._begun = reading

    def record(self, seed: int, steps: int) -> Recording:
        """Take a walk of so many steps."""
        files: Image = {NAME: self._first}
        write(files, str(self.folder))
        made = Recording(dict(files))
        made.log.mark(Expected(frozenset({made.number(self._begun)}), "the queue is there"))
        path = str(self.folder / NAME)
        with self._steady(), recorded(made.log) as recorder:
            watch = _Watch(made, self.judge)
            with replaced(Store, "transaction", watch.transaction):
                walk = _Walk(path, random.Random(seed), watch)
                try:
                    walk.take(steps)
                    walk.leave()
                finally:
                    made.left = files_in(self.folder)
                    recorder.ended = True
                    walk.leave()
        finding = validate(path).finding
        assert finding is None, "\n".join(finding.text())
        return made

    @contextlib.contextmanager
    def _steady(self) -> Iterator[None]:
        """Let this process and its file have the same numbers in every process that takes walks:
        the queue writes them down, so that images would differ for no other reason.
        """
        with replaced(os, "getpid", lambda: 1), replaced(Place, "name", "1:1"):
            yield


_transaction = Store.transaction


class _Watch:
    """Writes down what may be in the store around each of its transactions."""

    def __init__(self, made: Recording, judge: QueueJudge) -> None:
        self.made, self.judge, self.doing, self.now = made, judge, "the walk begins", 0
        self.actor = "queue"
        self.loose: set[int] = set()  # what a loss of power may lead back to

    def see(self, store: Store) -> int:
        """Write down what the connection sees: that may be there now, or what was before."""
        asked = (TRACE, *self.judge.queries())
        found = {q: store.connection.execute(q).fetchall() for q in asked}
        seen = self.made.number(self.judge.key(found))
        self.expect({*self.loose, self.now, seen}, {self.now, seen}, "is begun")
        return seen

    def waits(self, store: Store, following: int) -> bool:
        """Return whether one of the steps since then must be on the disk, as the spec has it."""
        before, after = (self.made.keys[n].trace for n in (self.now, following))
        steps = store.design.transitions
        return any(not steps[action].action.loose for action, *_ in after[len(before) :])

    def expect(self, keys: set[int], process: set[int], how: str) -> None:
        """Write down what may be there from here on."""
        what = f"{self.doing} {how}"
        self.made.log.mark(Expected(frozenset(keys), what, frozenset(process), self.actor))

    @property
    def transaction(self) -> Callable[..., contextlib.AbstractContextManager[Transaction]]:
        """What stands in for the store's own."""

        @contextlib.contextmanager
        def watched(
            store: Store, writes: bool = True, durable: bool = True, at_rest: bool = True
        ) -> Iterator[Transaction]:
            following = self.now
            with _transaction(store, writes, durable, at_rest) as opened:
                yield opened
                if writes:
                    following = self.see(store)
            if writes:
                if following != self.now:  # or else there was nothing to wait for
                    waits = durable or self.waits(store, following)
                    self.loose = set() if waits else {*self.loose, self.now}
                self.now = following
                self.expect({*self.loose, following}, {following}, "is answered")

        return watched


class _Walk:
    """A walk that is going on: two processes with a connection and a worker each."""

    def __init__(self, path: str, chance: random.Random, watch: _Watch) -> None:
        self.path, self.chance, self.watch = path, chance, watch
        self.clock, self.asked = HandClock(), 0
        self.queues: list[Queue] = []
        self._come()

    def _come(self) -> None:
        quick = Backoff(first_ms=1, most_ms=1)
        self.queues = [
            Queue(self.path, lease_ms=_LEASE_MS, clock=self.clock, backoff=quick, retain=0)
            for _ in range(2)
        ]
        for queue in self.queues:
            queue.line.chance = random.Random(1)
        self.workers = [queue.process(Worker) for queue in self.queues]
        self.attempts: list[Attempt | None] = [None, None]

    def leave(self) -> None:
        """Close both connections; the last one puts the log away."""
        for queue in self.queues:
            leave(in_file(queue.store))

    def take(self, steps: int) -> None:
        """Do this and that; what is refused is refused."""
        others = (
            self._enqueue, self._enqueue, self._again, self._fail, self._release, self._late,
            self._speak, self._cancel, self._retry, self._forget, self._reboot,
        )  # fmt: skip
        doings = (*others, *[self._work] * len(others))
        self._enqueue(0)
        for _ in range(steps - 1):
            doing, who = self.chance.choice(doings), self.chance.randrange(2)
            self.watch.doing = f"{doing.__name__.strip('_')} by process {who + 1}"
            self.watch.actor = f"process{who + 1}"
            try:
                doing(who)
            except LostClaim:
                self._abandon(who)
            except BadRequest:
                pass

    # ------------------------------------------------------------ what is done
    def _enqueue(self, who: int) -> None:
        self.asked += 1
        queue, key = self.queues[who], f"key {self.asked}"
        payload = "x" * self.chance.choice((1, 500, 6_000))
        given: dict[str, Any] = {"key": key, "max_attempts": 2, "max_interrupts": 2}
        given["unique"] = "the same" if self.asked % 3 == 0 else None
        with queue.transaction() as t:
            t.execute("INSERT INTO ledger VALUES (0, ?)", (f"asked {key}",))
            queue.enqueue(_KIND, payload, within=t, **given)

    def _again(self, who: int) -> None:
        self.queues[who].enqueue(_KIND, "other", key=f"key {self.asked}")

    def _work(self, who: int) -> None:
        """Go on with the attempt of this process: claim, enter, do a part of it, finish."""
        queue, attempt = self.queues[who], self.attempts[who]
        if attempt is None:
            durable = queue.waits("claim")
            with self.workers[who].lock, queue.transaction(durable=durable) as t:
                self.attempts[who] = claim(queue, t, self.workers[who], [_KIND])
            if self.attempts[who] is None:
                self.clock.advance(10)
        elif self.workers[who].memory["pc"] == "claimed":
            attempt.start()
        elif self.chance.random() < 0.5:
            insert = "INSERT INTO ledger VALUES (?, 'part')"
            if not attempt.once("part", (insert, (attempt.id,))):
                attempt.heartbeat(queue)
        else:
            attempt.write("INSERT INTO ledger VALUES (?, 'whole')", attempt.id)
            attempt.send("mail", {"job": attempt.id})
            with self.workers[who].lock, queue.transaction() as t:
                attempt.finish(t)
                following = claim(queue, t, self.workers[who], [_KIND])
            self.attempts[who] = following

    def _settle(self, who: int, how: Callable[[Attempt, Transaction], object]) -> None:
        if (attempt := self.attempts[who]) is not None:
            with self.workers[who].lock, self.queues[who].transaction() as t:
                how(attempt, t)
            self.attempts[who] = None

    def _abandon(self, who: int) -> None:
        attempt = self.attempts[who]
        if attempt is not None and attempt.abandon():
            self.attempts[who] = None

    def _fail(self, who: int) -> None:
        self._settle(who, lambda attempt, t: attempt.fail(t, "as planned"))

    def _release(self, who: int) -> None:
        self._settle(who, lambda attempt, t: attempt.release(t, "as planned"))

    def _late(self, who: int) -> None:
        self.clock.advance(2 * _LEASE_MS)
        self.queues[who].recover()

    def _speak(self, who: int) -> None:
        self.queues[who].deliver({"mail": _heard})
        self.queues[who].announce(lambda job, reason: None)

    def _cancel(self, who: int) -> None:
        self.queues[who].cancel(1)

    def _retry(self, who: int) -> None:
        self.queues[who].retry(1)

    def _forget(self, who: int) -> None:
        self._speak(who)  # or hardly anything could be forgotten
        self.queues[who].prune(dead=True)

    def _reboot(self, who: int) -> None:
        self.leave()
        if who:
            self.clock.reboot()
        self._come()


def _heard(message: Message) -> None:
    """Stand for a receiver who has done what was asked."""
