"""A file system for SQLite that passes every call on, and writes down what changes a file.

It becomes the default, so the store that is opened over it is the unchanged one. Time and chance
are the same in every run: what a run writes is told by its steps alone, byte for byte.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from typing import Any

import apsw

from impl.lab.events import Called, Created, Deleted, Event, Failed, Log, Synced, Truncated, Written
from impl.lab.faults import Fault

_BASE = "unix"
_NUMBERS = itertools.count(1)
_JULIAN_MS = 212_646_000_000_000
"""Some day in 2026, as SQLite counts milliseconds."""

_JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_POWERSAFE = apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE


@contextlib.contextmanager
def recorded(log: Log, fault: Fault | None = None, powersafe: bool = True) -> Iterator[Recorder]:
    """Write down what every store does that is opened meanwhile; they must be closed before this
    is left. `powersafe` is what the disk says of itself: that a torn write spares its neighbours.

    Nothing is forced to the disk: whether a sync has made it durable is for a model to say.
    """
    recorder = Recorder(log, fault, powersafe)
    apsw.randomness(0)  # begin the random numbers again, from where the recorder says
    try:
        yield recorder
    finally:
        recorder.unregister()
        apsw.randomness(0)


class Recorder(apsw.VFS):
    """The file system; `ended`: it writes nothing down any more, and nothing fails."""

    def __init__(self, log: Log, fault: Fault | None, powersafe: bool) -> None:
        self.log, self.fault, self.powersafe, self.ended = log, fault, powersafe, False
        super().__init__(f"ffq-recorder-{next(_NUMBERS)}", _BASE, makedefault=True)

    def call(self, what: str, file: str) -> Exception | None:
        """Count a call; return the error that it is to end with."""
        if self.ended:
            return None
        n, call = len(self.log.calls), Called(what, file)
        self.log.calls.append(call)
        if self.fault is not None and self.fault.hits(n, call):
            self.note(Failed(what, file))
            return self.fault.error(call)
        return None

    @property
    def short(self) -> bool:
        """Whether a write that fails has done half of its work."""
        return self.fault is not None and self.fault.kind == "short"

    def note(self, event: Event) -> None:
        """Write an event down."""
        if not self.ended:
            self.log.events.append(event)

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        """Open a file and keep an eye on it."""
        return File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Remove a file."""
        file = os.path.basename(filename)
        if failed := self.call("delete", file):
            raise failed
        if os.path.exists(filename):
            self.note(Deleted(file, bool(syncdir)))
        super().xDelete(filename, False)

    def xCurrentTimeInt64(self) -> int:
        """Return the same time in every run."""
        return _JULIAN_MS

    def xRandomness(self, numbytes: int) -> bytes:
        """Return the same seed in every run."""
        return bytes(n * 89 % 251 for n in range(numbytes))

    def xSleep(self, microseconds: int) -> int:
        """Wait for nobody: one thread does everything."""
        return microseconds


class File(apsw.VFSFile):
    """A file that is open: the store, its log, or its journal."""

    def __init__(self, recorder: Recorder, name: Any, flags: list[int]) -> None:
        self._recorder = recorder
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._file = os.path.basename(path or "")
        if failed := recorder.call("open", self._file):
            raise failed
        there = bool(path) and os.path.exists(path)
        super().__init__(_BASE, name, flags)
        # SQLite syncs the folder with the first sync of a log or journal that it has opened.
        self._folder = bool(flags[0] & _JOURNALS and flags[0] & apsw.SQLITE_OPEN_CREATE)
        self._kept = bool(path) and not flags[0] & apsw.SQLITE_OPEN_DELETEONCLOSE
        if self._kept and not there:
            recorder.note(Created(self._file))

    def _note(self, event: Event) -> None:
        if self._kept:
            self._recorder.note(event)

    def xRead(self, amount: int, offset: int) -> bytes:
        """Read, or fail."""
        if failed := self._recorder.call("read", self._file):
            raise failed
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write, or fail, half-way through if the fault is of that kind."""
        failed, data = self._recorder.call("write", self._file), bytes(data)
        if failed is not None:
            half = data[: len(data) // 2] if self._recorder.short else b""
            if half:
                self._note(Written(self._file, offset, half))
                super().xWrite(half, offset)
            raise failed
        self._note(Written(self._file, offset, data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        """Cut the file off, or fail."""
        if failed := self._recorder.call("truncate", self._file):
            raise failed
        self._note(Truncated(self._file, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        """Note that the file is to be durable; nothing is forced out here."""
        failed = self._recorder.call("sync", self._file)
        self._note(Synced(self._file, self._folder and not failed, failed is not None))
        if failed is not None:
            raise failed
        self._folder = False

    def xLock(self, level: int) -> None:
        """Lock the file, or fail."""
        if failed := self._recorder.call("lock", self._file):
            raise failed
        super().xLock(level)

    def xDeviceCharacteristics(self) -> int:
        """Say what the disk says of itself."""
        said = super().xDeviceCharacteristics() & ~_POWERSAFE
        return said | _POWERSAFE if self._recorder.powersafe else said
