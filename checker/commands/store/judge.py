"""`ffq judge`: a history of anybody's queue, held against the spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import AsJson, Wrong, among, reachable
from checker.commands.statuses import FAILED, NOT_FINISHED

if TYPE_CHECKING:
    from checker.judge.history import History


def judge(
    history: Annotated[
        Path,
        typer.Argument(help="A history, as docs/16-judge.md describes it.", callback=reachable),
    ],
    job: Annotated[str | None, typer.Option(help="Judge this job alone.")] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Keep the run of one job, filled in, as a trace file for browse and trace.",
            callback=reachable,
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(min=0, help="How long to look for what explains a job that is no run."),
    ] = 60,
    as_json: AsJson = False,
) -> None:
    """Say whether what was seen of a queue is a run of the spec, and which protections it lacks.

    Exit status: 0 it is, 1 some job is no run, 2 it cannot be read, 3 not finished.
    """
    from checker.judge.history import TooLong, read
    from checker.judge.report import Report
    from checker.shown import console
    from checker.shown.live import Live
    from checker.shown.streams import say

    with Live() as live:
        try:
            found = read(history)
        except TooLong as long:
            say(f"{history}: {long}")
            raise typer.Exit(NOT_FINISHED) from None
        jobs = _jobs(found, job, history)
        if keep is not None and len(jobs) != 1:
            raise Wrong(
                f"--keep is of one job, and {history} has {len(jobs):,}; name it with --job"
            )
        report = Report(found, str(history), seconds)
        counted = live.count(history.name, "jobs")
        for n, name in enumerate(jobs):
            report.judge(name)
            if counted is not None and n % 64 == 0:
                counted(n, len(jobs))
        told = live.say(history.name)
        for n, finding in enumerate(report.findings, 1):
            told(f"what explains finding {n} of {len(report.findings)}")
            report.explain(finding)
        if keep is not None:
            report.keep(keep)
    if as_json:
        console.emit(report.as_json())
    else:
        for line in report.text():
            console.line(line)
    raise typer.Exit(FAILED if report.findings else NOT_FINISHED if report.unfinished else 0)


def _jobs(history: History, job: str | None, file: Path) -> list[str]:
    """Return the jobs that are to be judged."""
    if job is not None:
        among(job, history.jobs, "job", f"grep job {file}")
        return [job]
    if not history.jobs:
        raise Wrong(f"{file}: says nothing of any job; write events that name one")
    return list(history.jobs)
