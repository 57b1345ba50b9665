"""What goes wrong at a step: nothing else is touched, and the step is the unchanged queue's own."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from impl.interface.process import Process
from impl.queue import Queue
from impl.sqlite.queue_store import QueueStore, in_file
from impl.sqlite.transaction import SQLiteTransaction
from impl.terms.outcomes import Done, OutcomeUnknown, Refused
from impl.terms.unusable import StoreError
from spec.language.scope import Value

Moment = Literal["before", "within", "after"]
"""Before the step is tried; when it is written and not committed; when it is committed and the
process has not heard of it.
"""


class Crash(BaseException):
    """The process is dead from here on: catch it where the script goes on without it."""


class _Lost(Exception):
    """The answer to COMMIT does not arrive."""


@dataclass(frozen=True)
class _Fault:
    action: str
    moment: Moment
    nth: int
    happens: Callable[[], None]


class Faults:
    """Faults of one queue object, which stands for one process; made by `Faults(queue)`."""

    def __init__(self, queue: Queue) -> None:
        """Let this queue's steps be watched for the faults to come."""
        self.path = queue.path
        self.reached: Counter[tuple[str, Moment]] = Counter()
        self._faults: list[_Fault] = []
        queue.store = _FaultyStore(in_file(queue.store), self)

    def at(
        self, action: str, happens: Callable[[], None], moment: Moment = "before", nth: int = 1
    ) -> None:
        """Let something happen when the action is reached for the n-th time from now on.

        The process stands still meanwhile: `happens` is what the others do, or time.
        """
        until = self.reached[action, moment] + nth
        self._faults.append(_Fault(action, moment, until, happens))

    # ------------------------------------------------------------ what can go wrong
    def crash(self, action: str, moment: Moment = "before", nth: int = 1) -> None:
        """Let the process die at the step."""

        def die() -> None:
            raise Crash(f"{moment} {action}")

        self.at(action, die, moment, nth)

    def crash_anywhere(self, actions: Sequence[str], seed: int) -> tuple[str, Moment]:
        """Let the process die at one of these steps, which and when being chosen by the seed."""
        chance = random.Random(seed)
        moments: tuple[Moment, ...] = ("before", "within", "after")
        action, moment = chance.choice(actions), chance.choice(moments)
        self.crash(action, moment)
        return action, moment

    def lose_reply(self, action: str, nth: int = 1) -> None:
        """Let the step take place, and its process not hear of it: `OutcomeUnknown`."""

        def lose() -> None:
            raise _Lost(action)

        self.at(action, lose, "after", nth)

    def refuse_write(self, action: str, fact: str = "disk I/O error", nth: int = 1) -> None:
        """Let the store not be usable at the step: `StoreError`, and nothing is changed."""

        def refuse() -> None:
            raise StoreError(self.path, fact, "try again once that is put right")

        self.at(action, refuse, "before", nth)

    # ------------------------------------------------------------ where steps are watched
    def reach(self, action: str, moment: Moment) -> None:
        """Count that a step has got so far, and let happen what was to happen there."""
        self.reached[action, moment] += 1
        for fault in list(self._faults):
            if (fault.action, fault.moment) == (action, moment) and (
                self.reached[action, moment] == fault.nth
            ):
                self._faults.remove(fault)
                fault.happens()


class _FaultyStore(QueueStore):
    """The same store, on the same connection, whose steps are watched."""

    def __init__(self, store: QueueStore, faults: Faults) -> None:
        self.__dict__.update(store.__dict__)
        self._faults = faults

    @contextlib.contextmanager
    def transaction(
        self, writes: bool = True, durable: bool = True, at_rest: bool = True
    ) -> Iterator[SQLiteTransaction]:
        """As `Store.transaction`; what was committed and got lost raises `OutcomeUnknown`."""
        watched: _Watched | None = None
        with super().transaction(writes, durable) as opened:
            watched = _Watched(opened, self._faults)
            yield watched
        try:
            for action in watched.taken:
                self._faults.reach(action, "after")
        except _Lost as lost:
            watched.forget()
            raise OutcomeUnknown(f"{self.path}: the answer to {lost} is lost") from None


class _Watched(SQLiteTransaction):
    """A transaction whose steps are watched."""

    def __init__(self, opened: SQLiteTransaction, faults: Faults) -> None:
        self.__dict__.update(opened.__dict__)
        self._watching = faults
        self.taken: list[str] = []
        self._before: dict[Process, dict[str, Value]] = {}

    def take(self, action: str, process: Process | None = None, **how: Any) -> Done | Refused:
        """As `Transaction.take`."""
        if process is not None:
            self._before.setdefault(process, dict(process.memory))
        self._watching.reach(action, "before")
        outcome = super().take(action, process, **how)
        if isinstance(outcome, Done):
            self._watching.reach(action, "within")
            self.taken.append(action)
        return outcome

    def _take_together(self, *_: object) -> None:
        """Take each step by itself: something may happen between two."""

    def forget(self) -> None:
        """Let the processes believe what they believed before."""
        for process, memory in self._before.items():
            process.memory = memory
