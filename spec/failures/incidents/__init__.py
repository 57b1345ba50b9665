"""Incidents in real job queues: which failure mode each one teaches, and where it is told.

Grades. A: a maintainer, a merged fix, or the documentation says so. B: a user's report, or a patch
that was not merged, with a concrete sequence of steps.
"""

from __future__ import annotations

from dataclasses import dataclass

from spec.failures.incidents.first import FIRST
from spec.failures.incidents.later import LATER


@dataclass(frozen=True)
class Incident:
    """Something that happened in a real system, told by others at `url`."""

    id: str
    grade: str
    teaches: tuple[str, ...]
    system: str
    title: str
    url: str


def of(failure: str) -> tuple[Incident, ...]:
    """Return the incidents that teach a failure mode, in the order of the list."""
    return tuple(i for i in INCIDENTS.values() if failure in i.teaches)


def _read(text: str) -> dict[str, Incident]:
    found: dict[str, Incident] = {}
    for entry in ("\n" + text.strip("\n")).split("\nD")[1:]:
        head, *titles, url = (line.strip() for line in entry.splitlines())
        words, system = head.split(" | ")
        number, grade, *teaches = words.split()
        title = " ".join(titles)
        found[f"D{number}"] = Incident(f"D{number}", grade, tuple(teaches), system, title, url)
    return found


INCIDENTS = _read(FIRST + LATER)
