"""Time: it decides when a step is taken, never whether it may be.

Leases are judged by the clock of the machine's boot, which no one can set and which does not stop
while the machine sleeps. It starts again with each boot, so it is worth nothing without the boot's
identity; and a container may be shown another origin of it, in the same boot. The clock of a queue
goes on over boots: with each it is put where the wall clock is, unless that has gone back.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_SELF = Path("/proc/self")


class Clock(Protocol):
    """What a queue asks of time; tests pass their own."""

    def boot(self) -> str:
        """Return which boot of which machine this is."""

    def since_boot(self) -> int:
        """Return the milliseconds since then; it never goes back."""

    def wall(self) -> int:
        """Return the milliseconds since 1970; anybody may set it."""


class Moments(Protocol):
    """What the parts of a queue ask of time."""

    def now(self) -> int:
        """Return the moment by the clock of the queue, in ms."""

    def wall(self) -> int:
        """Return the milliseconds since 1970; anybody may set it."""


@dataclass
class QueueClock:
    """The clock of a queue: that of the boot, and `ahead` of it, so that it goes on over boots."""

    machine: Clock
    ahead: int = 0

    def now(self) -> int:
        """Return the moment in ms; it never goes back."""
        return self.machine.since_boot() + self.ahead

    def boot(self) -> str:
        """Return which boot of which machine this is."""
        return self.machine.boot()

    def wall(self) -> int:
        """Return the milliseconds since 1970; anybody may set it."""
        return self.machine.wall()


class MachineClock:
    """The clocks of this machine, which has to be Linux."""

    def __init__(self) -> None:
        """Ask how far this process's clock is ahead of the machine's; raises `OSError`."""
        self._ahead_ns = _ahead_ns()

    def boot(self) -> str:
        """Return the kernel's identity of this boot; raises `OSError` elsewhere."""
        return _BOOT.read_text(encoding="ascii").strip()

    def since_boot(self) -> int:
        """Return the milliseconds since boot, sleep included, as all processes count them."""
        return (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - self._ahead_ns) // 1_000_000

    def wall(self) -> int:
        """Return the milliseconds since 1970."""
        return time.time_ns() // 1_000_000


def _ahead_ns() -> int:
    """Return how far the clock of the boot is moved in the time namespace of this process."""
    names = (_SELF / "ns/time", _SELF / "ns/time_for_children")
    if not names[0].exists() or os.readlink(names[0]) != os.readlink(names[1]):
        return 0  # there are none, or only children will be in another one
    for line in (_SELF / "timens_offsets").read_text(encoding="ascii").splitlines():
        clock, seconds, nanoseconds = line.split()
        if clock in ("boottime", "7"):  # by number in the first kernels that had them
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return 0
