"""The store of a queue on a PostgreSQL server, in a schema of its own.

A COMMIT that was not answered, or that warns that a standby has not confirmed it, is not taken at
its word: each transaction holds a lock of its own until it is over, and whoever has got that lock
looks into the trace.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus

from impl.derive.design import Design
from impl.derive.mapping import rows_of
from impl.interface.alone import Alone
from impl.interface.transaction import Span
from impl.postgresql import making
from impl.postgresql.clock import ServerClock
from impl.postgresql.connection import Connection, address, connect, gone, unusable, usable
from impl.postgresql.rounds import by_itself, in_one_round
from impl.postgresql.text import by_hand
from impl.postgresql.theirs import refused, require_harmless
from impl.postgresql.transaction import PostgreSQLTransaction
from impl.terms.clock import Clock
from impl.terms.outcomes import OutcomeUnknown
from impl.terms.requests import BadRequest
from impl.terms.unusable import OtherHistory, StoreError
from spec.language.scope import Value
from spec.language.terms.types import Sort

_T = TypeVar("_T")

_PATIENCE = 30.0
"""Seconds for which a server is asked what became of a COMMIT."""

_SLICE = 0.2

_WRITING = ("BEGIN ISOLATION LEVEL READ COMMITTED",)
_READING = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)
"""Whoever only reads keeps no row from others, and may think for as long as it takes."""

KEEP = """\
INSERT INTO meta VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


_AT_REST = """\
SAVEPOINT moment; SET LOCAL lock_timeout = '100ms'; LOCK TABLE trace IN SHARE MODE; SELECT 1;
ROLLBACK TO SAVEPOINT moment"""
"""Who has written is waited for, but not long, for all others wait as well; then the moment is
chosen, which stays, and the lock is let go.
"""


