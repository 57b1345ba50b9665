"""Several steps in one transaction on a file, each with its row of the trace."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import apsw

from impl.derive import origin
from impl.derive.design import Design
from impl.derive.fused import Fused
from impl.derive.tables import Table
from impl.derive.transition import Transition
from impl.interface.process import Process
from impl.interface.step import STILL, Beside, Step, Time, over
from impl.interface.transaction import History, Pending, Span, Transaction, Written
from impl.sqlite import steps
from impl.sqlite.file.gate import Mark
from impl.sqlite.foreign import Foreign
from impl.sqlite.scribe import Line, Scribe
from impl.sqlite.told import Told, told
from impl.terms.outcomes import Done, Receipt, Refused, Unseen
from impl.terms.requests import BadRequest
from impl.terms.unusable import OtherHistory
from spec.language.scope import Value
from spec.language.terms.types import Sort

_PAGE = "SELECT seq, before, after, unseen FROM trace WHERE seq > ? ORDER BY seq LIMIT 1000"

_ELEMENT = re.compile(r"\[(\w+)\]")


class Usable(Protocol):
    """Raises `StoreError` of what says that the store cannot be used, and lets all else pass."""

    def __call__(self, what: str, theirs: bool = False) -> AbstractContextManager[None]:
        """Watch over a statement; what one of `theirs` reads, the users', is their own."""


@dataclass(eq=False)
class Marked(Span):
    """The span of a transaction on a file."""

    mark: Mark | None = None  # which the last one to write has left beside the store


