"""The store of a queue in a file: what its parts ask of it beside steps."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

from impl.derive.design import Design
from impl.interface.seeing import Seeing
from impl.interface.transaction import History
from impl.sqlite.backup import backup
from impl.sqlite.file.damage import legible
from impl.sqlite.file.files import MEMORY
from impl.sqlite.foreign import references
from impl.sqlite.history import enter, told
from impl.sqlite.space import full, pages
from impl.sqlite.store import Store
from impl.terms.clock import Clock, MachineClock, QueueClock
from impl.terms.requests import BadRequest
from impl.terms.unusable import Full


class QueueStore(Store):
    """A connection to a queue's file, with the clock by which its timers run out."""

    def __init__(
        self, design: Design, path: str, clock: Clock | None, busy_ms: int, read_only: bool
    ) -> None:
        """Open the file, making it if there is none; raises `StoreError`, `BadRequest`."""
        if path == MEMORY:
            raise BadRequest(f"{MEMORY}: is no file, which processes could share; name one")
        with told(path):
            self.clock = QueueClock(clock or MachineClock())
        super().__init__(design, path, busy_ms, read_only, self.clock.now)

    @property
    def address(self) -> str:
        """Where it is, as it is opened again."""
        return self.path

    def enter(self) -> History:
        """Return the history of the store, which is begun if there is none that can go on."""
        return enter(self, self.clock)

    def legible(self) -> AbstractContextManager[None]:
        """Raise `Damaged` where what the queue has written cannot be read back."""
        return legible(self.path)

    def appear(self, process: str) -> None:
        """Do nothing: the system knows which processes run."""

    def seeing(self) -> Seeing:
        """Return what asks the system: all workers are processes of this machine."""

        def said(pid: int, there: bool) -> str:
            return f"whose process {pid} {'runs' if there else 'is gone'}"

        return Seeing(lambda _, pid: runs(pid), "runs here", "run here", said)

    def references(self, table: str) -> list[tuple[str, str]]:
        """Return the tables of others that refer to one of ours, each with its column, as SQL."""
        return references(self.own, self.design, table)

    def free(self, before: int) -> int:
        """Return how many pages are free, as the spec counts them."""
        return pages(self, before)

    def full(self) -> Full:
        """Return the error that says how far the room goes."""
        return full(self)

    def backup(self, to: str | os.PathLike[str]) -> None:
        """Copy what is committed into a new file, whole or not at all."""
        backup(self, to)


def runs(pid: int) -> bool:
    """Return whether a process of this number runs here; one that only waits to be buried does
    not. A number may be given to another process later.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def in_file(store: object) -> QueueStore:
    """Return the store of a queue that is known to be in a file."""
    assert isinstance(store, QueueStore)
    return store
