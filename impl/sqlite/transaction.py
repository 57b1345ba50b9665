"""Several steps in one transaction, each with its row of the trace: all of them are done or none.

What a process remembers changes only once the transaction is committed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol

import apsw

from impl.derive.design import Design
from impl.derive.fused import Fused, fused
from impl.derive.tables import Table
from impl.derive.transition import Transition
from impl.sqlite import steps
from impl.sqlite.file.gate import Mark
from impl.sqlite.foreign import Foreign
from impl.sqlite.scribe import Line, Scribe
from impl.sqlite.steps import STILL, Time
from impl.sqlite.told import Told, told
from impl.terms.outcomes import Done, OutcomeUnknown, Receipt, Refused, Unseen
from impl.terms.requests import BadRequest
from spec.language.scope import Value
from spec.language.terms.types import Sort


@dataclass(eq=False)
class Process:
    """A process of the spec: which one, what it remembers, and its steps since its last row in the
    trace, which left the store as it was. Its threads take its steps one at a time, under `lock`.
    `doubt`: why it may have done what it does not remember; then it can do nothing more.
    """

    sort: type[Sort]
    element: int
    memory: dict[str, Value]
    unseen: list[Unseen] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    doubt: OutcomeUnknown | None = None


def newcomer(design: Design, sort: type[Sort], element: int) -> Process:
    """Return a process that remembers nothing yet."""
    return Process(sort, element, dict(design.blank[sort]))


@dataclass
class _Pending:
    memory: dict[str, Value]
    unseen: list[Unseen]


class Usable(Protocol):
    """Raises `StoreError` of what says that the store cannot be used, and lets all else pass."""

    def __call__(self, what: str, theirs: bool = False) -> AbstractContextManager[None]:
        """Watch over a statement; what one of `theirs` reads, the users', is their own."""


@dataclass(eq=False)
class Span:
    """What a transaction may do, and for how long."""

    writes: bool
    durable: bool
    over: bool = False
    mark: Mark | None = None  # which the last one to write has left beside the store


NO_TIMERS: Mapping[str, int] = MappingProxyType({})


