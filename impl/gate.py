"""The gate before the one writer that SQLite allows: who waits longest is next, near enough.

SQLite's own busy handler polls: a process that has just written is likely to write again while
others sleep. Here they wait in the kernel, which wakes them in turn.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator


class Locked(Exception):
    """Somebody else has held the gate for too long."""


class Gate:
    """Locks on two files beside the store, held from before BEGIN until after COMMIT.

    One stands behind the other: whoever lets go of the inner one finds somebody waiting there, and
    has to queue for the outer one before he can come back. Dying opens both.
    """

    def __init__(self, path: str) -> None:
        """Name the files after the store; they are made when they are first needed."""
        self._outer, self._inner = f"{path}-turn", f"{path}-gate"

    @contextlib.contextmanager
    def held(self, timeout_ms: int) -> Iterator[None]:
        """Hold the gate; raises `Locked` if one of the two locks cannot be had in time, or
        `OSError`.
        """
        outer = _locked(self._outer, timeout_ms)
        try:
            inner = _locked(self._inner, timeout_ms)
        finally:
            os.close(outer)
        try:
            yield
        finally:
            os.close(inner)


@contextlib.contextmanager
def alone(path: str) -> Iterator[bool]:
    """Hold a lock that nobody waits for; yields whether it could be had. Raises `OSError`."""
    descriptor = _opened(path)
    try:
        yield _tried(descriptor)
    finally:
        os.close(descriptor)


def _opened(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _tried(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _locked(path: str, timeout_ms: int) -> int:
    """Return a descriptor that holds the lock until it is closed."""
    descriptor = _opened(path)
    if not _tried(descriptor):
        _wait(descriptor, timeout_ms)
    return descriptor


def _wait(descriptor: int, timeout_ms: int) -> None:
    """Wait in the kernel: flock knows no time limit, so a thread waits that can be left behind.

    Whoever leaves leaves the descriptor to the thread: a lock that is had too late is let go.
    """
    guard, had, given_up = threading.Lock(), threading.Event(), threading.Event()

    def wait() -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with guard:
            had.set()
            if given_up.is_set():
                os.close(descriptor)

    threading.Thread(target=wait, daemon=True).start()
    in_time = False
    try:
        in_time = had.wait(timeout_ms / 1000)
    finally:  # an interrupt too must not leave a lock that nobody knows of
        with guard:
            if not in_time and had.is_set():
                os.close(descriptor)
            elif not in_time:
                given_up.set()
    if not in_time:
        raise Locked