class Store:
    """A connection to a schema on a server: questions, and transactions."""

    def __init__(
        self, design: Design, whole: str, clock: Clock | None, busy_ms: int, read_only: bool
    ) -> None:
        """Open it, making the schema if there is none; raises `StoreError`, `BadRequest`."""
        self.where, self.address = address(whole), whole
        self.path, self.design, self.read_only = self.where.shown, design, read_only
        self.busy_ms, self._pid = busy_ms, os.getpid()
        self.clock = ServerClock(self.own, clock)
        self._alone: Alone[Span] = Alone(self.path)
        self._open: Connection | None = None
        self._warned = False
        self._name: str | None = None
        making.make(self.connection, design, self.where, read_only)

    @property
    def span(self) -> Span | None:
        """The transaction that is open, if one is."""
        return self._alone.span

    @property
    def connection(self) -> Connection:
        """The connection, made anew where it was lost; raises `StoreError`."""
        if os.getpid() != self._pid:
            fact = "was opened by the process that this one was forked from"
            raise OtherHistory(self.path, fact, "open it after the fork, or spawn")
        if self._open is not None and self._open.closed:
            self._open = None
        if self._open is None:
            self._open = connect(self.where, self.busy_ms)
            self._open.add_notice_handler(self._noticed)
            self._show()
        return self._open

    def appear(self, process: str) -> None:
        """Let others see that a process of the queue runs, by the name of its connection."""
        self._name = f"ffq {self.where.schema} {process}"
        if self._open is not None and not self._open.closed:
            self._show()

    def _show(self) -> None:
        if self._open is not None and self._name is not None:
            with usable(self.path, "the connection"):
                self._open.execute(
                    "SELECT set_config('application_name', %s, false)", (self._name,)
                )

    def _noticed(self, said: errors.Diagnostic) -> None:
        self._warned |= said.sqlstate == "01000"

    def close(self) -> None:
        """Let go of the server."""
        if self._open is not None and os.getpid() == self._pid:  # a child would end its parent's
            self._open.close()
        self._open = None

    # ------------------------------------------------------------ questions
    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query that is ours, written by hand."""
        return self._asked(by_hand.asked(sql), by_hand.given(sql, values))

    def _asked(self, text: str, values: Any = None) -> list[Any]:
        try:
            return self._tried(lambda opened: in_one_round(opened, [(text, values)])[0])
        except psycopg.DataError as wrong:
            raise BadRequest(f"value: {wrong}; leave it out") from None
        except psycopg.Error as failed:
            raise self._said(failed, "the query") from None

    def _tried(self, run: Callable[[Connection], _T]) -> _T:
        """Run something, once more on a new connection if the old one turns out to be dead, and
        nothing was lost with it.
        """
        old = self._open
        alone = old is not None and old.info.transaction_status == TransactionStatus.IDLE
        try:
            return run(self.connection)
        except psycopg.OperationalError:
            if old is None or not alone or not old.closed:
                raise
        return run(self.connection)

    def query(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query that is not ours. Raises `BadRequest` if it does more than
        read, and what psycopg raises.
        """
        require_harmless(sql)
        text, bound = by_hand.theirs(sql, values)

        def run(opened: Connection) -> list[Any]:
            alone = opened.info.transaction_status == TransactionStatus.IDLE
            if alone:
                opened.execute("BEGIN READ ONLY")
            try:
                return by_itself(opened, (text, bound)).fetchall()
            finally:
                if alone and not opened.closed:
                    opened.execute("ROLLBACK")

        try:
            return self._tried(run)
        except psycopg.Error as failed:
            found = unusable(self.path, "the query", failed, theirs=True)
            raise refused(sql, failed) or found or failed from None

    def rows(self, now: int = 0) -> dict[type[Sort], dict[int, dict[str, Value]]]:
        """Return every row of every table at a moment, by sort and element."""
        return rows_of(self.design, self.own, now)

    def _said(self, failed: psycopg.Error, what: str) -> Exception:
        return gone(self.path, failed) or unusable(self.path, what, failed) or failed

    # ------------------------------------------------------------ several steps
    @contextlib.contextmanager
    def transaction(
        self, writes: bool = True, durable: bool = True, at_rest: bool = False
    ) -> Iterator[PostgreSQLTransaction]:
        """Open a transaction. One that need not be `durable` is waited for all the same: here the
        worker lives on when the server dies, and would go by a claim that is lost.

        `at_rest`: all that was written has been committed, or never will be; so whatever comes
        later has larger numbers in the trace.
        """
        if writes and self.read_only:
            raise StoreError(self.path, "was opened to be read only", "open it for writing")
        with self._alone.opened(Span(writes, durable)) as span:
            opened = PostgreSQLTransaction(
                self.design, self.connection, span, self.path, self.clock,
                _WRITING if writes else _READING, self._tried,
            )  # fmt: skip
            try:
                if at_rest:
                    opened.begin()
                    with usable(self.path, "the transaction"):
                        opened.connection.execute(_AT_REST)
                yield opened
                opened.begin()
                opened.require_open()
            except BaseException:
                self._roll_back()
                raise
            self._commit(opened.connection, opened)
            opened.remember()

    def _commit(self, connection: Connection, opened: PostgreSQLTransaction) -> None:
        """Commit; raises `StoreError` if nothing was, and `OutcomeUnknown` if nobody knows."""
        self._warned = False
        try:
            said = connection.execute("COMMIT").statusmessage
        except (psycopg.OperationalError, psycopg.InterfaceError) as failed:
            self.close()
            said = str(failed)
        except psycopg.IntegrityError:
            # The answer of a constraint that is asked at the end, and is none of ours.
            self._roll_back()
            raise
        except psycopg.Error as failed:
            self._roll_back()
            raise self._said(failed, "COMMIT") from None
        if said == "COMMIT" and not self._warned:
            return
        if said == "ROLLBACK":
            raise StoreError(self.path, "COMMIT was not taken", "try again")
        if self._warned:
            said = "a standby has not confirmed it"
        if not self._took_place(opened, said or ""):
            raise StoreError(self.path, f"COMMIT failed: {said}", "try again")

    def _roll_back(self) -> None:
        if self._open is None or self._open.closed:
            return
        if self._open.info.transaction_status != TransactionStatus.IDLE:
            try:
                self._open.execute("ROLLBACK")
            except psycopg.Error:  # without COMMIT nothing is kept
                self.close()

    def _took_place(self, opened: PostgreSQLTransaction, said: str) -> bool:
        """Return whether the steps are durable, after COMMIT was not answered."""
        until = time.monotonic() + _PATIENCE
        why = said
        while opened.receipts and not self._warned and time.monotonic() < until:
            try:
                return self._is_durable(opened)
            except (psycopg.Error, StoreError) as again:
                why = f"{said}, then {again}"
                self.close()
            time.sleep(_SLICE)
        unknown = OutcomeUnknown(f"{self.path}: COMMIT failed: {' '.join(why.split())}")
        opened.doubt(unknown)
        raise unknown

    def _is_durable(self, opened: PostgreSQLTransaction) -> bool:
        """Ask the trace, once the transaction is over: the server may be at it still. What the
        answer rests on is final when it has been written after it.
        """
        connection = self.connection
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (opened.nonce,))
            found = "SELECT 1 FROM trace WHERE element = %s AND tx = %s"
            took_place = bool(connection.execute(found, (opened.receipts[0], opened.tx)).fetchall())
            connection.execute(KEEP, ("asked", opened.tx))
        if self._warned:
            raise StoreError(self.path, "a standby has not confirmed it", "try again")
        return took_place
