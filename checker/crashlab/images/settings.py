"""How SQLite is set up, how its users behave, and the settings that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Journal = Literal["wal", "delete"]
Synchronous = Literal["off", "normal", "full", "extra"]
Habit = Literal["stays", "checkpoints", "leaves"]
"""Processes keep the file open to the end; the log is put away as soon as it has four pages; each
process leaves after each of its steps.
"""

HABITS: tuple[Habit, ...] = ("stays", "checkpoints", "leaves")


@dataclass(frozen=True)
class Setting:
    """The journal, when SQLite syncs, and whether it takes the disk for one on which a write that
    is torn spares its neighbours.
    """

    journal: Journal = "wal"
    synchronous: Synchronous = "full"
    powersafe: bool = True

    @property
    def name(self) -> str:
        """How commands call it: `wal-full`, `wal-full-psow0`."""
        return f"{self.journal}-{self.synchronous}" + ("" if self.powersafe else "-psow0")

    @property
    def habits(self) -> tuple[Habit, ...]:
        """What users can do with it; a journal has no log to be put away."""
        return HABITS if self.journal == "wal" else ("stays",)

    @property
    def pragmas(self) -> dict[str, str]:
        """What is to be said to SQLite over what the store says: nothing, for what is shipped."""
        if (self.journal, self.synchronous) == (SHIPPED.journal, SHIPPED.synchronous):
            return {}
        return {"journal_mode": self.journal, "synchronous": self.synchronous}


SHIPPED = Setting()
"""What the store sets and reads back."""

_JOURNALS: tuple[Journal, ...] = ("wal", "delete")
_SYNCHRONOUS: tuple[Synchronous, ...] = ("off", "normal", "full", "extra")
SETTINGS = {
    s.name: s
    for s in (
        Setting(journal, synchronous, powersafe)
        for journal in _JOURNALS
        for synchronous in _SYNCHRONOUS
        for powersafe in (True, False)
    )
}
