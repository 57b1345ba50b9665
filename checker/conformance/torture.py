"""Tortures a queue: real workers, killed at random instants, or paused past their leases.

The torture itself may be killed as well: its workers die with it, and it goes on from its diary and
the queue when it is run again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from checker.conformance.torture_diary import Diary
from checker.conformance.torture_plan import Blow, Plan, fate, order
from checker.conformance.torture_worker import LEDGER, open_queue

Report = Callable[[str], None]

_TICK_S = 0.005
_START_S = 60.0
"""A worker that has not joined after so many seconds never will."""


class WorkerFailed(Exception):
    """A worker ended although nobody had killed it."""


@dataclass
class _Victim:
    """A worker process, and what is to befall it; times by the monotonic clock."""

    process: subprocess.Popen[bytes]
    blows: Iterator[Blow]
    started: float
    next: Blow | None = None
    due: float = 0.0
    resume: float | None = None


@dataclass
class Counts:
    """What has happened so far, as the diary has it."""

    started: int = 0
    kills: int = 0
    pauses: int = 0
    joined: set[int] = field(default_factory=set)
    lost: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    told: Counter[int] = field(default_factory=Counter)

    def note(self, line: dict[str, Any]) -> None:
        """Take a line of the diary into account."""
        match line:
            case {"event": "started"}:
                self.started += 1
            case {"event": "joined", "pid": pid}:
                self.joined.add(pid)
            case {"event": "killed"}:
                self.kills += 1
            case {"event": "paused"}:
                self.pauses += 1
            case {"event": "lost", "why": why}:
                self.lost[why] += 1
            case {"event": "delivered", "key": key}:
                self.delivered[key] += 1
            case {"event": "told", "job": job}:
                self.told[job] += 1


def begun(folder: Path) -> Plan | None:
    """Return the plan of the torture that was begun in this folder, if there is one."""
    for line in Diary(folder).news():
        if line["event"] == "plan":
            return Plan(**(line["plan"] | {"off": tuple(line["plan"]["off"])}))
    return None


class Torture:
    """A torture in a folder, begun now or before."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        """Begin, or go on where it was left; raises `StoreError`, `OSError`."""
        self.folder, self.plan = folder, plan
        self.diary, self.counts = Diary(folder), Counts()
        if begun(folder) is None:
            self.diary.write("plan", plan=asdict(plan))
        self.queue = open_queue(folder, plan.lease_ms)
        self.queue.define(LEDGER)
        self._victims: list[_Victim] = []
        self._asked = len(self.queue.query("SELECT id FROM task"))

    def run(self, seconds: float, report: Report) -> bool:
        """Torture until all is done, or for so long; return whether it is done. Raises
        `WorkerFailed`, `StoreError`.
        """
        until, said = time.monotonic() + seconds, 0.0
        try:
            while True:
                self._look()
                self._ask()
                if self._done():
                    self._end(signal.SIGTERM)
                    return True
                if time.monotonic() > until:
                    return False
                for victim in list(self._victims):
                    self._strike(victim)
                while len(self._victims) < self.plan.workers:
                    self._start()
                if time.monotonic() > said + 1:
                    said = time.monotonic()
                    report(self.progress())
                time.sleep(_TICK_S)
        finally:
            self._end(signal.SIGKILL)
            self._look()

    # ------------------------------------------------------------ how far it is
    def _look(self) -> None:
        for line in self.diary.news():
            self.counts.note(line)

    def _open(self) -> int:
        query = "SELECT count(*) FROM job WHERE status IN ('ready', 'claimed')"
        ((number,),) = self.queue.query(query)
        return int(number)

    def _done(self) -> bool:
        over = self.counts.kills >= self.plan.kills and self.counts.pauses >= self.plan.pauses
        if not over or self._asked < self.plan.jobs or self._open():
            return False
        unsaid = "SELECT 1 FROM outbox WHERE NOT sent UNION SELECT 1 FROM job WHERE notice = 'due'"
        return not self.queue.query(unsaid)

    def progress(self) -> str:
        """Return how far it is, in words."""
        done = self._asked - self._open()
        c, p = self.counts, self.plan
        return (
            f"{done:,} of {p.jobs:,} jobs over, {c.kills} of {p.kills} kills, "
            f"{c.pauses} of {p.pauses} pauses"
        )

    # ------------------------------------------------------------ what is done
    def _ask(self) -> None:
        """Ask for as many jobs as there were blows for: the last blow is to find work as well."""
        blows, all_blows = (
            self.counts.kills + self.counts.pauses,
            self.plan.kills + self.plan.pauses,
        )
        share = 1.0 if blows >= all_blows else (blows + 1) / (all_blows + 1)
        wanted = min(self.plan.jobs, round(self.plan.jobs * share))
        # Few wait, so that a job that was lost is claimed again before its old worker wakes up.
        room = self.plan.workers + 2 - self._open() if self._asked < wanted else 0
        for n in range(self._asked, min(wanted, self._asked + room)):
            o = order(self.plan, n)
            self.queue.enqueue(
                o.kind, {"ms": o.ms}, key=o.key,
                max_attempts=o.max_attempts, max_interrupts=o.max_interrupts, timeout=10.0,
            )  # fmt: skip
            self._asked += 1

    def _start(self) -> None:
        self.diary.write("started")
        self._look()
        module = "checker.conformance.torture_worker"
        given = (str(self.folder), str(self.plan.lease_ms), str(os.getpid()), *self.plan.off)
        process = subprocess.Popen(
            [sys.executable, "-m", module, *given], stdout=subprocess.DEVNULL
        )
        blows = fate(self.plan, self.counts.started)
        self._victims.append(_Victim(process, blows, time.monotonic()))

    def _strike(self, victim: _Victim) -> None:
        """Let happen to a worker what is due."""
        now, process = time.monotonic(), victim.process
        if process.poll() is not None:
            raise WorkerFailed(f"a worker ended by itself, with status {process.returncode}")
        if victim.next is None:
            if process.pid in self.counts.joined:
                victim.next = next(victim.blows, None)
                victim.due = now + (victim.next.after if victim.next else 0.0)
            elif now > victim.started + _START_S:
                raise WorkerFailed(f"a worker has not joined the queue in {_START_S:.0f} s")
        elif victim.resume is not None:
            if now >= victim.resume:
                victim.resume, victim.next = None, None
        elif now >= victim.due:
            self._blow(victim, victim.next, now)

    def _blow(self, victim: _Victim, blow: Blow, now: float) -> None:
        process = victim.process
        if blow.kill and self.counts.kills < self.plan.kills:
            process.kill()
            process.wait()
            self._victims.remove(victim)
            self.diary.write("killed", pid=process.pid)
        elif not blow.kill and self.counts.pauses < self.plan.pauses:
            process.send_signal(signal.SIGSTOP)
            # Not from here: it may hold the lock for which this thread will wait, to ask for jobs.
            threading.Timer(blow.pause, process.send_signal, (signal.SIGCONT,)).start()
            victim.resume = now + blow.pause
            self.diary.write("paused", pid=process.pid)
        else:
            victim.next = None
        self._look()

    def _end(self, how: signal.Signals) -> None:
        """Let every worker end; one that was paused must be let go first."""
        for victim in self._victims:
            victim.process.send_signal(how)
            victim.process.send_signal(signal.SIGCONT)
        for victim in self._victims:
            try:
                victim.process.wait(10)
            except subprocess.TimeoutExpired:
                victim.process.kill()
                victim.process.wait()
        self._victims.clear()
