"""A disk that fails as a test wants it to."""

from typing import Any

import apsw

FAILING = "failing"
"""What SQLite calls the disk."""


class Disk(apsw.VFS):
    """A disk whose log cannot be synced, or cannot be written, so many times from now."""

    unsynced = unwritten = full = 0

    def __init__(self, default: bool = False) -> None:
        super().__init__(FAILING, "unix", makedefault=default)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return DiskFile(self, name, flags)


class DiskFile(apsw.VFSFile):
    """A file on it."""

    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.log = bool(flags[0] & apsw.SQLITE_OPEN_WAL)
        super().__init__("unix", name, flags)

    def xSync(self, flags: int) -> None:
        if self.log and self.disk.unsynced:
            self.disk.unsynced -= 1
            raise apsw.IOError("the disk cannot sync")
        super().xSync(flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        if self.log and self.disk.unwritten:
            self.disk.unwritten -= 1
            raise apsw.IOError("the disk cannot write")
        if self.log and self.disk.full:
            self.disk.full -= 1
            raise apsw.FullError("database or disk is full")
        super().xWrite(data, offset)
