"""Checks that run in the background, as far as they are, for the screens that show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING

from checker.evidence.work import Check, Checked, Failed, Fill, Filled
from checker.runs.exploration import Progress
from spec.failures.edits import in_words

if TYPE_CHECKING:
    from checker.evidence.work import Background, Job, Record

SLICE = 0.25
"""Seconds of exploration that one bar of the sparkline stands for."""

BARS = 240


@dataclass
class Work:
    """A job in another process: what it was asked, and what it said last."""

    job: Job
    process: Background
    now: Progress | None = None
    filled: Filled | None = None
    fresh: list[float] = field(default_factory=lambda: [0.0])
    """New states in each slice of time, oldest first."""
    frontiers: list[int] = field(default_factory=list)
    end: Checked | Failed | None = None
    running: bool = True
    cancelled: bool = False
    _slice: int = 0

    def take(self, record: Record) -> None:
        """Keep what the process says."""
        if isinstance(record, Filled):
            self.filled = record
        elif isinstance(record, Progress):
            self._progress(record)
        else:
            self.end = record

    def _progress(self, now: Progress) -> None:
        before = self.now.states if self.now else 0
        self.now = now
        at = int(now.seconds / SLICE)
        self.fresh += [0.0] * min(at - self._slice, BARS)
        self._slice = max(at, self._slice)
        self.fresh[-1] += now.states - before
        del self.fresh[:-BARS]
        self.frontiers.append(now.frontier)
        del self.frontiers[:-BARS]

    def cancel(self) -> None:
        """End it."""
        self.cancelled = True
        self.process.cancel()

    @property
    def state(self) -> str:
        """One word for how it stands."""
        if self.running:
            return "cancelling" if self.cancelled else "running"
        if self.cancelled:
            return "cancelled"
        if isinstance(self.end, Failed):
            return "failed"
        return "done" if isinstance(self.end, Checked) or self.filled else "ended"

    @property
    def trend(self) -> str:
        """Whether the frontier grows or shrinks: no time left is ever guessed."""
        if len(self.frontiers) < 4:
            return ""
        before, now = self.frontiers[-4], self.frontiers[-1]
        return "steady" if before == now else "growing" if now > before else "shrinking"


def title_of(check: Check) -> str:
    """Return what is checked, in one line."""
    return check.scope + "".join(f", {in_words(text)}" for text in check.without)


class Works:
    """All work that was begun here; it ends with the explorer, whose daemon it is."""

    def __init__(self, tell: Callable[[Work], object]) -> None:
        self.all: list[Work] = []
        self._tell = tell

    def begin(self, job: Job) -> Work:
        """Begin a job in a process of its own, and listen to it."""
        from checker.evidence.work import Background

        work = Work(job, Background(job))
        self.all.append(work)
        Thread(target=self._listen, args=(work,), daemon=True).start()
        return work

    def _listen(self, work: Work) -> None:
        for record in work.process.records():
            work.take(record)
            self._tell(work)
        work.running = False
        self._tell(work)

    @property
    def checks(self) -> list[Work]:
        """The checks that were asked for, the newest first."""
        return [work for work in reversed(self.all) if isinstance(work.job, Check)]

    @property
    def filling(self) -> Work | None:
        """What fills the matrix now, if anything does."""
        fills = (work for work in self.all if isinstance(work.job, Fill) and work.running)
        return next(fills, None)
