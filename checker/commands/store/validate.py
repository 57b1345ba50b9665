"""`ffq validate`: a run of the implementation, held against the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from checker.commands.options import AsJson
from checker.commands.queue.shared import Place

if TYPE_CHECKING:
    from checker.conformance.validating.validate import Verdict


def validate(
    database: Place,
    as_json: AsJson = False,
) -> None:
    """Say whether what happened in a queue is a behaviour of the spec, step by step.

    Exit status: 0 it is, 1 it is not, 2 bad usage, or a file that is no queue of this spec.
    """
    from checker.conformance.validating.validate import validate as judged
    from checker.shown import console

    verdict = judged(database)
    if as_json:
        console.emit(verdict.as_json())
    else:
        _show(verdict)
    raise typer.Exit(0 if verdict.finding is None else 1)


def _show(verdict: Verdict) -> None:
    from checker.shown import console

    jobs = ", ".join(f"{count:,} {status}" for status, count in verdict.jobs.items())
    steps = f"{verdict.steps:,} steps, {verdict.rows:,} of them durable"
    lines = [
        f"{sum(verdict.jobs.values()):,} jobs ({jobs or 'none'}), {verdict.processes:,} processes"
    ]
    if verdict.origin:
        lines.append(f"followed from the state recorded after row {verdict.origin:,}")
    if verdict.finding is None:
        rate = verdict.steps / max(verdict.seconds, 1e-9)
        took = f"{verdict.seconds:.1f} s, {rate:,.0f} steps/s"
        lines.append(f"{steps}: a behaviour of the spec ({took})")
    else:
        lines.append(f"{steps}, are a behaviour of the spec; then it is none:")
        lines += verdict.finding.text()
    for line in lines:
        console.line(line)
