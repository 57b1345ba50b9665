"""The making of a store, with what it asks of the system itself: a draft, its name, the folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from impl import files
from impl.lab.events import Created, Deleted, FolderSynced, Linked
from impl.lab.vfs import Recorder

DRAFT = ".ffq-draft.db"
"""What the draft of a store is called here, the same in every run."""


@contextlib.contextmanager
def watched_making(recorder: Recorder) -> Iterator[None]:
    """Write down what the making of a store does beside SQLite; nothing is forced to the disk."""
    system: Any = files
    before = system.os, system.tempfile
    system.os, system.tempfile = _System(recorder), SimpleNamespace(mkstemp=_draft(recorder))
    try:
        yield
    finally:
        system.os, system.tempfile = before


def _draft(recorder: Recorder) -> Any:
    def mkstemp(prefix: str, suffix: str, dir: os.PathLike[str]) -> tuple[int, str]:
        assert DRAFT.startswith(prefix) and DRAFT.endswith(suffix)
        made = os.path.join(dir, DRAFT)
        handle = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        recorder.note(Created(DRAFT))
        return handle, made

    return mkstemp


class _System:
    """The system as `os` has it, with an eye on names."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

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
