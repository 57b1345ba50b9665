"""The file of a store: made whole or not at all, and opened only if it is ours.

The header of the file is read before SQLite is, so that a wrong file is not touched.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import apsw

from impl.derive import Design
from impl.outline import says
from impl.tables import APPLICATION_ID, VERSION

MEMORY = ":memory:"
"""The name of a store that is in no file and ends with its process."""

_MAGIC = b"SQLite format 3\0"
SYNCHRONOUS_NORMAL, SYNCHRONOUS_FULL = 1, 2
"""COMMIT does not wait for the log to be on the disk; it does."""

LOG_BYTES = 4 * 1024 * 1024
"""What the log keeps of the disk once a reader has gone that had kept it from being put away."""


class StoreError(Exception):
    """The store cannot be used, and nothing was changed: `subject: fact; remedy`."""

    def __init__(self, subject: object, fact: str, remedy: str) -> None:
        super().__init__(f"{subject}: {fact}; {remedy}")


class Busy(StoreError):
    """Somebody else keeps the store locked: meanwhile nobody can write, and no claim can end."""


def connect(design: Design, path: str, busy_ms: int) -> apsw.Connection:
    """Return a connection to the store, made if there is no file; raises `StoreError`."""
    if path == MEMORY:
        opened = apsw.Connection(MEMORY)
        _prepare(opened, path, busy_ms, "memory")
        _fill(opened, design)
        return opened
    file = Path(path)
    try:
        refuse_network(file)
        if not file.exists():
            _create(design, file)
        _check_header(file)
        return _connect(design, path, busy_ms)
    except OSError as failed:
        raise StoreError(path, f"cannot be opened: {failed.strerror}", "name another") from None
    except (apsw.NotADBError, apsw.CorruptError) as failed:
        raise StoreError(path, f"is damaged: {failed}", "restore a copy") from None
    except apsw.Error as failed:
        remedy = "see that it and its folder can be written, and that nobody locks it"
        kind = Busy if isinstance(failed, apsw.BusyError) else StoreError
        raise kind(path, f"cannot be opened: {failed}", remedy) from None


def _connect(design: Design, path: str, busy_ms: int) -> apsw.Connection:
    opened = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    # Even to read may mean to wait: for whoever opens the log anew, or puts it away.
    opened.set_busy_timeout(busy_ms)
    try:
        if opened.readonly("main"):
            raise StoreError(path, "cannot be written", "ask for the right to, or name another")
        _check_meta(opened, design, path)
        _prepare(opened, path, busy_ms, "wal")
        _empty_log(opened, busy_ms)
    except BaseException:
        opened.close()
        raise
    return opened


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


def _prepare(opened: apsw.Connection, path: str, busy_ms: int, journal: str) -> None:
    """Set what durability rests on, and read it back: a build of SQLite may have other ideas."""
    opened.set_busy_timeout(busy_ms)
    wanted = {
        "journal_mode": journal,
        "synchronous": SYNCHRONOUS_FULL,
        "foreign_keys": 1,
        "journal_size_limit": LOG_BYTES,
        "recursive_triggers": 1,  # or REPLACE would delete from the trace unseen
    }
    for pragma, value in wanted.items():
        opened.pragma(pragma, value)
        found = opened.pragma(pragma)
        if found != value:
            raise StoreError(path, f"{pragma} is {found}, not {value}", "keep it on a local disk")


# ---------------------------------------------------------------- where
_NETWORK = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "gfs2",
    "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs",
})  # fmt: skip
"""Kinds of file systems on which locks or shared memory are not to be relied on."""


def refuse_network(file: Path, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Raise `StoreError` if the file is on a network file system, as far as the system tells."""
    if not mounts.exists():
        return
    place = file.absolute().resolve()
    best, kind = Path("/"), ""
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        _, point, found, *_ = line.split(" ")
        mount = Path(point.encode("latin-1", "surrogateescape").decode("unicode_escape"))
        if place.is_relative_to(mount) and len(mount.parts) >= len(best.parts):
            best, kind = mount, found
    if kind in _NETWORK:
        fact = f"is on a network file system ({kind}), where locks are not to be relied on"
        raise StoreError(file, fact, "keep it on a local disk")


# ---------------------------------------------------------------- making
def _create(design: Design, file: Path) -> None:
    """Make the store beside its place and move it there whole; if another was faster, keep his."""
    handle, made = tempfile.mkstemp(prefix=".ffq-", suffix=".db", dir=file.parent)
    os.close(handle)
    try:
        with contextlib.closing(apsw.Connection(made)) as opened:
            _prepare(opened, str(file), 0, "wal")
            _fill(opened, design)
            _put_away(opened)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(made, 0o666 & ~mask)  # mkstemp makes it private
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        os.unlink(made)
        for beside in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):  # as a rule closing has removed them
                os.unlink(made + beside)


def _put_away(opened: apsw.Connection) -> None:
    """Let nothing be in the log, which keeps the name of the draft: the store gets another one.

    Closing puts it away as well, and says nothing if it could not.
    """
    opened.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def _fill(opened: apsw.Connection, design: Design) -> None:
    with opened:
        opened.execute(design.schema + design.beside)
        opened.executemany("INSERT INTO meta VALUES (?, ?)", list(says(design).items()))
        opened.pragma("application_id", APPLICATION_ID)
        opened.pragma("user_version", VERSION)


# ---------------------------------------------------------------- refusing
def _check_header(file: Path) -> None:
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode):
        fact = "is a directory" if stat.S_ISDIR(mode) else "is not a regular file"
        raise StoreError(file, fact, "name a file")
    header = _header(file)
    if len(header) < 100 or not header.startswith(_MAGIC):
        raise StoreError(file, "is not a database; it was left alone", "name another file")
    version, application = (int.from_bytes(header[at : at + 4], "big") for at in (60, 68))
    if application != APPLICATION_ID:
        raise StoreError(
            file, "is a database of another program; it was left alone", "name another file"
        )
    if version != VERSION:
        remedy = "use a newer ffq" if version > VERSION else "use an older ffq"
        fact = f"has version {version} of the schema, and this ffq knows version {VERSION}"
        raise StoreError(file, fact, remedy)


def _header(file: Path) -> bytes:
    """Return how the file begins, read by SQLite's own means of reading.

    A process that closes a file loses every POSIX lock that it has on it, those of its other
    connections too. SQLite keeps a descriptor open for as long as one of them needs its lock.
    """
    read = apsw.VFSFile("", str(file), [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
    try:
        return read.xRead(100, 0)
    finally:
        read.xClose()


def _check_meta(opened: apsw.Connection, design: Design, path: str) -> None:
    rows: list[Any] = opened.execute("SELECT name, value FROM meta").fetchall()
    found = dict(rows)
    for name, wanted in design.identity.items():
        if found.get(name) != wanted:
            raise StoreError(
                path, f"was made with {name} {found.get(name)}, not {wanted}", "name another file"
            )
