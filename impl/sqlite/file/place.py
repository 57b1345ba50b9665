"""Where a store is: on what kind of disk, beside what, and whether it is still the file it was.

SQLite opens a file by its name, and finds the log by the name too. What has happened to names
meanwhile it does not see: the log of one file would be read into another.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import apsw

from impl.sqlite.file.gate import Mark
from impl.terms.unusable import OtherHistory, StoreError

_BESIDE = ("-wal", "-shm", "-journal")
_FILES = ("", "-wal", "-shm")


FileId = tuple[int, int]
"""A file by what it is: the device, and its number there."""


@dataclass
class Place:
    """The files of an open store, by what they are and not by how they are called: the store, its
    log, and the log's index, without which two would write one log; and how long the store's was.
    """

    path: str
    files: tuple[FileId | None, ...]
    size: int = 0

    @property
    def name(self) -> str:
        """The disk of the store and the number of its file there, which no copy has both."""
        return ":".join(map(str, self.files[0] or ()))

    @property
    def file(self) -> int:
        """The number of the store's file."""
        return self.files[0][1] if self.files[0] else 0

    @property
    def log(self) -> int:
        """The number of the log's file."""
        return self.files[1][1] if self.files[1] else 0

    def require(self, opened: apsw.Connection) -> None:
        """Raise `OtherHistory` if the path names other files by now, or something else was copied
        into this one, which only grows; and `StoreError` if it has a second name, under which it
        would be taken for a store with another log.
        """
        store, *beside = (found_at(f"{self.path}{end}") for end in _FILES)
        if store is None or (_id(store), *map(_id, beside)) != self.files:
            raise self.gone()
        if store.st_size < self.size:
            opened.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # or the copy is half of each
            raise self.gone()
        self.size = store.st_size
        _require_one_name(self.path, store)

    def gone(self) -> OtherHistory:
        """Return what to say to whoever has opened a file that is there no more."""
        fact = "was deleted, moved or replaced since it was opened, or its log was"
        return OtherHistory(self.path, fact, "put it back, and open it again")


def place(path: str) -> Place:
    """Return what the path names now; raises `OSError`."""
    return Place(path, _files(path))


def _files(path: str) -> tuple[FileId | None, ...]:
    return tuple(_id(found_at(f"{path}{end}")) for end in _FILES)


def found_at(path: str) -> os.stat_result | None:
    """Return what is known of a file, if there is one; raises `OSError`."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def log_with_steps(path: str) -> os.stat_result | None:
    """Return what is known of the log, if there is one and it is not empty; raises `OSError`.

    One look tells both: whoever closes the store last may take the log away between two.
    """
    log = found_at(f"{path}-wal")
    return log if log is not None and log.st_size else None


def _id(found: os.stat_result | None) -> FileId | None:
    return None if found is None else (found.st_dev, found.st_ino)


def require_one_name(path: str) -> None:
    """Raise `StoreError` if the file has a second name; raises `OSError`."""
    _require_one_name(path, os.stat(path))


def _require_one_name(path: str, found: os.stat_result) -> None:
    if found.st_nlink > 1:
        fact = f"has {found.st_nlink} names (hard links), and each would get a log of its own"
        raise StoreError(path, fact, "keep one of them")


# ---------------------------------------------------------------- beside it
def refuse_leftovers(path: str) -> None:
    """Raise `StoreError` if something is left of a store that was there: it would be taken for the
    log of the new one.
    """
    for beside in (f"{path}{end}" for end in _BESIDE):
        if os.path.lexists(beside):
            fact = f"was left behind, and {os.path.basename(path)} is gone"
            raise StoreError(beside, fact, "put the file back beside it, or move this away")


def refuse_strangers(path: str, mark: Mark | None) -> None:
    """Raise `StoreError` if a log beside the store is that of another file, as far as its name and
    what was last written tell; raises `OSError`.
    """
    if os.path.lexists(f"{path}-journal"):  # which a store of ours never has
        raise _strange(f"{path}-journal")
    log = log_with_steps(path)
    if log is None or mark is None:
        return
    if mark.log == log.st_ino and mark.file != os.stat(path).st_ino:
        raise _strange(f"{path}-wal")


def refuse_half(path: str, pages: int, mark: Mark | None) -> None:
    """Raise `StoreError` if the store has fewer pages than it had, though its log is there: it is
    older than the one that the log belongs to. Raises `OSError`.
    """
    log = log_with_steps(path)
    if log is None or mark is None:
        return
    if (mark.file, mark.log) == (os.stat(path).st_ino, log.st_ino) and pages < mark.pages:
        raise _strange(f"{path}-wal")


def _strange(beside: str) -> StoreError:
    remedy = "put the file back that it belongs to, or move it away"
    return StoreError(beside, "is of another file than the one beside it", remedy)


# ---------------------------------------------------------------- on what disk
_NETWORK = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "lustre",
    "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "prl_fs", "pvfs2", "smb3", "smbfs",
    "vboxsf", "virtiofs", "vmhgfs", "wekafs",
})  # fmt: skip
"""Kinds of file systems on which locks or shared memory are not to be relied on."""

_LOCAL_FUSE = frozenset({
    "fuse.bindfs", "fuse.cryfs", "fuse.encfs", "fuse.ext2", "fuse.fuse-overlayfs",
    "fuse.gocryptfs", "fuse.mergerfs", "fuse.ntfs-3g", "fuse.zfs",
})  # fmt: skip
"""What a program of the user's does, and yet on a disk of this machine: no other is known to."""


def refuse_network(path: str, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Raise `StoreError` if the file is on a network file system, as far as the system tells."""
    if not mounts.exists():
        return
    best, kind = b"", ""
    inside = os.fsencode(path) + b"/"
    for line in mounts.read_bytes().splitlines():
        _, point, found, *_ = line.split(b" ")
        mount = re.sub(rb"\\([0-7]{3})", _octal, point) if b"\\" in point else point
        mount = mount.rstrip(b"/") + b"/"
        if inside.startswith(mount) and len(mount) >= len(best):
            best, kind = mount, os.fsdecode(found)
    if kind in _NETWORK or (kind.partition(".")[0] == "fuse" and kind not in _LOCAL_FUSE):
        fact = f"is on a network file system ({kind}), where locks are not to be relied on"
        raise StoreError(path, fact, "keep it on a local disk")


def _octal(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8) & 0xFF])
