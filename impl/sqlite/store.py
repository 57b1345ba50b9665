"""The store: takes one transition at a time, each in a transaction with its row of the trace.

A step is done, refused by the guard that is named, or, if COMMIT itself fails, unknown. Only what
is done may be acted upon.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import apsw

from impl.derive.design import Design
from impl.interface.alone import Alone
from impl.interface.step import step_of, without_store
from impl.sqlite import steps
from impl.sqlite.file.contents import Contents
from impl.sqlite.file.damage import damage
from impl.sqlite.file.files import MEMORY, SYNCHRONOUS_FULL, SYNCHRONOUS_NORMAL
from impl.sqlite.file.gate import Gate, Locked, Mark, Turn
from impl.sqlite.foreign import Foreign
from impl.sqlite.scribe import Scribe
from impl.sqlite.transaction import Marked, SQLiteTransaction, last
from impl.terms.outcomes import (
    Outcome,
    OutcomeUnknown,
    Receipt,
    Refused,
    Unknown,
    Values,
)
from impl.terms.unusable import Busy, Damaged, StoreError

_UNUSABLE = (
    apsw.BusyError, apsw.CantOpenError, apsw.CorruptError, apsw.FullError, apsw.IOError,
    apsw.LockedError, apsw.NotADBError, apsw.ProtocolError, apsw.ReadOnlyError,
)  # fmt: skip
"""What says that the store cannot be used, as opposed to that a statement is wrong."""


class Store(Contents):
    """A connection to a queue's file; a process, and each of its threads, has one of its own."""

    def __init__(
        self,
        design: Design,
        path: str = MEMORY,
        busy_ms: int = 5000,
        read_only: bool = False,
        clock: Callable[[], int] | None = None,
    ) -> None:
        """Open the file, making it if there is none; with `read_only`, only to look at. By the
        clock, in ms, timers run out; without one they do by their steps alone. Raises `StoreError`.
        """
        super().__init__(design, path, busy_ms, read_only)
        self._clock = clock
        self.gate = None if path == MEMORY else Gate(self.path)
        self._foreign: Foreign | None = None
        self._scribe: Scribe | None = None
        self._alone: Alone[Marked] = Alone(self.path)

    @property
    def span(self) -> Marked | None:
        """The transaction that is open, if one is."""
        return self._alone.span

    def _for_others(self) -> Foreign:
        if self._foreign is None or self._foreign.connection is not self.connection:
            self._foreign = Foreign(self.connection, self.design)
        return self._foreign

    @property
    def scribe(self) -> Scribe:
        """What writes steps down on the connection that is open."""
        if self._scribe is None or self._scribe.connection is not self.connection:
            self._scribe = Scribe(self.connection)
        return self._scribe

    def query(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query that is not ours, without a lock. Raises `StoreError`, and
        `BadRequest` if it does more than read.
        """
        with self._usable("the query", theirs=True):
            return self._for_others().run(sql, values, writes=False)

    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query that is ours, without a lock. Raises `StoreError`."""
        with self._usable("the query"):
            return self._all(sql, values)

    @contextlib.contextmanager
    def aside(self, make: str) -> Iterator[Callable[[str], list[Any]]]:
        """Make temporary tables of one moment of the store, and give what asks of that moment, them
        included; they are gone afterwards.
        """
        with self._alone.opened(Marked(False, False)):
            try:
                with self._usable("the query"):
                    self.connection.execute(f"BEGIN;\n{make}")
                yield self.own
            finally:
                self._roll_back()

    # ------------------------------------------------------------ one step
    def take(
        self, action: str, params: Values, memory: Values, world: Values | None = None
    ) -> Outcome:
        """Take a step with these parameters, by a process that remembers this and to which the
        world says this.

        Elements of sorts are counted from 0, as in the spec. Raises `CheckFailed` if the step would
        break what must hold, `StoreError` if the store cannot be used; nothing is changed then.
        """
        step = step_of(self.design, action, params, memory, world=world)
        alone = without_store(step)
        if alone is not None:
            return alone
        writes = step.transition.writes
        with self._usable(action), self._turn(writes):
            try:
                self.connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                outcome, _ = steps.within(self.scribe, step)
            except BaseException:
                self._roll_back()
                raise
            if isinstance(outcome, Refused):
                self._roll_back()
                return outcome
            failed = self._commit()
            return outcome if failed is None else Unknown(_said(failed))

    # ------------------------------------------------------------ several steps
    @contextlib.contextmanager
    def transaction(
        self, writes: bool = True, durable: bool = True, at_rest: bool = True
    ) -> Iterator[SQLiteTransaction]:
        """Open a transaction, to be committed in the end, or rolled back if an exception leaves it.

        Without `writes` it takes no lock, and may only read; every moment of a file is one
        `at_rest`. Without `durable` nobody waits for the disk: a loss of power may take it back,
        unless a later one that wrote was waited for. Raises `BadRequest` if one is open already,
        `StoreError` if the store cannot be used, and what APSW raises if a constraint is broken at
        the end; nothing is changed then. Any other COMMIT that fails is not taken at its word: the
        trace says whether it took place. Raises `OutcomeUnknown` if that cannot be read.
        """
        with self._alone.opened(Marked(writes, durable)) as span, contextlib.ExitStack() as held:
            with self._usable("the transaction"):
                turn = held.enter_context(self._turn(writes))
                held.enter_context(self._waiting(durable))
                opened = self._begin(span, turn)
            try:
                yield opened
                opened.require_sound()
                with self._usable("the transaction"):
                    mark = self._ready(turn, opened)
            except Damaged:
                self._roll_back()
                if self.place is not None:  # in another file's pages there is no damage of ours
                    self.place.require(self.connection)
                raise
            except BaseException:
                self._roll_back()
                raise
            with self._usable("the transaction"):
                failed = self._commit()
                if failed is not None and not self._took_place(opened, failed):
                    remedy = "try again"
                    if isinstance(failed, apsw.FullError):
                        remedy = "make room on its disk"
                    raise StoreError(self.path, f"COMMIT failed: {_said(failed)}", remedy)
                if turn is not None and mark is not None:
                    turn.keep(mark)
            opened.remember()

    def _begin(self, span: Marked, turn: Turn | None) -> SQLiteTransaction:
        span.mark = None if turn is None else turn.mark()
        try:
            self.connection.execute("BEGIN IMMEDIATE" if span.writes else "BEGIN")
            scribe, foreign = self.scribe, self._for_others()
            return SQLiteTransaction(self.design, scribe, foreign, span, self._usable, self._clock)
        except BaseException:
            self._roll_back()
            raise

    def _ready(self, turn: Turn | None, opened: SQLiteTransaction) -> Mark | None:
        """Return the mark that is true once the transaction is committed, having seen that the file
        has its name still: nothing may be answered that went into one that is gone.
        """
        if turn is None or self.place is None:
            return None
        self.place.require(self.connection)
        before, where = opened.span.mark, self.place
        if opened.span.durable:
            pages = self.connection.pragma("page_count")
        else:
            pages = 0 if before is None else before.pages
        return Mark(opened.told.epoch, opened.last(), where.file, where.log, pages)

    def _took_place(self, opened: SQLiteTransaction, failed: apsw.Error) -> bool:
        """Return whether the steps are durable, after COMMIT has failed."""
        try:
            return self._is_durable(opened.receipts, failed)
        except OutcomeUnknown as unknown:
            opened.doubt(unknown)
            raise

    def _is_durable(self, receipts: list[Receipt], failed: apsw.Error) -> bool:
        """Ask the trace whether it has these steps.

        A failed commit may lie in the log, to come back to life at the next recovery. So the
        question is asked in a transaction that writes: once that one is committed, the answer is
        final. On a full disk nothing can be written, and need not: what makes a commit whole is
        written last, and there was no room for it.
        """
        full = isinstance(failed, apsw.FullError)
        if not receipts and not full:
            raise OutcomeUnknown(f"{self.path}: COMMIT failed: {_said(failed)}")
        found = "SELECT 1 FROM trace WHERE seq = ? AND action = ? AND params = ?"
        try:
            self.connection.execute("BEGIN" if full else "BEGIN IMMEDIATE")
            took_place = all(self._all(found, (r.seq, r.action, r.params)) for r in receipts)
            if not full:
                asked = ("asked", str(last(self.connection)))
                self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", asked)
            self.connection.execute("COMMIT")
        except (apsw.Error, StoreError) as again:
            self.let_go()
            what = f"{self.path}: COMMIT failed: {_said(failed)}, then {again}"
            raise OutcomeUnknown(what) from None
        return took_place and bool(receipts)

    # ------------------------------------------------------------ begin and end
    def _usable(self, what: str, theirs: bool = False) -> _Usable:
        """Say what keeps a statement from being run; what one of `theirs` reads is their own."""
        return _Usable(self.path, self.busy_ms, what, theirs)

    def _turn(self, writes: bool) -> contextlib.AbstractContextManager[Turn | None]:
        if self.gate is None or not writes:
            return contextlib.nullcontext()
        if self.read_only:
            raise StoreError(self.path, "was opened to be read only", "open it for writing")
        return self.gate.held(self.busy_ms)

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
                self.let_go()

    def _commit(self) -> apsw.Error | None:
        try:
            self.connection.execute("COMMIT")
            return None
        except apsw.ConstraintError:
            # As a deferred foreign key, which is asked now: an answer, and nothing is kept.
            self._roll_back()
            raise
        except apsw.Error as failed:
            # Whether it is durable cannot be told by asking this connection.
            self.let_go()
            return failed

    def _roll_back(self) -> None:
        # Some errors have rolled back already.
        if self._open is not None and self._open.in_transaction:
            try:
                self._open.execute("ROLLBACK")
            except apsw.Error:  # without COMMIT nothing is kept, whatever becomes of the connection
                self.let_go()


@dataclass(slots=True)
class _Usable:
    """Raises `StoreError` of what says that the store cannot be used, and lets all else pass.

    A statement goes through here each time: that nothing is wrong must cost nothing.
    """

    path: str
    busy_ms: int
    what: str
    theirs: bool

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, failed: BaseException | None, __: object) -> None:
        if failed is not None and (unusable := self._found(failed)) is not None:
            raise unusable from None

    def _found(self, failed: BaseException) -> StoreError | None:
        if not self.theirs and (found := damage(self.path, failed)) is not None:
            return found
        match failed:
            case Locked():
                fact = f"is kept locked by somebody for more than {self.busy_ms} ms"
                return Busy(self.path, fact, "look for a process that hangs")
            case apsw.Error() if isinstance(failed, _UNUSABLE):
                fact = f"{self.what} was not taken: {failed}"
                kind = Busy if isinstance(failed, apsw.BusyError | apsw.LockedError) else StoreError
                return kind(self.path, fact, "try again once that is put right")
            case OSError():
                fact = f"{self.what} was not taken: {failed.strerror}"
                remedy = "see that it and its folder can be written"
                return StoreError(failed.filename or self.path, fact, remedy)
        return None


def _said(failed: apsw.Error) -> str:
    return f"{type(failed).__name__}: {failed}"