class Transaction:
    """A transaction that is open: steps of the spec, and statements on what it leaves out."""

    def __init__(
        self,
        design: Design,
        scribe: Scribe,
        foreign: Foreign,
        span: Span,
        usable: Usable,
        clock: Callable[[], int] | None,
    ) -> None:
        self._clock = clock
        self._design, self._scribe, self._connection = design, scribe, scribe.connection
        self._foreign, self.span, self._usable = foreign, span, usable
        self._pending: dict[Process, _Pending] = {}
        self._told: Told | None = None
        self._lines: list[tuple[int, Line]] = []

    def take(
        self,
        action: str,
        process: Process | None = None,
        *,
        note: str | None = None,
        constants: Mapping[str, int] | None = None,
        claim: Mapping[str, Value] | None = None,
        world: Mapping[str, Value] | None = None,
        beside: steps.Beside = steps.NOTHING,
        lasts: Mapping[str, int] = NO_TIMERS,
        **params: int,
    ) -> Done | Refused:
        """Take a step of the process, or one that no process remembers.

        `note` goes into the trace beside it. `claim` is what the process must remember of the claim
        that the step is for: if it has let go of that one, it is refused as `fenced`. `world` has
        what was found when the world was asked, by field; `beside`, what the spec does not speak
        of; `lasts`, how long each timer lasts that the step may start, in ms. A refusal leaves the
        transaction open and as it was. Raises `CheckFailed`, and `OutcomeUnknown` if the process is
        in doubt; the transaction must be given up then.
        """
        self.require_open()
        t = self._design.transitions[action]
        self._require_waited(t)
        pending = _Pending({}, [])
        given: dict[str, Value] = dict(params)
        if t.seen.process is not None:
            assert process is not None, f"{action} is a step of a process"
            given[t.seen.process.name] = process.element
            pending = self._of(process)
        if claim is not None and not claim.items() <= pending.memory.items():
            return Refused("fenced")
        step = steps.step_of(
            self._design, action, given, pending.memory, constants, world, beside, self._time(lasts)
        )
        last = self.last()  # before there is another one
        with self._usable(action):
            outcome, line = steps.within(self._scribe, step, _listed(pending.unseen), note)
        if isinstance(outcome, Refused):
            return outcome
        if t.writes:
            self._note(last + 1, line)
            pending.unseen.clear()
        else:
            over = steps.over(t, outcome.row)
            pending.unseen.append(Unseen(last, action, t.named(given), over))
        pending.memory |= {name: after for name, (_, after) in outcome.memory.items()}
        return outcome

    @cached_property
    def now(self) -> int:
        """The moment of the transaction, in ms; no other that writes has one before it is over."""
        return 0 if self._clock is None else self._clock()

    def _time(self, lasts: Mapping[str, int]) -> Time:
        return STILL if self._clock is None else Time(self.now, lasts)

    def take_all(
        self,
        actions: Sequence[str],
        process: Process,
        claim: Mapping[str, Value],
        lasts: Mapping[str, int] = NO_TIMERS,
    ) -> tuple[str, Done | Refused]:
        """Take steps of the process one after the other, for this claim; return the last one, or
        the one that is refused, and what came of it. They are one statement where the spec shows
        that it is the same. Raises as `take` does.
        """
        whole = fused(self._design, tuple(actions))
        if (
            whole is not None
            and (done := self._take_together(whole, process, claim, lasts)) is not None
        ):
            return actions[-1], done
        for action in actions:  # which says what refuses it
            outcome = self.take(action, process, claim=claim, lasts=lasts)
            if isinstance(outcome, Refused):
                break
        return action, outcome

    def _take_together(
        self,
        whole: Fused,
        process: Process,
        claim: Mapping[str, Value],
        lasts: Mapping[str, int],
    ) -> Done | None:
        self.require_open()
        for t in whole.transitions:
            self._require_waited(t)
        pending, last = self._of(process), self.last()
        if not claim.items() <= pending.memory.items():
            return None
        element = whole.transitions[0].process
        assert element is not None
        given, unseen = {element.name: process.element}, _listed(pending.unseen)
        with self._usable(whole.transitions[-1].action.name):
            lines = steps.together(
                self._scribe, self._design, whole, given, pending.memory, unseen, self._time(lasts)
            )
        if lines is None:
            return None
        for seq, line in enumerate(lines, last + 1):
            self._note(seq, line)
            pending.memory |= {name: after for name, (_, after) in (line.memory or {}).items()}
        pending.unseen.clear()
        return Done({}, lines[-1].memory or {})

    def _require_waited(self, t: Transition) -> None:
        """Raise `BadRequest` if the power could take a step back that the spec waits for."""
        if t.writes and not (self.span.durable or t.action.loose):
            fact = "is to be waited for, and this transaction is not"
            raise BadRequest(f"{t.action.name}: {fact}; leave `durable` as it is")

    def _of(self, process: Process) -> _Pending:
        """Return what the process will remember; raises `OutcomeUnknown` if nobody knows."""
        if process.doubt is not None:
            raise process.doubt
        if process not in self._pending:
            self._pending[process] = _Pending(dict(process.memory), list(process.unseen))
        return self._pending[process]

    def execute(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of one's own, beside the queue's, and return its rows.

        It may write what is not the queue's own, and neither begin nor end a transaction. Raises
        `BadRequest`, and what APSW raises.
        """
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

    def begin_history(self, epoch: int, boot: str, file: str, ahead: int) -> None:
        """Write down which history the store has from now on."""
        self._told = replace(self.told, epoch=epoch, boot=boot, file=file, ahead=ahead)
        told = {"epoch": str(epoch), "boot": boot, "file": file, "ahead": str(ahead)}
        for row in told.items():
            self.own("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)

    def keep_claims(self, claims: int) -> None:
        """Let it be known how many claims there were under a key that is forgotten: later ones are
        given larger tokens.
        """
        if claims > self.told.claims:
            self.told.claims = claims
            self.own("INSERT OR REPLACE INTO meta VALUES ('claims', ?)", (str(claims),))

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

    def doubt(self, unknown: OutcomeUnknown) -> None:
        """Let no process go on whose memory would differ if this was committed."""
        for process, pending in self._pending.items():
            if (pending.memory, pending.unseen) != (process.memory, process.unseen):
                process.doubt = unknown

    def remember(self) -> None:
        """Let every process remember what it did, once it is committed."""
        for process, pending in self._pending.items():
            process.memory, process.unseen = pending.memory, pending.unseen


def _listed(unseen: list[Unseen]) -> str:
    if not unseen:
        return "[]"
    return json.dumps([[u.after, u.action, u.params, *([u.over] * bool(u.over))] for u in unseen])


def last(connection: apsw.Connection) -> int:
    """Return the number of the last row of the trace; 0 if there is none."""
    found = connection.execute("SELECT coalesce(max(seq), 0) FROM trace").fetchall()
    seq: int = found[0][0]  # type: ignore[assignment]
    return seq
