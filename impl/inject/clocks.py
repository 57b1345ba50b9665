"""Clocks that a script sets: time passes when it says so."""

from __future__ import annotations

from dataclasses import dataclass

from impl.terms.clock import Clock


@dataclass
class HandClock:
    """A machine whose time stands still until it is moved on."""

    boots: int = 1
    now_ms: int = 1_000
    wall_ms: int = 1_000_000

    def boot(self) -> str:
        """Return which boot this is."""
        return f"boot-{self.boots}"

    def since_boot(self) -> int:
        """Return the milliseconds since then."""
        return self.now_ms

    def wall(self) -> int:
        """Return the milliseconds of the wall clock."""
        return self.wall_ms

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.now_ms += ms
        self.wall_ms += ms

    def reboot(self) -> None:
        """Let the machine start anew: its clock begins again, and the wall clock goes on."""
        self.boots += 1
        self.now_ms = 0


@dataclass(frozen=True)
class SkewedClock:
    """Another clock, so many milliseconds ahead; it may be behind."""

    clock: Clock
    ahead_ms: int

    def boot(self) -> str:
        """Return which boot this is."""
        return self.clock.boot()

    def since_boot(self) -> int:
        """Return the milliseconds since then, as this clock has them."""
        return self.clock.since_boot() + self.ahead_ms

    def wall(self) -> int:
        """Return the milliseconds of the wall clock, as this clock has them."""
        return self.clock.wall() + self.ahead_ms
