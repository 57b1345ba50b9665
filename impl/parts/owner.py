"""What the parts of a queue ask of the queue that they belong to."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from impl.interface.process import Process
from impl.interface.store import Store
from impl.interface.transaction import Transaction
from impl.parts.line import Line
from impl.terms.clock import Moments
from spec.language.terms.types import Sort


class Owner(Protocol):
    """A queue, as its parts know it."""

    clock: Moments
    lease_ms: int
    line: Line
    store: Store

    def process(self, sort: type[Sort]) -> Process:
        """Return a new worker or recoverer, under a number that nobody else ever had."""

    def transaction(self, durable: bool = True) -> AbstractContextManager[Transaction]:
        """Open a transaction; without `durable` nobody waits for the disk."""

    def snapshot(self, at_rest: bool = False) -> AbstractContextManager[Transaction]:
        """Open a transaction that only reads, and sees one moment of the store; `at_rest` one in
        which nobody is in the middle of writing.
        """
