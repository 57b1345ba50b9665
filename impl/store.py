"""The store: takes one transition at a time, each in a transaction with its row of the trace.

A step is done, refused by the guard that is named, or, if COMMIT itself fails, unknown. Only what
is done may be acted upon.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import apsw

from impl import steps
from impl.damage import Damaged, legible
from impl.derive import Design
from impl.files import MEMORY, SYNCHRONOUS_FULL, SYNCHRONOUS_NORMAL, Busy, StoreError, connect
from impl.foreign import Foreign
from impl.gate import Gate, Locked
from impl.outcomes import (
    Done,
    Outcome,
    OutcomeUnknown,
    Receipt,
    Refused,
    Traced,
    Unknown,
    Unseen,
    Values,
)
from impl.requests import BadRequest
from impl.sql import decode
from impl.transaction import Span, Transaction, last
from spec.language.scope import Value
from spec.language.types import Sort

_UNUSABLE = (
    apsw.BusyError, apsw.CantOpenError, apsw.CorruptError, apsw.FullError, apsw.IOError,
    apsw.LockedError, apsw.NotADBError, apsw.ProtocolError, apsw.ReadOnlyError,
)  # fmt: skip
"""What says that the store cannot be used, as opposed to that a statement is wrong."""


class Store:
    """A connection to a queue's file; a process, and each of its threads, has one of its own."""

    def __init__(self, design: Design, path: str = MEMORY, busy_ms: int = 5000) -> None:
        """Open the file, making it if there is none; raises `StoreError`."""
        self.design, self.path, self.busy_ms = design, path, busy_ms
        self._gate = None if path == MEMORY else Gate(path)
        self._open: apsw.Connection | None = connect(design, path, busy_ms)
        self._foreign: Foreign | None = None
        self._alone = threading.Lock()
        self.span: Span | None = None

    @property
    def connection(self) -> apsw.Connection:
        """The connection, opened anew after an unknown outcome."""
        if self._open is None:
            self._open = connect(self.design, self.path, self.busy_ms)
        return self._open

    def _for_others(self) -> Foreign:
        if self._foreign is None or self._foreign.connection is not self.connection:
            self._foreign = Foreign(self.connection, self.design)
        return self._foreign

    def query(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query that is not ours, without a lock. Raises `StoreError`, and
        `BadRequest` if it does more than read.
        """
        with self._usable("the query"):
            return self._for_others().run(sql, values, writes=False)

    def close(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    # ------------------------------------------------------------ one step
    def take(self, action: str, params: Values, memory: Values) -> Outcome:
        """Take a step with these parameters, by a process that remembers this.

        Elements of sorts are counted from 0, as in the spec. Raises `CheckFailed` if the step would
        break what must hold, `StoreError` if the store cannot be used; nothing is changed then.
        """
        step = steps.step_of(self.design, action, params, memory)
        alone = steps.without_store(step)
        if alone is not None:
            return alone
        writes = step.transition.writes
        with self._usable(action), self._turn(writes):
            try:
                self.connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                outcome = steps.within(self.connection, step)
                if isinstance(outcome, Done) and writes:
                    steps.write_trace(self.connection, step, outcome, (), None)
            except BaseException:
                self._roll_back()
                raise
            if isinstance(outcome, Refused):
                self._roll_back()
                return outcome
            failed = self._commit()
            return outcome if failed is None else Unknown(failed)

    # ------------------------------------------------------------ several steps
    @contextlib.contextmanager
    def transaction(self, writes: bool = True, durable: bool = True) -> Iterator[Transaction]:
        """Open a transaction, to be committed in the end, or rolled back if an exception leaves it.

        Without `writes` it takes no lock, and may only read. Without `durable` nobody waits for the
        disk: a loss of power may take it back, unless a later one that wrote was waited for. Raises
        `BadRequest` if one is open already, `StoreError` if the store cannot be used, and what APSW
        raises if a constraint is broken at the end; nothing is changed then. Any other COMMIT that
        fails is not taken at its word: the trace says whether it took place. Raises
        `OutcomeUnknown` if that cannot be read.
        """
        with self._one_at_a_time(Span(writes, durable)) as span, contextlib.ExitStack() as held:
            with self._usable("the transaction"):
                held.enter_context(self._turn(writes))
                held.enter_context(self._waiting(durable))
                opened = self._begin(span)
            try:
                yield opened
                opened.require_open()
            except BaseException:
                self._roll_back()
                raise
            with self._usable("the transaction"):
                failed = self._commit()
                if failed is not None and not self._took_place(opened.receipts, failed):
                    raise StoreError(self.path, f"COMMIT failed: {failed}", "try again")
            opened.remember()

    def _begin(self, span: Span) -> Transaction:
        try:
            self.connection.execute("BEGIN IMMEDIATE" if span.writes else "BEGIN")
            return Transaction(self.design, self._for_others(), span, self._usable)
        except BaseException:
            self._roll_back()
            raise

    @contextlib.contextmanager
    def _one_at_a_time(self, span: Span) -> Iterator[Span]:
        """Let nobody else begin one on this connection, in this thread or in another one: it would
        join this one half, and take it back when it fails.
        """
        if not self._alone.acquire(blocking=False):
            fact = "one is open already on this queue"
            raise BadRequest(f"transaction: {fact}; end it first, or pass it on as `within`")
        self.span = span
        try:
            yield span
        finally:
            span.over, self.span = True, None
            self._alone.release()

    def _took_place(self, receipts: list[Receipt], failed: str) -> bool:
        """Return whether the steps are durable, after COMMIT has failed.

        A failed commit may lie in the log, to come back to life at the next recovery. So the
        question is asked in a transaction that writes: once that one is committed, the answer is
        final.
        """
        if not receipts:
            raise OutcomeUnknown(f"{self.path}: COMMIT failed: {failed}")
        found = "SELECT 1 FROM trace WHERE seq = ? AND action = ? AND params = ?"
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            took_place = all(self._all(found, (r.seq, r.action, r.params)) for r in receipts)
            asked = str(last(self.connection))
            self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('asked', ?)", (asked,))
            self.connection.execute("COMMIT")
        except (apsw.Error, StoreError) as again:
            self._let_go()
            raise OutcomeUnknown(f"{self.path}: COMMIT failed: {failed}, then {again}") from None
        return took_place

    # ------------------------------------------------------------ begin and end
    @contextlib.contextmanager
    def _usable(self, what: str, theirs: bool = False) -> Iterator[None]:
        """Say what keeps a statement from being run; what one of `theirs` reads is their own."""
        try:
            with contextlib.nullcontext() if theirs else legible(self.path):
                yield
        except Locked:
            fact = f"is kept locked by somebody for more than {self.busy_ms} ms"
            raise Busy(self.path, fact, "look for a process that hangs") from None
        except _UNUSABLE as failed:
            fact = f"{what} was not taken: {failed}"
            kind = Busy if isinstance(failed, apsw.BusyError | apsw.LockedError) else StoreError
            raise kind(self.path, fact, "try again once that is put right") from None
        except OSError as failed:
            fact = f"{what} was not taken: {failed.strerror}"
            raise StoreError(self.path, fact, "see that its folder can be written") from None

    def _turn(self, writes: bool) -> contextlib.AbstractContextManager[None]:
        if self._gate is None or not writes:
            return contextlib.nullcontext()
        return self._gate.held(self.busy_ms)

    @contextlib.contextmanager
    def _waiting(self, durable: bool) -> Iterator[None]:
        """Let COMMIT wait for the disk, or not this once."""
        if durable:
            yield
            return
        self.connection.pragma("synchronous", SYNCHRONOUS_NORMAL)
        try:
            yield
        finally:
            try:
                if self._open is not None:
                    self._open.pragma("synchronous", SYNCHRONOUS_FULL)
            except apsw.Error:
                self._let_go()

    def _commit(self) -> str | None:
        try:
            self.connection.execute("COMMIT")
            return None
        except apsw.ConstraintError:
            # As a deferred foreign key, which is asked now: an answer, and nothing is kept.
            self._roll_back()
            raise
        except apsw.Error as failed:
            # Whether it is durable cannot be told by asking this connection.
            self._let_go()
            return f"{type(failed).__name__}: {failed}"

    def _roll_back(self) -> None:
        # Some errors have rolled back already.
        if self._open is not None and self._open.in_transaction:
            try:
                self._open.execute("ROLLBACK")
            except apsw.Error:  # without COMMIT nothing is kept, whatever becomes of the connection
                self._let_go()

    def _let_go(self) -> None:
        if self._open is not None:
            with contextlib.suppress(apsw.Error):
                self._open.close()
        self._open = None

    # ------------------------------------------------------------ what is in the file
    def check(self) -> None:
        """Raise `StoreError` if the file is damaged, as far as SQLite can tell."""
        ((found,),) = self._all("PRAGMA integrity_check(1)")
        if found != "ok":
            fact = f"is damaged: {' '.join(str(found).split())}"
            raise StoreError(self.path, fact, "restore a copy")

    def trace(self, after: int = 0) -> Iterator[Traced]:
        """Yield the durable steps that came after one of them, oldest first."""
        query = """\
SELECT seq, actor, action, params, before, after, unseen, note FROM trace WHERE seq > ?
ORDER BY seq LIMIT 1000"""
        while page := self._all(query, (after,)):
            for seq, actor, action, *texts, note in page:
                params, before, changed, unseen = (self._json(seq, text) for text in texts)
                if not isinstance(unseen, list):
                    raise self._no_step(seq, unseen)
                steps_before = tuple(self._unseen(seq, step) for step in unseen)
                yield Traced(seq, actor, action, params, before, changed, steps_before, note)
            after = page[-1][0]

    def unseen(self, after: int = 0) -> Iterator[tuple[int, Unseen]]:
        """Yield the steps that left the store as it was, each with the row that lists it, in the
        order in which they were read; those that are listed after one of the rows.
        """
        query = """\
SELECT seq, step.value FROM trace, json_each(unseen) AS step WHERE seq > ?
ORDER BY step.value ->> 0, seq, step.key"""
        for seq, step in self.connection.execute(query, (after,)):
            yield int(str(seq)), self._unseen(seq, self._json(seq, str(step)))

    def _unseen(self, seq: Any, step: Any) -> Unseen:
        match step:
            case [int(after), str(action), dict(params)]:
                return Unseen(after, action, params)
        raise self._no_step(seq, step)

    def _no_step(self, seq: Any, step: Any) -> Damaged:
        fact = f"row {seq} of the trace lists what is no step: {repr(step)[:80]}"
        return Damaged(self.path, fact, "restore a copy")

    def _json(self, seq: Any, text: Any) -> Any:
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError):
            fact = f"row {seq} of the trace is not JSON: {repr(text)[:80]}"
            raise Damaged(self.path, fact, "restore a copy") from None

    def rows(self) -> dict[type[Sort], dict[int, dict[str, Value]]]:
        """Return every row of every table, by sort and element."""
        return rows_of(self.design, self._all)

    def _all(self, query: str, values: Any = ()) -> list[Any]:
        return self.connection.execute(query, values).fetchall()


def rows_of(
    design: Design, asked: Callable[[str], list[Any]]
) -> dict[type[Sort], dict[int, dict[str, Value]]]:
    """Return every row of every table, by sort and element, as a database answers."""
    whole = {}
    for t in design.tables:
        named = [(f.name, f.type) for f in t.columns]
        whole[t.sort] = {
            id - 1: {n: decode(k, v) for (n, k), v in zip(named, values, strict=True)}
            for id, *values in asked(t.every_row)
        }
    return whole
