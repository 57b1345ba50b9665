"""Every detector of the catalogue over the file of a queue: on a healthy run all are silent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from checker.evidence.detection.detectors import DETECTORS
from checker.evidence.detection.queries import TABLES, on_tables
from impl.derive.reference import design
from spec.failures import FAILURES, FailureMode
from spec.queue import SCOPES


@dataclass(frozen=True)
class Alarm:
    """What a detector found: how much, and the first of it as the query answers."""

    mode: FailureMode
    count: int
    first: tuple[object, ...]

    def __str__(self) -> str:
        where = ", ".join(map(str, self.first))
        return f"{self.mode.id} {self.mode.name} is detected: {self.count} found, first {where}"


def detectors() -> dict[str, str]:
    """Return the query of each detector that speaks of what the queue has, by failure mode."""
    stored = design().scope.spec.fields.keys()
    return {
        id: on_tables(design(), detector)
        for id, detector in DETECTORS.items()
        if SCOPES[FAILURES[id].loss.scope].spec.fields.keys() <= stored
    }


def alarms(file: Path) -> list[Alarm]:
    """Return which detectors are not silent over this file; nothing is written to it."""
    return list(_alarms(file))


def _alarms(file: Path) -> Iterator[Alarm]:
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
        database.executescript(TABLES)
        for id, query in detectors().items():
            found = database.execute(query).fetchall()
            if found:
                yield Alarm(FAILURES[id], len(found), found[0])
