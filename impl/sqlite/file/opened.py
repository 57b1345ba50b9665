"""The connection of a store: which files it is on, and whose it is.

It belongs to the process that has opened it. SQLite knows what it has locked from its memory, which
a fork copies, and the locks are not: a child that used what it has inherited, or opened the same
file beside it, would write a log that others take away.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from weakref import WeakSet

import apsw

from impl.derive.design import Design
from impl.sqlite.file.files import MEMORY
from impl.sqlite.file.opening import connect, usable
from impl.sqlite.file.place import FileId, Place, place
from impl.terms.unusable import OtherHistory


class Opened:
    """A file that is open, and opened anew where the connection was let go."""

    def __init__(self, design: Design, path: str, busy_ms: int, read_only: bool) -> None:
        """Open it; raises `StoreError`."""
        self.design, self.busy_ms, self.read_only = design, busy_ms, read_only
        # Once for all: the folder that we are in may be another tomorrow, and whoever comes by a
        # link must find the locks of those who do not.
        self.path = MEMORY if path == MEMORY else os.path.realpath(path)
        self._pid = os.getpid()
        self._open: apsw.Connection | None = None
        self.place: Place | None = None
        self._connect()
        _all.add(self)

    @property
    def connection(self) -> apsw.Connection:
        """The connection, opened anew after an unknown outcome; raises `StoreError`."""
        if os.getpid() != self._pid and self.path != MEMORY:
            fact = "was opened by the process that this one was forked from"
            raise OtherHistory(self.path, fact, "open it after the fork, or spawn")
        if self._open is None:
            self._connect()
        assert self._open is not None
        return self._open

    def _connect(self) -> None:
        before = self.place
        with usable(self.path):
            if self.path != MEMORY and place(self.path).files[0] in _inherited:
                fact = "is open in the process that this one was forked from"
                raise OtherHistory(self.path, fact, "let that one open it after the fork, or spawn")
        opened = connect(self.design, self.path, self.busy_ms, self.read_only)
        found = place(self.path) if self.path != MEMORY else None
        if before is not None and found is not None and before.file != found.file:
            opened.close()
            raise before.gone()
        self._open, self.place = opened, found
        self.most_bytes: int = opened.pragma("max_page_count") * opened.pragma("page_size")

    def close(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def let_go(self) -> None:
        """Close the connection, whatever it says."""
        with contextlib.suppress(apsw.Error):
            self.close()
        self._open = None

    def forsake(self) -> None:
        """In a child: leave the parent's connection alone for ever. To close it, as Python does in
        the end with what nobody needs, could take the log away.
        """
        if self._open is not None and self.place is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._open))
            _inherited.add(self.place.files[0])
            self._open = None


_all: WeakSet[Opened] = WeakSet()
_inherited: set[FileId | None] = set()
"""Files that were open when this process was forked; SQLite believes that it has their locks."""


def _forsake_all() -> None:
    for opened in list(_all):
        opened.forsake()


os.register_at_fork(after_in_child=_forsake_all)