class SQLiteTransaction(Transaction):
    """A transaction on a file, which is the only one that writes."""

    span: Marked

    def __init__(
        self,
        design: Design,
        scribe: Scribe,
        foreign: Foreign,
        span: Marked,
        usable: Usable,
        clock: Callable[[], int] | None,
    ) -> None:
        super().__init__(design, span)
        self._clock, self._scribe, self._connection = clock, scribe, scribe.connection
        self._foreign, self._usable = foreign, usable
        self._told: Told | None = None
        self._lines: list[tuple[int, Line]] = []

    def _take(
        self,
        t: Transition,
        made: Callable[..., Step],
        given: dict[str, Value],
        beside: Beside,
        pending: Pending,
        note: str | None,
    ) -> Done | Refused:
        """Take a step by one guarded statement."""
        step, last = made(given, beside=beside), self.last()  # before there is another one
        with self._usable(t.action.name):
            outcome, line = steps.within(self._scribe, step, _listed(pending.unseen), note)
        if isinstance(outcome, Refused):
            return outcome
        if t.writes:
            self._note(last + 1, line)
            pending.unseen.clear()
        else:
            ended = over(t, outcome.row)
            pending.unseen.append(Unseen(last, t.action.name, t.named(given), ended))
        return outcome

    @cached_property
    def now(self) -> int:
        """The moment of the transaction, in ms; no other that writes has one before it is over."""
        return 0 if self._clock is None else self._clock()

    def _time(self, lasts: Mapping[str, int]) -> Time:
        return STILL if self._clock is None else Time(self.now, lasts)

    def _take_together(self, whole: Fused, taken: list[Step], pending: Pending) -> Done | None:
        last, unseen = self.last(), _listed(pending.unseen)
        with self._usable(taken[-1].transition.action.name):
            lines = steps.together(self._scribe, whole, taken, unseen)
        if lines is None:
            return None
        for seq, line in enumerate(lines, last + 1):
            self._note(seq, line)
            pending.memory |= {name: after for name, (_, after) in (line.memory or {}).items()}
        pending.unseen.clear()
        return Done({}, lines[-1].memory or {})

    def execute(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of one's own. Raises `BadRequest`, and what APSW raises."""
        self.require_open()
        with self._usable("a statement", theirs=True):
            return self._foreign.run(sql, values, self.span.writes)

    def changes(self, sql: str, values: Any = ()) -> int:
        """Run such a statement and return how many rows it changed."""
        before = self._connection.total_changes()
        self.execute(sql, values)
        return self._connection.total_changes() - before

    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of the queue's, on what the spec leaves out, and return its rows."""
        self.require_open()
        with self._usable("the transaction"):
            return self._connection.execute(sql, values).fetchall()

    def require_open(self) -> None:
        """Raise `BadRequest` if nothing that is done here would be committed."""
        if self.span.over:
            raise BadRequest("transaction: is over; begin another one")
        if not self._connection.in_transaction:  # as by ON CONFLICT ROLLBACK
            raise BadRequest("transaction: was taken back by a statement in it; begin another one")

    def require_sound(self) -> None:
        """Raise `BadRequest` if what was done here must not be committed."""
        self.require_open()
        self._foreign.require_sound()

    def last(self) -> int:
        """Return the number of the last row of the trace; 0 if there is none."""
        return self.told.seq

    @property
    def told(self) -> Told:
        """What the store says of itself, asked when it is first needed."""
        if self._told is None:
            self._told = told(self._design, self.own)
        return self._told

    def new(self, sort: type[Sort]) -> int:
        """Return the element that comes after all that ever had a row."""
        return self.told.rows[sort]

    @property
    def history(self) -> History:
        """The history that the store has now."""
        return History(self.told.epoch, self.told.boot, self.told.file, self.told.ahead)

    def require(self, known: History, path: str) -> None:
        """Raise `OtherHistory` if the store has another history now, or is behind where it was."""
        found = self.history
        if found != known or self.is_behind(self.span.mark):
            reboot = found.boot not in (None, known.boot)
            what = "has seen another boot" if reboot else "was put back, copied or replaced"
            fact = f"{what} since it was opened"
            raise OtherHistory(path, fact, "open it again; what was claimed is lost")

    def is_behind(self, mark: Mark | None) -> bool:
        """Return whether the store is behind where it was, as a mark beside it says."""
        return mark is not None and (self.told.epoch, self.last()) < (mark.epoch, mark.seq)

    def begin_history(self, begun: History) -> None:
        """Write down which history the store has from now on."""
        self._told = replace(self.told, **vars(begun))
        told = {name: str(value) for name, value in vars(begun).items()}
        for row in told.items():
            self.own("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)

    @property
    def claims(self) -> int:
        """The most claims that there were under a key of which nothing is left."""
        return self.told.claims

    def keep_claims(self, claims: int) -> None:
        """Let it be known how many claims there were under a key that is forgotten."""
        if claims > self.told.claims:
            self.told.claims = claims
            self.own("INSERT OR REPLACE INTO meta VALUES ('claims', ?)", (str(claims),))

    def alone(self, what: str) -> None:
        """Do nothing: whoever writes in a file is alone."""

    def look_ahead(self, actions: Sequence[str], process: Process) -> None:
        """Do nothing: a file is asked one thing after the other."""

    def traced(self) -> Iterator[Written]:
        """Yield the rows of the trace; each is kept for whatever it speaks of."""
        after = 0
        while page := self.own(_PAGE, (after,)):
            for seq, before, becomes, unseen in page:
                yield Written(seq, _ELEMENT.findall(before + becomes), becomes, unseen)
            after = page[-1][0]

    def keep_origin(self, seq: int, states: Iterable[tuple[str, str]]) -> None:
        """Let the run be followed from the state after a row of the trace."""
        origin.write(self.own, seq, states)

    def _note(self, seq: int, line: Line) -> None:
        """Know the row that was written: nobody else can write one meanwhile."""
        told, table = self.told, line.transition.table
        told.seq = seq
        if table is not None:
            told.rows[table.sort] = max(told.rows[table.sort], line.row)
            statement = line.transition.statement
            if statement is not None and statement.form == "delete":
                self._keep_the_number(table, line.row)
        self._lines.append((seq, line))

    def _keep_the_number(self, table: Table, row: int) -> None:
        """Let the number of a row that is taken out be known, if it was the last one."""
        if row == self.told.rows[table.sort]:
            kept = (f"last {table.name} taken out", str(row))
            self.own("INSERT OR REPLACE INTO meta VALUES (?, ?)", kept)

    @property
    def receipts(self) -> list[Receipt]:
        """What the steps can be known by that were taken here."""
        return [Receipt(seq, t.transition.action.name, t.given) for seq, t in self._lines]


def _listed(unseen: list[Unseen]) -> str:
    if not unseen:
        return "[]"
    return json.dumps([[u.after, u.action, u.params, *([u.over] * bool(u.over))] for u in unseen])


def last(connection: apsw.Connection) -> int:
    """Return the number of the last row of the trace; 0 if there is none."""
    found = connection.execute("SELECT coalesce(max(seq), 0) FROM trace").fetchall()
    seq: int = found[0][0]  # type: ignore[assignment]
    return seq
