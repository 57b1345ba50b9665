"""What a queue asks of its store, whichever it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from impl.derive.design import Design
from impl.interface.seeing import Seeing
from impl.interface.transaction import History, Span, Transaction
from impl.terms.clock import Moments
from impl.terms.unusable import Full
from spec.language.scope import Value
from spec.language.terms.types import Sort

Ask = Callable[[str], list[Any]]
"""Returns the rows of a query."""


class Store(Protocol):
    """A connection to where a queue is kept; a process, and each of its threads, has one of its
    own. What it does raises `StoreError` if the store cannot be used; nothing is changed then.
    """

    @property
    def design(self) -> Design:
        """What the store is for."""

    @property
    def path(self) -> str:
        """Where it is, as messages say it."""

    @property
    def address(self) -> str:
        """Where it is, as it is opened again."""

    @property
    def read_only(self) -> bool:
        """Whether it was opened only to be looked at."""

    @property
    def clock(self) -> Moments:
        """The clock by which its timers run out."""

    @property
    def span(self) -> Span | None:
        """The transaction that is open, if one is."""

    def enter(self) -> History:
        """Return the history of the store, which is begun if there is none that can go on."""

    def transaction(
        self, writes: bool = True, durable: bool = True, at_rest: bool = False
    ) -> AbstractContextManager[Transaction]:
        """Open a transaction, to be committed in the end, or rolled back if an exception leaves it.

        Without `writes` it takes no lock, may only read, and sees one moment of the store;
        `at_rest` one in which nobody else is in the middle of writing. Without `durable` nobody
        waits for the disk. Raises `BadRequest` if one is open already, and
        `OutcomeUnknown` if nobody can say whether it was committed.
        """

    def query(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query that is not ours, without a lock. Raises `BadRequest` if it
        does more than read.
        """

    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query that is ours, without a lock."""

    def aside(self, make: str) -> AbstractContextManager[Ask]:
        """Make temporary tables of one moment of the store, by statements of ours, and give what
        asks of that moment, them included; they are gone afterwards. Raises as `transaction` does.
        """

    def rows(self, now: int = 0) -> Mapping[type[Sort], Mapping[int, Mapping[str, Value]]]:
        """Return every row of every table at a moment, by sort and element."""

    def legible(self) -> AbstractContextManager[None]:
        """Raise `Damaged` where what the queue has written cannot be read back."""

    def appear(self, process: str) -> None:
        """Let others see that a process of the queue runs, by its name."""

    def seeing(self) -> Seeing:
        """Return what says of workers whether they run, as far as it can be seen from here."""

    def references(self, table: str) -> list[tuple[str, str]]:
        """Return the tables of others that keep a row of one of ours from being deleted as long as
        they refer to it, each with its column, as SQL.
        """

    def free(self, before: int) -> int:
        """Return how many pages are free, as the spec counts them, where no more than so many jobs
        are in the queue.
        """

    def full(self) -> Full:
        """Return the error that says how far the room goes."""

    def backup(self, to: str | os.PathLike[str]) -> None:
        """Copy what is committed into a new file, whole or not at all. Raises `BadRequest`."""

    def close(self) -> None:
        """Let go of it."""
