"""Every detector of the catalogue over a queue: on a healthy run all are silent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from checker.evidence.detection.detectors import DETECTORS
from checker.evidence.detection.queries import SQLITE, Words, on_tables, tables
from checker.evidence.detection.served import POSTGRESQL
from impl.address import on_a_server, store_at
from impl.derive.reference import design
from impl.terms.unusable import StoreError
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

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        return {"failure": self.mode.id, "found": self.count, "first": list(self.first)}


def detectors(words: Words = SQLITE) -> dict[str, str]:
    """Return the query of each detector that speaks of what the queue has, by failure mode."""
    stored = design().scope.spec.fields.keys()
    return {
        id: on_tables(design(), detector, words)
        for id, detector in DETECTORS.items()
        if SCOPES[FAILURES[id].loss.scope].spec.fields.keys() <= stored
    }


def alarms(place: str) -> list[Alarm]:
    """Return which detectors are not silent over a queue, as it is at one moment; nothing is
    written to it. Raises `StoreError` if there is none.
    """
    served = on_a_server(place)
    if not served and not Path(place).exists():
        raise StoreError(place, "does not exist", "name the file of a queue")
    words = POSTGRESQL if served else SQLITE
    store = store_at(place, design(), None, 5_000, read_only=True)
    try:
        with store.aside(tables(words)) as ask:
            found = {id: ask(query) for id, query in detectors(words).items()}
    finally:
        store.close()
    return [Alarm(FAILURES[id], len(rows), tuple(rows[0])) for id, rows in found.items() if rows]
