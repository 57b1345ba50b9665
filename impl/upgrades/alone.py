"""A connection to a file beside which there is no other."""

from __future__ import annotations

import fcntl
import os

import apsw

from impl.sqlite.file import files
from impl.terms.unusable import StoreError


def alone(path: str) -> apsw.Connection:
    """Return a connection beside which there is no other, in this process or another: each holds a
    lock for as long as it is open.
    """
    opened = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        opened.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # it may yet be another's
        opened.pragma("locking_mode", "exclusive")
        opened.execute("BEGIN EXCLUSIVE; COMMIT")
        if _index_is_open(path):
            raise apsw.BusyError
        opened.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)
        opened.pragma("synchronous", files.SYNCHRONOUS_FULL)
        opened.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except apsw.BusyError:
        opened.close()
        remedy = "stop its workers and whoever else has it"
        raise StoreError(path, "is open elsewhere", remedy) from None
    except BaseException:
        opened.close()
        raise
    return opened


_INDEX_IS_OPEN = 128
"""The byte of the log's index that whoever has it open holds a shared lock on, by the format."""


def _index_is_open(path: str) -> bool:
    """Return whether another process has the index of the log open; raises `OSError`.

    One that has closed the file itself anywhere has lost its locks there, as older versions did
    with each thread of theirs; on the index it has one still. This process has none there: a
    connection of its own would be known to SQLite.
    """
    try:
        index = os.open(f"{path}-shm", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _INDEX_IS_OPEN)
    except (BlockingIOError, PermissionError):
        return True
    finally:
        os.close(index)
    return False
