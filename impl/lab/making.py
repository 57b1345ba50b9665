"""The making of a store, with what it asks of the system itself: a draft, its name, the folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from impl.lab.events import Created, Deleted, FolderSynced, Linked
from impl.lab.vfs import Recorder
from impl.sqlite.file import making


@contextlib.contextmanager
def watched_making(recorder: Recorder) -> Iterator[None]:
    """Write down what the making of a store does beside SQLite; nothing is forced to the disk."""
    system: Any = making
    before, system.os = system.os, _System(recorder)
    try:
        yield
    finally:
        system.os = before


class _System:
    """The system as `os` has it, with an eye on names."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, name: str, flags: int, mode: int = 0o777) -> int:
        """Open a file, and note if it is a new one."""
        opened = os.open(name, flags, mode)
        if flags & os.O_CREAT:
            self._recorder.note(Created(os.path.basename(name)))
        return opened

    def link(self, made: str, name: os.PathLike[str]) -> None:
        """Give the file another name, or fail."""
        file = os.path.basename(made)
        if failed := self._recorder.call("link", file):
            raise failed
        os.link(made, name)
        self._recorder.note(Linked(file, os.path.basename(name)))

    def unlink(self, made: str) -> None:
        """Take a name away, or fail."""
        file = os.path.basename(made)
        if failed := self._recorder.call("unlink", file):
            raise failed
        os.unlink(made)
        self._recorder.note(Deleted(file, folder=False))

    def fsync(self, folder: int) -> None:
        """Note that names are to be durable, or fail."""
        if failed := self._recorder.call("folder", "."):
            raise failed
        self._recorder.note(FolderSynced())
