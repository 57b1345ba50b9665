"""`ffq trace search`: the steps of a saved trace that match some words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.cli_options import Wrong
from checker.cli_why import opened


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)


def search(
    file: Annotated[Path, typer.Argument(help="A trace that ffq check has saved.")],
    words: Annotated[
        list[str],
        typer.Argument(
            help="actor:worker1 action:claim changed:token field:status=done fault, or any text; "
            "all of them must match. `A then B`: B after A."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the steps of a trace that match; in a word, * stands for anything.

    Exit status: 0 whatever is found, 1 the spec does not follow the trace, 2 bad usage.
    """
    from checker import console
    from checker.explain.search import BadQuery, find, parse
    from checker.trace import step_as_json

    try:
        query = parse(" ".join(words))
    except BadQuery as wrong:
        raise Wrong(str(wrong)) from None
    run = opened(file, as_json)
    lines = [run.lines[n - 1] for n in find(run, query)]
    if as_json:
        console.emit({"ok": True, "steps": [step_as_json(line) for line in lines]})
        return
    out = console.console()
    for line in lines:
        changes = ", ".join(map(str, line.changes)) or "nothing changes"
        out.print(f"{line.n}  {line.actor}  {line.call}  {changes}", soft_wrap=True)
    if not lines:
        console.say(f"none of the {len(run.lines)} steps matches")
