"""Tortures a queue: real workers and producers, killed at random instants, or paused, or misled.

The torture itself may be killed as well: its processes die with it, and it goes on from its ledger
and the queue when it is run again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from checker.torture.acts.conditions import DATABASE, open_queue
from checker.torture.acts.handlers import TABLES
from checker.torture.acts.ledger import Ledger
from checker.torture.acts.plan import Plan
from checker.torture.producers import Producers
from checker.torture.servers import Served
from checker.torture.verdict.counts import Counts
from checker.torture.weather import Weather
from checker.torture.workers import Victims
from impl.postgresql.text.by_hand import declared

Report = Callable[[str], None]


class NotOurs(Exception):
    """A folder in which no torture was begun, and which is not empty."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(f"{folder}: holds {name}, not a torture; name a new folder")


_TICK_S = 0.005


def begun(folder: Path) -> Plan | None:
    """Return the plan of the torture that was begun in this folder, or None if the folder is empty
    or not there yet; raises `NotOurs` if it holds anything else, and `OSError`.
    """
    if not folder.exists():
        return None
    names = sorted(entry.name for entry in folder.iterdir())
    if not names:
        return None
    try:
        first, *_ = Ledger(folder).news()
        plan = first["plan"]
        return Plan(**(plan | {"without": tuple(plan["without"])}))
    except (ValueError, TypeError, KeyError):
        raise NotOurs(folder, names[0]) from None


class Torture:
    """A torture in a folder, begun now or before."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        """Begin, or go on where it was left; raises `StoreError`, `OSError`."""
        self.folder, self.plan = folder, plan
        self.ledger, self.counts = Ledger(folder), Counts()
        if begun(folder) is None:
            self.ledger.write("plan", plan=asdict(plan))
        self._look()
        self._over = False
        self._served = Served(folder, plan.standby) if plan.store == "postgresql" else None
        self.weather = Weather(folder, plan, self.counts, self._note, self._served)
        self.queue = open_queue(folder / DATABASE, folder, plan.lease_ms)
        for table in TABLES.split(";\n\n"):
            self.queue.define(table if self._served is None else declared(f"{table};"))
        self._victims = Victims(folder, plan, self.counts, self._note)
        self._producers = Producers(folder, plan, self.counts, self._note)

    def run(self, seconds: float, report: Report) -> bool:
        """Torture until all is done, or for so long; return whether it is done. Raises
        `WorkerFailed`, `StoreError`.
        """
        until, said = time.monotonic() + seconds, 0.0
        try:
            while not self._done():
                if time.monotonic() > until:
                    return False
                if len(self.counts.answered) < self.plan.jobs:
                    self._producers.tell(self._wanted(), self._open())
                self._victims.strike()
                self._victims.complete()
                self.weather.change(over=self._struck())
                if time.monotonic() > said + 1:
                    said = time.monotonic()
                    report(self.progress())
                time.sleep(_TICK_S)
                self._look()
            self.weather.clear()
            self._victims.end()
            self._over = True
            return True
        finally:
            self._victims.kill()
            self._producers.kill()
            self.weather.clear()
            self._look()

    def close(self) -> None:
        """Let go of the queue, and of its server; what is not over can be gone on with."""
        self.queue.close()
        if self._served is not None:
            self._served.end(self._over)

    # ------------------------------------------------------------ how far it is
    def _note(self, event: str, **what: Any) -> None:
        self.ledger.write(event, **what)
        self._look()

    def _look(self) -> None:
        for line in self.ledger.news():
            self.counts.note(line)

    def _open(self) -> int:
        query = "SELECT count(*) FROM job WHERE status IN ('ready', 'claimed')"
        ((number,),) = self.queue.query(query)
        return int(number)

    def _struck(self) -> bool:
        c, p = self.counts, self.plan
        return c.kills >= p.kills and c.pauses >= p.pauses and c.stops >= p.stops

    def _done(self) -> bool:
        if (
            not (self._struck() and self.weather.is_over)
            or len(self.counts.answered) < self.plan.jobs
        ):
            return False
        if not self._producers.finish() or self._open():
            return False
        unsaid = "SELECT 1 FROM outbox WHERE NOT sent UNION SELECT 1 FROM job WHERE notice = 'due'"
        return not self.queue.query(unsaid)

    def _wanted(self) -> int:
        """Return how many jobs to ask for, as many as there were blows for: the last blow is to
        find work as well.
        """
        c, p = self.counts, self.plan
        if self._struck():
            return p.jobs
        share = (c.blows + 1) / (p.blows + 1)
        return min(p.jobs, round(p.jobs * share))

    def progress(self) -> str:
        """Return how far it is, in words."""
        c, p = self.counts, self.plan
        done = max(len(c.answered) - self._open(), 0)
        return (
            f"{done:,} of {p.jobs:,} jobs over, {c.kills} of {p.kills} kills, "
            f"{c.pauses} of {p.pauses} pauses, {c.stops} of {p.stops} stops, "
            f"{c.changes} of {p.changes} changes of the weather"
        )
