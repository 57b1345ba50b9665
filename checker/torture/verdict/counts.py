"""What a torture has come to, as its ledger has it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counts:
    """What has happened so far; `held` has when the store could not be used, and for how long.

    `answered`: the orders of which a producer has heard. `leaving`: workers whose handlers said
    that they may end them. `broke`: what became of those that ended as they must not.
    """

    started: int = 0
    kills: int = 0
    pauses: int = 0
    stops: int = 0
    weather: Counter[str] = field(default_factory=Counter)
    joined: set[int] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)
    leaving: set[int] = field(default_factory=set)
    gave_up: list[tuple[int, float, str]] = field(default_factory=list)
    broke: dict[int, str] = field(default_factory=dict)
    held: list[tuple[float, float]] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)

    @property
    def blows(self) -> int:
        """How many workers were killed, paused or told to stop."""
        return self.kills + self.pauses + self.stops

    @property
    def changes(self) -> int:
        """How often the weather has changed."""
        return self.weather.total()

    def note(self, line: dict[str, Any]) -> None:
        """Take a line of the ledger into account."""
        match line:
            case {"event": "started"}:
                self.started += 1
            case {"event": "joined", "by": pid}:
                self.joined.add(pid)
            case {"event": "kills"}:
                self.kills += 1
            case {"event": "pauses", "at": at, "seconds": seconds}:
                self.pauses += 1
                self.held.append((at, seconds))
            case {"event": "stops"}:
                self.stops += 1
            case {"event": "weather", "at": at, "what": what, "seconds": seconds}:
                self.weather[what] += 1
                if what != "clock":
                    self.held.append((at, seconds))
            case {"event": "away", "at": at, "seconds": seconds}:
                self.held.append((at - seconds, seconds))
            case {"event": "leaves", "by": pid}:
                self.leaving.add(pid)
            case {"event": "gave up", "by": pid, "at": at, "why": why}:
                self.gave_up.append((pid, at, why))
            case {"event": "broke", "pid": pid, "why": why}:
                self.broke[pid] = why
            case {"event": "lost", "why": why}:
                self.lost[why] += 1
            case {"event": "answered" | "refused", "what": "enqueue", "n": n}:
                self.answered.add(n)
