"""A clock that stands still until it is moved, for queues under test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class HandClock:
    """Time as a test sets it, in milliseconds."""

    boots: int = 1
    uptime: int = 1_000_000
    date: int = 1_900_000_000_000  # later than now: no failure in a trace is recent

    def boot(self) -> str:
        """Return which boot it is."""
        return f"boot {self.boots}"

    def since_boot(self) -> int:
        """Return the time since then."""
        return self.uptime

    def wall(self) -> int:
        """Return the date."""
        return self.date

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.uptime += ms
        self.date += ms

    def reboot(self) -> None:
        """Start the machine anew: uptime begins again."""
        self.boots += 1
        self.uptime = 5_000
