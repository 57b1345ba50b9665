"""Opens the file of a store, making it if there is none, and refuses what would ruin one."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import apsw

from impl.derive.design import Design
from impl.sqlite.file.files import MEMORY, check_header, check_tables, fill, prepare
from impl.sqlite.file.gate import Gate, Locked
from impl.sqlite.file.making import finish, make
from impl.sqlite.file.place import (
    log_with_steps,
    refuse_half,
    refuse_network,
    refuse_strangers,
    require_one_name,
)
from impl.terms.unusable import RESTORE, Busy, StoreError


def writable(path: str | os.PathLike[str]) -> bool:
    """Return whether the file, and its folder, may be written."""
    real = os.path.realpath(path)
    return os.access(real, os.W_OK) and os.access(os.path.dirname(real), os.W_OK)


def connect(design: Design, path: str, busy_ms: int, read_only: bool = False) -> apsw.Connection:
    """Return a connection to the store, made if there is no file; raises `StoreError`.

    `path` has no link in it. With `read_only` nothing is made and nothing can be written.
    """
    if path == MEMORY:
        opened = _connected(MEMORY)
        prepare(opened, path, busy_ms, "memory")
        fill(opened, design)
        return opened
    with usable(path):
        refuse_network(path)
        if read_only:
            check_header(Path(path))
            return _looking(design, path, busy_ms)
        return _working(design, path, busy_ms)


def _connected(name: str, flags: int = apsw.SQLITE_OPEN_READWRITE) -> apsw.Connection:
    """Return a connection that compiles each of our statements once: APSW forgets one after so many
    executions of whatever, and compiling takes thirty times as long as executing.
    """
    return apsw.Connection(name, flags=flags, statementcachesize=1000)


@contextlib.contextmanager
def usable(path: str) -> Iterator[None]:
    """Say as a `StoreError` what keeps a file from being opened."""
    try:
        yield
    except Locked:
        fact = "is being made or changed by somebody, and for long"
        raise Busy(path, fact, "look for a process that hangs") from None
    except OSError as failed:
        raise StoreError(path, f"cannot be opened: {failed.strerror}", _remedy(failed)) from None
    except (apsw.NotADBError, apsw.CorruptError) as failed:
        raise StoreError(path, f"is damaged: {failed}", RESTORE) from None
    except UnicodeDecodeError:
        raise StoreError(path, "is damaged: text in it is not UTF-8", RESTORE) from None
    except apsw.Error as failed:
        remedy = "see that it and its folder can be written, and that nobody locks it"
        kind = Busy if isinstance(failed, apsw.BusyError) else StoreError
        raise kind(path, f"cannot be opened: {failed}", remedy) from None


def _remedy(failed: OSError) -> str:
    return "close some files" if failed.errno in (errno.EMFILE, errno.ENFILE) else "name another"


def _working(design: Design, path: str, busy_ms: int) -> apsw.Connection:
    def made(opened: apsw.Connection) -> None:
        prepare(opened, path, 0, "wal")
        fill(opened, design)

    if not os.path.exists(path):
        make(path, busy_ms, made)
    finish(path, busy_ms)
    check_header(Path(path))
    require_one_name(path)
    refuse_strangers(path, Gate(path).mark())
    with _closed_if_refused(_connected(path)) as opened:
        # Even to read may mean to wait: for whoever opens the log anew, or puts it away.
        opened.set_busy_timeout(busy_ms)
        if opened.readonly("main"):
            raise StoreError(path, "cannot be written", "ask for the right to, or name another")
        _check(opened, design, path)
        prepare(opened, path, busy_ms, "wal")
        _empty_log(opened, busy_ms)
    return opened


def _looking(design: Design, path: str, busy_ms: int) -> apsw.Connection:
    try:
        return _look(design, path, busy_ms)
    except (apsw.CantOpenError, apsw.ReadOnlyError):  # an index of the log is written even to read
        if log_with_steps(path) is not None:
            fact = "cannot be written, and has steps in its log, which only a writer can read"
            remedy = f"copy it and {os.path.basename(path)}-wal to where they can be written"
            raise StoreError(path, fact, remedy) from None
        return _look(design, path, busy_ms, "?immutable=1")


def _look(design: Design, path: str, busy_ms: int, how: str = "?mode=ro") -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    with _closed_if_refused(_connected(Path(path).as_uri() + how, flags)) as opened:
        opened.set_busy_timeout(busy_ms)
        _check(opened, design, path)
    return opened


def _check(opened: apsw.Connection, design: Design, path: str) -> None:
    # What is refused keeps its log apart; an empty one that SQLite has just made goes.
    keeps = log_with_steps(path) is not None
    opened.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, int(keeps))
    mark = Gate(path).mark()  # before the pages are counted: others may add some meanwhile
    refuse_half(path, opened.pragma("page_count"), mark)
    check_tables(opened, design, path)
    opened.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)


@contextlib.contextmanager
def _closed_if_refused(opened: apsw.Connection) -> Iterator[apsw.Connection]:
    try:
        yield opened
    except BaseException:
        opened.close()
        raise


def _empty_log(opened: apsw.Connection, busy_ms: int) -> None:
    """Put away what a crash has left in the log, before anything is written after it.

    Beyond its end there may be pages of a transaction of which others never reached the disk. One
    that happens to write the others again, and is cut off, would bring the lost one back.
    """
    opened.set_busy_timeout(0)
    # Whoever is there has opened it since, and done this; a full disk must not keep a queue shut.
    with contextlib.suppress(apsw.BusyError, apsw.FullError):
        opened.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    opened.set_busy_timeout(busy_ms)
