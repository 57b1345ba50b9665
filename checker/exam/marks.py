"""What a history says of a product: the judge alone decides."""

from __future__ import annotations

import collections
from dataclasses import dataclass
from pathlib import Path

from checker.judge.history import History, read
from checker.judge.report import Report, modes_of

SHOWN, NOT_SHOWN, UNREACHED, UNDECIDED = "shown", "not shown", "not reached", "not decided"


@dataclass(frozen=True)
class Mark:
    """What one try came to.

    `line` and `event` are the first that no run allows; `without` are the sets of protections
    without which it is a run, and `modes` their failure modes. `why` says why there is no answer,
    and `note` what else there is to say.
    """

    mark: str
    starts: int = 0
    effects: int = 0
    line: int | None = None
    event: str | None = None
    without: tuple[tuple[str, ...], ...] = ()
    modes: tuple[str, ...] = ()
    why: str | None = None
    note: str | None = None


def unreached(why: str) -> Mark:
    """Return the mark of a question that could not be put."""
    return Mark(UNREACHED, why=why)


def mark(file: Path, job: str, seconds: float) -> Mark:
    """Return what the judge says of a history."""
    history = read(file)
    report = Report(history, str(file), seconds)
    report.judge(job)
    starts, effects = _count(history, job)
    if report.unfinished:
        return Mark(UNDECIDED, starts, effects, why=report.unfinished[0].stopped)
    if not report.findings:
        return Mark(NOT_SHOWN, starts, effects)
    (finding,) = report.findings
    report.explain(finding)
    event, diagnosis = finding.verdict.event, finding.diagnosis
    assert event is not None and diagnosis is not None
    sets = [texts for group in diagnosis.groups for texts in group.sets]
    modes = {m.id for texts in sets for text in texts for m, _ in modes_of(text)}
    return Mark(
        SHOWN, starts, effects, event.line, str(event),
        tuple(tuple(sorted(texts)) for texts in sets), tuple(sorted(modes)),
        diagnosis.stopped,
    )  # fmt: skip


def _count(history: History, job: str) -> tuple[int, int]:
    counts = collections.Counter(event.kind for event in history.jobs.get(job, ()))
    return counts["start"], counts["effect"]
