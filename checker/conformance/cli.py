"""`ffq validate` and `ffq torture`: runs of the implementation, held against the spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli_options import Wrong, complete_guard, finite, for_sqlite

if TYPE_CHECKING:
    from checker.conformance.validate import Verdict

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def validate(
    database: Annotated[Path, typer.Argument(help="The file of a queue.", callback=for_sqlite)],
    as_json: AsJson = False,
) -> None:
    """Say whether what happened in a queue is a behaviour of the spec, step by step.

    Exit status: 0 it is, 1 it is not, 2 bad usage, or a file that is no queue of this spec.
    """
    from checker import console
    from checker.conformance.validate import validate as judged
    from impl.files import StoreError

    try:
        verdict = judged(str(database))
    except StoreError as wrong:
        raise Wrong(str(wrong)) from None
    if as_json:
        console.emit(verdict.as_json())
    else:
        _show(verdict)
    raise typer.Exit(0 if verdict.finding is None else 1)


def _show(verdict: Verdict) -> None:
    from checker import console

    out = console.console()
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
        out.print(line, soft_wrap=True)


def torture(
    folder: Annotated[
        Path,
        typer.Argument(help="Where to put the queue; made if there is none.", callback=for_sqlite),
    ],
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="How many at once; else 4.")
    ] = None,
    kills: Annotated[int | None, typer.Option(min=0, help="How many SIGKILLs; else 200.")] = None,
    pauses: Annotated[
        int | None, typer.Option(min=0, help="How many SIGSTOPs past a lease; else kills / 4.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many jobs; else 1000.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Gives the same jobs and the same lives; when they meet is chance."),
    ] = None,
    lease_ms: Annotated[
        int | None, typer.Option(min=50, help="How long a lease is; else 500.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1, help="Stop after so long.", callback=finite)
    ] = 900.0,
    off: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave this guard out of the workers' SQL.", autocompletion=complete_guard
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Kill and pause real workers at random instants, and see whether anything is lost.

    In the end no job may be lost, each effect must be there once, and the whole run must be a
    behaviour of the spec. Run again on the same folder it goes on where it was left.

    Exit status: 0 all is well, 1 something is wrong, 2 bad usage, 3 not finished.
    """
    from checker.conformance import torture_cli

    given = {
        "workers": workers, "kills": kills, "pauses": pauses, "jobs": jobs, "seed": seed,
        "lease_ms": lease_ms, "off": tuple(off) if off else None,
    }  # fmt: skip
    torture_cli.run(folder, given, seconds, as_json)


def register(app: typer.Typer) -> None:
    """Give the command line its two commands."""
    app.command()(validate)
    app.command()(torture)
