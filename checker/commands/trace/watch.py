"""`ffq trace watch`: expressions of the reader's own on every state of a saved trace."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from checker.commands.options import AsJson, TraceFile
from checker.commands.trace.why import opened


def watch(
    file: TraceFile,
    expressions: Annotated[
        list[str], typer.Argument(help="Such as 'held[worker1] == token[job1]', or 'status[job1]'.")
    ],
    until: Annotated[
        str | None, typer.Option(help="Stop at the first state in which this is true.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print what expressions are in each state of a trace; * marks a value that has changed.

    Exit status: 0 they are printed, 1 the spec does not follow the trace or --until never comes
    true, 2 bad usage.
    """
    from rich.table import Table
    from rich.text import Text

    from checker.explain.queries.expressions import expression
    from checker.shown import console

    run = opened(file, as_json)
    asked = [expression(run.scope, text) for text in expressions]
    stop = expression(run.scope, until) if until is not None else None
    for one in asked:
        one.require_value(run)
    rows: list[list[str]] = []
    stopped = False
    for state in run.states:
        rows.append([one.shown(run.scope, state) for one in asked])
        if stop is not None and stop.holds(run.scope, state):
            stopped = True
            break
    if as_json:
        states: list[dict[str, Any]] = [
            {"after": k, "values": dict(zip(expressions, row, strict=True))}
            for k, row in enumerate(rows)
        ]
        console.emit({"ok": stop is None or stopped, "states": states})
    else:
        table = Table("", "after", box=None, pad_edge=False)
        for text in expressions:
            table.add_column(Text(text), overflow="fold")
        before = rows[0]
        for k, row in enumerate(rows):
            line = run.lines[k - 1] if k else None
            marked = [v if v == b else f"{v} *" for v, b in zip(row, before, strict=True)]
            table.add_row(str(k), f"{line.actor} {line.call}" if line else "the beginning", *marked)
            before = row
        console.console().print(table)
        if stop is not None:
            end = len(rows) - 1
            console.say(f"true after step {end}" if stopped else f"never true: {until}")
    raise typer.Exit(0 if stop is None or stopped else 1)
