"""Time: it decides when a step is taken, never whether it may be.

Leases are judged by the clock of the machine's boot, which no one can set and which does not stop
while the machine sleeps. It starts again with each boot, so it is worth nothing without the boot's
identity. Jobs that are to run later wait for the wall clock.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """What a queue asks of time; tests pass their own."""

    def boot(self) -> str:
        """Return which boot of which machine this is."""

    def since_boot(self) -> int:
        """Return the milliseconds since then; it never goes back."""

    def wall(self) -> int:
        """Return the milliseconds since 1970; anybody may set it."""


class MachineClock:
    """The clocks of this machine, which has to be Linux."""

    def boot(self) -> str:
        """Return the kernel's identity of this boot; raises `OSError` elsewhere."""
        return _BOOT.read_text(encoding="ascii").strip()

    def since_boot(self) -> int:
        """Return the milliseconds since boot, sleep included."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def wall(self) -> int:
        """Return the milliseconds since 1970."""
        return time.time_ns() // 1_000_000
