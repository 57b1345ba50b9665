"""A model of a disk: what is durable, what is on its way, and what a running process sees.

A sync that succeeds makes the earlier writes of that file durable, and says nothing of others. Of
the writes since, any may be on the disk and any may not. Changes of the folder arrive in order; the
first sync of a new log or journal brings them along, as SQLite asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from impl.lab import (
    Created,
    Deleted,
    Event,
    Failed,
    FolderSynced,
    Linked,
    Marked,
    Synced,
    Truncated,
    Written,
)

PAGE = 4096
"""Bytes that the system keeps or forgets together."""

Image = dict[str, bytes]
"""The files that a crash leaves, by name."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A write of which only the size has arrived: zeros are where the data should be."""

    size: int


Change = Written | Truncated | Grown


@dataclass
class Inode:
    """A file, whatever it is called: what is durable, what is pending, what the system has in
    memory; `forgotten` are pages that a failed sync has taken for clean.
    """

    durable: bytes = b""
    pending: list[Change] = field(default_factory=list)
    seen: bytearray = field(default_factory=bytearray)
    forgotten: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Vice:
    """What is wrong with a disk.

    `forgets`: after a sync that failed, what was to be written counts as clean, and the next sync
    succeeds without it. `deaf`: to syncs of files whose names end so. `spills`: a write that is
    torn destroys what is beside it on its page.
    """

    forgets: bool = False
    deaf: tuple[str, ...] = ()
    spills: bool = False


class Disk:
    """The disk after some of the events of a run."""

    def __init__(self, files: Mapping[str, bytes], vice: Vice | None = None) -> None:
        """Begin with files that are durable."""
        self.vice = vice or Vice()
        self.inodes = [Inode(data, seen=bytearray(data)) for data in files.values()]
        self.folder = {name: n for n, name in enumerate(files)}
        self.durable_folder = dict(self.folder)
        self.pending_folder: list[tuple[str, int | None]] = []

    def take(self, event: Event) -> None:
        """Let the event take place."""
        match event:
            case Created(name):
                self.inodes.append(Inode())
                self._link(name, len(self.inodes) - 1)
            case Deleted(name, synced):
                self._link(name, None)
                if synced:
                    self._sync_folder()
            case Linked(file, name):
                self._link(name, self.folder[file])
            case FolderSynced():
                self._sync_folder()
            case Written(name) | Truncated(name):
                self._change(self.inodes[self.folder[name]], event)
            case Synced(name):
                self._sync(self.inodes[self.folder[name]], event)
            case Marked() | Failed():
                pass

    def running(self) -> Image:
        """Return what is left if only the process dies: all that it wrote."""
        return {name: bytes(self.inodes[n].seen) for name, n in self.folder.items()}

    def folders(self) -> list[dict[str, int]]:
        """Return the folder as it may be, from what is durable to what was last done to it."""
        now = dict(self.durable_folder)
        found = [dict(now)]
        for name, inode in self.pending_folder:
            _set(now, name, inode)
            found.append(dict(now))
        return found

    # ------------------------------------------------------------ what events do
    def _link(self, name: str, inode: int | None) -> None:
        _set(self.folder, name, inode)
        self.pending_folder.append((name, inode))

    def _sync_folder(self) -> None:
        self.durable_folder = dict(self.folder)
        self.pending_folder.clear()

    def _change(self, inode: Inode, change: Change) -> None:
        apply(inode.seen, change)
        inode.pending.append(change)
        if isinstance(change, Written) and inode.forgotten:
            inode.pending += _dirty_again(inode, change)

    def _sync(self, inode: Inode, event: Synced) -> None:
        if event.failed:
            if self.vice.forgets:
                for change in inode.pending:
                    if isinstance(change, Written):
                        inode.forgotten |= set(pages(change))
                inode.pending.clear()
            return
        if event.file.endswith(self.vice.deaf):
            return
        inode.durable = with_changes(inode.durable, inode.pending)
        inode.pending.clear()
        if event.folder:
            self._sync_folder()


def _set(folder: dict[str, int], name: str, inode: int | None) -> None:
    if inode is None:
        folder.pop(name, None)
    else:
        folder[name] = inode


def apply(buffer: bytearray, change: Change) -> None:
    """Change the bytes of a file; a hole is zeros."""
    size = change.offset if isinstance(change, Written) else change.size
    if len(buffer) < size:
        buffer.extend(bytes(size - len(buffer)))
    if isinstance(change, Written):
        buffer[change.offset : change.offset + len(change.data)] = change.data
    elif isinstance(change, Truncated):
        del buffer[change.size :]


def with_changes(durable: bytes, changes: list[Change]) -> bytes:
    """Return the bytes of a file after these changes."""
    if not changes:
        return durable
    buffer = bytearray(durable)
    for change in changes:
        apply(buffer, change)
    return bytes(buffer)


def pages(change: Written) -> range:
    """Return the pages that a write touches."""
    return range(change.offset // PAGE, (change.offset + len(change.data) - 1) // PAGE + 1)


def _dirty_again(inode: Inode, change: Written) -> list[Change]:
    """Return what goes to the disk with a write to pages that were forgotten: all of the page."""
    touched = set(pages(change)) & inode.forgotten
    inode.forgotten -= touched
    return [
        Written(change.file, page * PAGE, bytes(inode.seen[page * PAGE : (page + 1) * PAGE]))
        for page in sorted(touched)
    ]
