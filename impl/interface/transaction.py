"""What every store's transaction is: several steps, all of them done or none.

What a process remembers changes only once the transaction is committed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from impl.derive.design import Design
from impl.derive.fused import Fused, fused
from impl.derive.transition import Transition
from impl.interface.process import Process
from impl.interface.step import NOTHING, Beside, Step, Time, in_turn, step_of
from impl.terms.outcomes import Done, OutcomeUnknown, Refused, Unseen
from impl.terms.requests import BadRequest
from spec.language.scope import Value
from spec.language.terms.types import Sort

NO_TIMERS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class History:
    """Since when tokens are counted: the epoch, the boot, and the file of the store; and how far
    the queue's clock is `ahead` of that of the boot. Of a server the boot is a name that it forgets
    when it crashes.
    """

    epoch: int
    boot: str | None
    file: str | None
    ahead: int


@dataclass(eq=False)
class Span:
    """What a transaction may do, and for how long."""

    writes: bool
    durable: bool
    over: bool = False


@dataclass(frozen=True)
class Written:
    """A row of the trace, unread: its number, the elements that it is kept for, and as JSON what is
    there after it and what its process had not seen before.
    """

    seq: int
    elements: Collection[str]
    after: str
    unseen: str


@dataclass
class Pending:
    """What a process will remember, and how many rows it will have, once all is committed."""

    memory: dict[str, Value]
    unseen: list[Unseen]
    rows: int = 0


class Transaction(ABC):
    """A transaction that is open: steps of the spec, and statements on what it leaves out."""

    def __init__(self, design: Design, span: Span) -> None:
        self._design, self.span = design, span
        self._pending: dict[Process, Pending] = {}

    def take(
        self,
        action: str,
        process: Process | None = None,
        *,
        note: str | None = None,
        constants: Mapping[str, int] | None = None,
        claim: Mapping[str, Value] | None = None,
        world: Mapping[str, Value] | None = None,
        beside: Beside = NOTHING,
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
        pending = Pending({}, [])
        given: dict[str, Value] = {**params}
        if t.seen.process is not None:
            assert process is not None, f"{action} is a step of a process"
            given[t.seen.process.name] = process.element
            pending = self._of(process)
        if claim is not None and not claim.items() <= pending.memory.items():
            return Refused("fenced")
        made = partial(
            step_of, self._design, action, memory=pending.memory, constants=constants, world=world,
            time=self._time(lasts),
        )  # fmt: skip
        outcome = self._take(t, made, given, beside, pending, note)
        if isinstance(outcome, Done):
            pending.memory |= {name: after for name, (_, after) in outcome.memory.items()}
        return outcome

    @abstractmethod
    def _time(self, lasts: Mapping[str, int]) -> Time:
        """Return what the clock says, as far as it is known before a step, and these durations."""

    @abstractmethod
    def _take(
        self,
        t: Transition,
        made: Callable[..., Step],
        given: dict[str, Value],
        beside: Beside,
        pending: Pending,
        note: str | None,
    ) -> Done | Refused:
        """Take the step that is `made` of parameters and of what is beside it, and note what its
        process has not seen since.
        """

    @abstractmethod
    def look_ahead(self, actions: Sequence[str], process: Process) -> None:
        """Say which steps of the process come next, each if the one before is taken: a store that
        is far away may ask for all of them at once. They write nothing, nor does the transaction.
        """

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
        if whole is not None:
            done = self._taken_together(whole, process, claim, lasts)
            if done is not None:
                return actions[-1], done
        for action in actions:  # which says what refuses it
            outcome = self.take(action, process, claim=claim, lasts=lasts)
            if isinstance(outcome, Refused):
                break
        return action, outcome

    def _taken_together(
        self,
        whole: Fused,
        process: Process,
        claim: Mapping[str, Value],
        lasts: Mapping[str, int],
    ) -> Done | None:
        self.require_open()
        for t in whole.transitions:
            self._require_waited(t)
        pending, of = self._of(process), whole.transitions[0].process
        assert of is not None
        if not claim.items() <= pending.memory.items():
            return None
        given = {of.name: process.element}
        steps = in_turn(self._design, whole, given, pending.memory, self._time(lasts))
        return None if steps is None else self._take_together(whole, steps, pending)

    @abstractmethod
    def _take_together(self, whole: Fused, steps: list[Step], pending: Pending) -> Done | None:
        """Take steps by one statement; None if one of them is refused, and then nothing is done."""

    @abstractmethod
    def require_open(self) -> None:
        """Raise `BadRequest` if nothing that is done here would be committed."""

    # ------------------------------------------------------------ beside the spec
    @property
    @abstractmethod
    def now(self) -> int:
        """The moment by the clock of the queue, in ms."""

    @abstractmethod
    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of the queue's, on what the spec leaves out, and return its rows."""

    @abstractmethod
    def execute(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of one's own, beside the queue's, and return its rows.

        It may write what is not the queue's own, and neither begin nor end a transaction. Raises
        `BadRequest`, and what the database's own library raises.
        """

    @abstractmethod
    def changes(self, sql: str, values: Any = ()) -> int:
        """Run such a statement and return how many rows it changed."""

    @abstractmethod
    def new(self, sort: type[Sort]) -> int:
        """Return an element that has never had a row."""

    @abstractmethod
    def last(self) -> int:
        """Return the number of the last row of the trace; 0 if there is none."""

    # ------------------------------------------------------------ histories
    @property
    @abstractmethod
    def history(self) -> History:
        """The history that the store has now."""

    @abstractmethod
    def require(self, known: History, path: str) -> None:
        """Raise `OtherHistory` if the store has another history now, or is behind where it was."""

    @property
    @abstractmethod
    def claims(self) -> int:
        """The most claims that there were under a key of which nothing is left."""

    @abstractmethod
    def keep_claims(self, claims: int) -> None:
        """Let it be known how many claims there were under a key that is forgotten: later ones are
        given larger tokens.
        """

    # ------------------------------------------------------------ what is forgotten
    @abstractmethod
    def alone(self, what: str) -> None:
        """Wait until nobody else is at this, and let nobody before the transaction is over."""

    @abstractmethod
    def traced(self) -> Iterator[Written]:
        """Yield the rows of the trace, those of each process in turn; they are not all held."""

    @abstractmethod
    def keep_origin(self, seq: int, states: Iterable[tuple[str, str]]) -> None:
        """Let the run be followed from the state after a row of the trace, which is this one."""

    # ------------------------------------------------------------ what processes remember
    def _require_waited(self, t: Transition) -> None:
        """Raise `BadRequest` if the power could take a step back that the spec waits for."""
        if t.writes and not (self.span.durable or t.action.loose):
            fact = "is to be waited for, and this transaction is not"
            raise BadRequest(f"{t.action.name}: {fact}; leave `durable` as it is")

    def _of(self, process: Process) -> Pending:
        """Return what the process will remember; raises `OutcomeUnknown` if nobody knows."""
        if process.doubt is not None:
            raise process.doubt
        if process not in self._pending:
            kept = Pending(dict(process.memory), list(process.unseen), process.rows)
            self._pending[process] = kept
        return self._pending[process]

    def doubt(self, unknown: OutcomeUnknown) -> None:
        """Let no process go on whose memory would differ if this was committed."""
        for process, pending in self._pending.items():
            if pending != Pending(process.memory, process.unseen, process.rows):
                process.doubt = unknown

    def remember(self) -> None:
        """Let every process remember what it did, once it is committed."""
        for process, pending in self._pending.items():
            process.memory, process.unseen = pending.memory, pending.unseen
            process.rows = pending.rows
