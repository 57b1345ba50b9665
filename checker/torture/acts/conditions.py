"""What the processes of a torture live under: its clock, its disk, and its settings of the queue.

The clock is the machine's, set ahead or back by what a file says; the disk is full while another
file is there. So both change for all processes at once, and need no rights of their own.
"""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

from impl.lab.full import FillableDisk
from impl.queue import Queue
from impl.terms.backoff import Backoff
from impl.terms.clock import MachineClock

DATABASE = "queue.db"
ADDRESS = "address"
"""The file that says where the queue is, if it is on a server."""

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, of linux/prctl.h


class SetClock(MachineClock):
    """The clock of this machine, its wall clock set wrong by what the folder says."""

    def __init__(self, folder: Path) -> None:
        """Follow the file in this folder."""
        super().__init__()
        self._file = _clock(folder)

    def wall(self) -> int:
        """Return the milliseconds since 1970, set wrong."""
        try:
            return super().wall() + int(self._file.read_text())
        except FileNotFoundError:
            return super().wall()


def _clock(folder: Path) -> Path:
    return folder.absolute() / "clock"


def set_clock(folder: Path, ahead_ms: int) -> None:
    """Set the wall clock of every process so far ahead."""
    draft = folder / "clock.new"
    draft.write_text(str(ahead_ms))
    draft.replace(_clock(folder))


def full(folder: Path) -> Path:
    """Return the file that says that the disk is full."""
    return folder.absolute() / "full"


def open_queue(path: Path, folder: Path, lease_ms: int) -> Queue:
    """Return the queue that is tortured; raises `StoreError`."""
    quick = Backoff(first_ms=10, most_ms=100, budget=1_000_000)
    served = path.with_name(ADDRESS)
    if served.exists():
        return Queue(served.read_text(), lease_ms=lease_ms, backoff=quick, busy_ms=lease_ms)
    # Whoever is paused, or holds a lock on purpose, may keep the others out for longer than this.
    return Queue(path, lease_ms=lease_ms, backoff=quick, clock=SetClock(folder), busy_ms=lease_ms)


def enter(folder: Path) -> FillableDisk:
    """Let this process live in the folder and die with its parent; its output goes into a file."""
    die_with_parent()
    os.chdir(folder)
    log = os.open("output.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, place)
    os.close(log)
    os.close(nothing)
    return FillableDisk(full(folder))


def die_with_parent() -> None:
    """Let the system kill this process when its parent is no more."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
