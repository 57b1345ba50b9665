"""The workers of a torture, and what befalls each of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from checker.torture import processes
from checker.torture.acts.plan import Blow, Plan, fate
from checker.torture.acts.worker import GAVE_UP
from checker.torture.verdict.counts import Counts

START_S = 60.0
"""A worker that has not joined after so many seconds never will."""

STOP_S = 30.0
"""Nor will one ever stop that was told so long ago; its grace is half a second."""

START_AGAIN_S = 0.1
"""Nobody is started so soon after one who could not use the store."""

STOPPED = (0, -signal.SIGTERM, -signal.SIGINT)
"""How a worker may end that was told to: before it works, or after, signals do what they do."""

BROKEN_MOST = 10
"""So many workers may end as they must not before the torture is given up."""


class Note(Protocol):
    """Writes a line into the ledger."""

    def __call__(self, event: str, **what: Any) -> None:
        """Write it."""


class WorkerFailed(Exception):
    """Workers end although nobody has killed them, or they do not begin or end when they should."""


@dataclass
class _Victim:
    """A worker process, and what is to befall it; times by the monotonic clock."""

    process: BaseProcess
    blows: Iterator[Blow]
    started: float
    next: Blow | None = None
    due: float = 0.0
    resume: float | None = None
    stopped: float | None = None

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self.process.pid or 0

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has just ended by itself."""
        if self.process.exitcode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Victims:
    """All workers at once."""

    def __init__(self, folder: Path, plan: Plan, counts: Counts, note: Note) -> None:
        """Begin with none; `note` writes a line into the ledger, and counts what is new there."""
        self._folder, self._plan, self._counts, self._note = folder, plan, counts, note
        self._nursery = processes.nursery()
        self._all: list[_Victim] = []
        self._wait_until = 0.0

    def complete(self) -> None:
        """Start workers until there are as many as there should be."""
        while len(self._all) < self._plan.workers and time.monotonic() > self._wait_until:
            self._note("started")
            plan = self._plan
            given = (self._folder, plan.lease_ms, plan.without, plan.at_once)
            process = self._nursery.Process(target=processes.work, args=given)
            process.start()
            life = fate(self._plan, self._counts.started)
            self._all.append(_Victim(process, life, time.monotonic()))

    def strike(self) -> None:
        """Let happen to each worker what is due; raises `WorkerFailed`."""
        now = time.monotonic()
        for victim in list(self._all):
            if victim.process.exitcode is not None:
                self._buried(victim)
            elif victim.stopped is not None:
                if now > victim.stopped + STOP_S:
                    self._deaf(victim)
            elif victim.next is None:
                self._look_ahead(victim, now)
            elif victim.resume is not None:
                if now >= victim.resume:
                    victim.signal(signal.SIGCONT)
                    victim.resume = victim.next = None
            elif now >= victim.due:
                self._blow(victim, victim.next, now)

    def _buried(self, victim: _Victim) -> None:
        """Take note of a worker that is no more; raises `WorkerFailed` if they are too many."""
        status, counts = victim.process.exitcode, self._counts
        self._all.remove(victim)
        self._note("exited", status=status, pid=victim.pid)
        excused = victim.pid in counts.leaving or victim.pid in counts.broke
        if status == GAVE_UP:
            self._wait_until = time.monotonic() + START_AGAIN_S
        elif not excused and (victim.stopped is None or status not in STOPPED):
            self._note("broke", pid=victim.pid, why=f"it ended with status {status}")
        if len(counts.broke) > BROKEN_MOST:
            raise WorkerFailed(f"workers end by themselves: {next(iter(counts.broke.values()))}")

    def _deaf(self, victim: _Victim) -> None:
        """Kill a worker that does not stop."""
        if victim.pid not in self._counts.leaving:
            why = f"it goes on {STOP_S:.0f} s after it was told to stop"
            self._note("broke", pid=victim.pid, why=why)
        victim.process.kill()
        victim.process.join()
        self._all.remove(victim)

    def _look_ahead(self, victim: _Victim, now: float) -> None:
        if victim.pid in self._counts.joined:
            victim.next = next(victim.blows, None)
            victim.due = now + (victim.next.after if victim.next else 0.0)
        elif now > victim.started + START_S:
            raise WorkerFailed(f"a worker has not joined the queue in {START_S:.0f} s")

    def _blow(self, victim: _Victim, blow: Blow, now: float) -> None:
        counts, plan = self._counts, self._plan
        if blow.how == "SIGKILL" and counts.kills < plan.kills:
            self._note("kills", pid=victim.pid)
            victim.process.kill()
            victim.process.join()
            self._all.remove(victim)
        elif blow.how == "SIGSTOP" and counts.pauses < plan.pauses:
            self._note("pauses", pid=victim.pid, seconds=blow.pause)
            victim.signal(signal.SIGSTOP)
            victim.resume = now + blow.pause
        elif blow.how in ("SIGTERM", "SIGINT") and counts.stops < plan.stops:
            self._note("stops", pid=victim.pid)
            victim.signal(signal.Signals[blow.how])
            victim.stopped = now
        else:
            victim.next = None

    def end(self) -> None:
        """Let every worker stop; one that is paused must be let go first."""
        for victim in self._all:
            victim.signal(signal.SIGTERM)
            victim.signal(signal.SIGCONT)
        for victim in list(self._all):
            victim.stopped = time.monotonic()
            victim.process.join(STOP_S)
            if victim.process.exitcode is None:
                self._deaf(victim)
            else:
                self._buried(victim)

    def kill(self) -> None:
        """Let no worker be left."""
        for victim in self._all:
            victim.process.kill()
            victim.process.join()
        self._all.clear()
