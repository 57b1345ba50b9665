"""The weather of a torture: the clock is set, locks are held, the disk is full, a server dies."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

from checker.torture import processes
from checker.torture.acts.conditions import full, set_clock
from checker.torture.acts.plan import BLOWS_A_CHANGE, HOURS_MS, Plan, weather
from checker.torture.servers import Served
from checker.torture.verdict.counts import Counts
from checker.torture.workers import Note


class Weather:
    """What all processes of a torture live under."""

    def __init__(
        self, folder: Path, plan: Plan, counts: Counts, note: Note, served: Served | None
    ) -> None:
        """Begin fine."""
        self._served, self._behind = served, False
        self._folder, self._plan, self._counts, self._note = folder, plan, counts, note
        self._holder: BaseProcess | None = None
        self._fine_at = self._changed = time.monotonic()
        self._late = False
        self.clear()

    def change(self, over: bool) -> None:
        """Let change what is due, after so many blows. In the end it is so late that nothing has to
        wait for its time any more.
        """
        now = time.monotonic()
        if now < self._fine_at:
            return
        full(self._folder).unlink(missing_ok=True)
        if self._behind:
            assert self._served is not None
            self._away(self._served.take_over)
            self._behind = False
        if self._counts.changes >= self._plan.changes:
            if over and not self._late:
                set_clock(self._folder, 48 * HOURS_MS)
                self._late = True
            return
        next = weather(self._plan, self._counts.changes)
        early = self._counts.blows < (self._counts.changes + 1) * BLOWS_A_CHANGE
        if early or now < self._changed + next.after:
            return
        self._changed = now
        seconds = 0.0 if next.what == "clock" else next.seconds
        self._note("weather", what=next.what, seconds=seconds)
        match next.what:
            case "clock":
                set_clock(self._folder, next.ahead_ms)
            case "crash":
                assert self._served is not None
                self._away(self._served.crash)
            case "promoted":
                assert self._served is not None
                self._served.leave_behind()
                self._behind = True
            case "full":
                full(self._folder).touch()
            case "locked":
                given = (self._folder, next.lock, seconds, self._plan.lease_ms)
                self._holder = processes.nursery().Process(target=processes.hold, args=given)
                self._holder.start()
        self._fine_at = now + seconds

    @property
    def is_over(self) -> bool:
        """Whether all that was to change has, and is fine again."""
        return self._counts.changes >= self._plan.changes and not self._behind

    def _away(self, happens: Callable[[], None]) -> None:
        """Let nobody reach the server while this happens, and note for how long."""
        began = time.monotonic()
        happens()
        self._note("away", seconds=round(time.monotonic() - began, 3))

    def clear(self) -> None:
        """Let the disk have room, and nobody hold a lock."""
        full(self._folder).unlink(missing_ok=True)
        if self._holder is not None:
            self._holder.kill()
            with suppress(ValueError):
                self._holder.join()
