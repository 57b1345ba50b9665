"""A disk that is full while a file says so: for every process that keeps its stores on it.

As on a real one, what is in a file already may be written over; nothing can grow.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import apsw


class FillableDisk(apsw.VFS):
    """The file system of every store that this process opens from now on."""

    def __init__(self, sign: Path) -> None:
        """Be full while the file `sign` exists."""
        self.sign = sign.absolute()
        super().__init__("ffq-fillable", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        """Open a file of this disk."""
        return _File(self, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, disk: FillableDisk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        if offset + len(data) > self.xFileSize() and os.path.exists(self._disk.sign):
            raise apsw.FullError("the disk is full")
        super().xWrite(data, offset)
