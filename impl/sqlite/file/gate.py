"""The gate before the one writer that SQLite allows: who waits longest is next, near enough.

SQLite's own busy handler polls: a process that has just written is likely to write again while
others sleep. Here they wait in the kernel, which wakes them in turn.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakSet


class Locked(Exception):
    """Somebody else has held the gate for too long."""


@dataclass(frozen=True)
class Mark:
    """How far the store had come when it was last written: its epoch and the last row of its trace;
    which files it was then, the log too; and how many pages no loss of power can take from it. A
    copy that is put in its place does not bring it.
    """

    epoch: int
    seq: int
    file: int
    log: int
    pages: int


class Gate:
    """Locks on two files beside the store, held from before BEGIN until after COMMIT.

    One stands behind the other: whoever lets go of the inner one finds somebody waiting there, and
    has to queue for the outer one before he can come back. Dying opens both.
    """

    def __init__(self, path: str) -> None:
        """Name the files after the store; they are made when they are first needed."""
        self._outer, self._inner = f"{path}-turn", f"{path}-gate"

    @contextlib.contextmanager
    def held(self, timeout_ms: int) -> Iterator[Turn]:
        """Hold the gate; raises `Locked` if one of the two locks cannot be had in time, or
        `OSError`.
        """
        outer = _locked(self._outer, timeout_ms)
        try:
            inner = _locked(self._inner, timeout_ms)
        finally:
            outer.release()
        try:
            yield Turn(inner)
        finally:
            inner.release()

    def mark(self) -> Mark | None:
        """Return the mark without waiting for anybody, or None; it may be one behind."""
        try:
            with open(self._inner, "rb") as inner:
                return _mark(inner.fileno())
        except OSError:
            return None


class Turn:
    """What whoever holds the gate can read and leave there."""

    def __init__(self, inner: _Lock) -> None:
        self._inner = inner

    def mark(self) -> Mark | None:
        """Return what the last one has left, or None."""
        return None if self._inner.descriptor is None else _mark(self._inner.descriptor)

    def keep(self, mark: Mark) -> None:
        """Leave a mark for the next one; after COMMIT, so that it never says too much."""
        told = (mark.epoch, mark.seq, mark.file, mark.log, mark.pages)
        text = "".join(f"{n:020d}\n" for n in told)
        if self._inner.descriptor is not None:
            with contextlib.suppress(OSError):  # what is committed is committed
                os.pwrite(self._inner.descriptor, text.encode("ascii"), 0)


def _mark(descriptor: int) -> Mark | None:
    try:
        epoch, seq, file, log, pages = map(int, os.pread(descriptor, 200, 0).split())
    except ValueError:  # nobody has left one, or the power went meanwhile
        return None
    return Mark(epoch, seq, file, log, pages)


@contextlib.contextmanager
def waited_for(path: str, timeout_ms: int) -> Iterator[None]:
    """Hold a lock that others wait for, on a file that is there for it and goes with it. Raises
    `Locked`, `OSError`.
    """
    while not (lock := _locked(path, timeout_ms)).on(path):  # whoever had it took the file away
        lock.release()
    try:
        yield
    finally:
        os.unlink(path)
        lock.release()


# ---------------------------------------------------------------- locks
class _Lock:
    """A lock on a file, of this process alone: a child that is forked meanwhile has no part in it.

    It is given up by saying so, for closing the file leaves it with every child that has a copy.
    """

    def __init__(self, path: str) -> None:
        self.descriptor: int | None = _opened(path)
        _locks.add(self)

    def tried(self) -> bool:
        """Take the lock if nobody has it; return whether it was to be had."""
        assert self.descriptor is not None
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self, unlock: bool = True) -> None:
        """Give the lock up, once; a child only closes what it has inherited."""
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            if unlock:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    def on(self, path: str) -> bool:
        """Return whether this is still the file of that name."""
        if self.descriptor is None:
            return False
        try:
            return os.path.samestat(os.fstat(self.descriptor), os.stat(path))
        except FileNotFoundError:
            return False


_locks: WeakSet[_Lock] = WeakSet()
_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


def _opened(path: str) -> int:
    """Open the file; if it has to be made, it belongs to whom the store belongs, as its log does:
    else nobody could work where root has worked once.
    """
    with contextlib.suppress(FileNotFoundError):
        return os.open(path, _FLAGS)
    descriptor = os.open(path, _FLAGS | os.O_CREAT, 0o666)
    with contextlib.suppress(OSError):  # there is no store yet, or it is not ours to say
        store = os.stat(path.rpartition("-")[0])
        os.fchmod(descriptor, stat.S_IMODE(store.st_mode))
        os.fchown(descriptor, store.st_uid, store.st_gid)
    return descriptor


def _locked(path: str, timeout_ms: int) -> _Lock:
    """Return a lock that is held until it is released."""
    waiter = _left_behind(path)
    if waiter is None:
        lock = _Lock(path)
        if lock.tried():
            return lock
        waiter = _Waiter(lock)
    if not waiter.waited(timeout_ms):
        raise Locked
    return waiter.lock


class _Waiter:
    """Waits in the kernel: flock knows no time limit, so a thread waits that can be left behind.

    Whoever leaves leaves the lock to the thread, which lets it go if it is had too late. The next
    one to wait takes the thread's place in the line over, so there are never more threads than have
    waited at once.
    """

    def __init__(self, lock: _Lock) -> None:
        self.lock, self._had = lock, threading.Event()
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        descriptor = self.lock.descriptor
        assert descriptor is not None
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with _guard:
            self._had.set()
            if self in _behind:
                _behind.remove(self)
                self.lock.release()

    def waited(self, timeout_ms: int) -> bool:
        """Return whether the lock was had in time."""
        in_time = False
        try:
            in_time = self._had.wait(timeout_ms / 1000)
        finally:  # an interrupt too must not leave a lock that nobody knows of
            with _guard:
                if not in_time and self._had.is_set():
                    self.lock.release()
                elif not in_time:
                    _behind.append(self)
        return in_time


_guard = threading.Lock()
_behind: list[_Waiter] = []


def _left_behind(path: str) -> _Waiter | None:
    """Return a thread that waits for this lock already, and for nobody; it is the caller's now."""
    with _guard:
        for waiter in _behind:
            if waiter.lock.on(path):
                _behind.remove(waiter)
                return waiter
    return None


def _inherited() -> None:
    """In a child: close what belongs to the parent, whose locks would else outlive it here."""
    global _guard
    _guard = threading.Lock()  # which another thread may have held
    _behind.clear()
    for lock in list(_locks):
        lock.release(unlock=False)


os.register_at_fork(after_in_child=_inherited)
