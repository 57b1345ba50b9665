"""A file is made whole or not at all: as a draft beside its place, which then gets the name."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

import apsw

from impl.sqlite.file.gate import waited_for
from impl.sqlite.file.place import refuse_leftovers

_BESIDE = ("-wal", "-shm", "-journal")


def make(path: str, busy_ms: int, fill: Callable[[apsw.Connection], None]) -> bool:
    """Make the file, `fill` what is in it; return whether it was made, and not there already.

    One makes it at a time. Raises `StoreError`, `OSError`, `Locked`, and what SQLite raises.
    """
    draft = draft_of(path)
    with _alone(path, busy_ms):
        if os.path.lexists(path):
            return False
        refuse_leftovers(path)
        try:
            _fill(draft, fill)
            os.link(draft, path)  # which takes no name that is taken
            _sync_folder(path)
        except FileExistsError:
            return False
        finally:
            _unlink(draft, *_BESIDE)
            _unlink(draft)
    return True


def finish(path: str, busy_ms: int) -> None:
    """Take the draft away if the file still has that name too: whoever made it was cut off. Raises
    `Locked`, `OSError`.
    """
    if os.path.lexists(draft_of(path)):
        with _alone(path, busy_ms):
            _unlink(draft_of(path), *_BESIDE)
            _unlink(draft_of(path))


def draft_of(path: str) -> str:
    """Return the name of the draft: one for each file, so that one that was left is found."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}-draft")


def _alone(path: str, busy_ms: int) -> contextlib.AbstractContextManager[None]:
    """Be the one who makes this file. The lock is on a file of its own: to close the draft would
    give up what SQLite has locked of it once it is the store.
    """
    return waited_for(f"{draft_of(path)}-lock", busy_ms)


def _unlink(draft: str, *ends: str) -> None:
    for end in ends or ("",):
        with contextlib.suppress(FileNotFoundError):  # as a rule closing has removed them
            os.unlink(draft + end)


def _fill(draft: str, fill: Callable[[apsw.Connection], None]) -> None:
    _unlink(draft, *_BESIDE)
    _unlink(draft)
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    with contextlib.closing(apsw.Connection(draft)) as opened:
        fill(opened)
        put_away(opened)


def put_away(opened: apsw.Connection) -> None:
    """Let nothing be in the log, which keeps the name of the draft: the store gets another one.

    Closing puts it away as well, and says nothing if it could not.
    """
    opened.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def _sync_folder(path: str) -> None:
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
