"""Whether somebody holds the lock of a file, for tests that wait for it."""

from __future__ import annotations

import fcntl
from pathlib import Path


def is_locked(path: str | Path) -> bool:
    """Return whether it is held, by this process or another; it is left as it was."""
    with open(path, "r+b") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(opened, fcntl.LOCK_UN)
        return False
