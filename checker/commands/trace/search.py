"""`ffq trace search` and `ffq trace witness`: steps of a saved trace, runs that none holds."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.edits import Without
from checker.commands.options import (
    AsJson,
    TraceFile,
    Wrong,
    catalogue,
    check_out,
    complete_scope,
    reachable,
    with_spec,
    writing,
)
from checker.commands.trace.why import opened

if TYPE_CHECKING:
    from checker.explain.witness import Witness
    from checker.runs.story import Line
    from spec.language.scope import Scope

_Save = Annotated[
    Path | None,
    typer.Option(
        help="Save the run, for `ffq replay`; every protection is on.", callback=reachable
    ),
]


def search(
    file: TraceFile,
    words: Annotated[
        list[str],
        typer.Argument(
            help="actor:worker1 action:claim changed:token field:status=done fault, or any text; "
            "all of them must match. `A then B`: B after A. `when EXPRESSION`: what makes it true."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Print the steps of a trace that match; in a word, * stands for anything.

    Exit status: 0 whatever is found, 1 the spec does not follow the trace, 2 bad usage.
    """
    from checker.explain.queries.search import find, parse
    from checker.runs.trace import step_as_json
    from checker.shown import console

    query = parse(" ".join(words))
    run = opened(file, as_json)
    lines = [run.lines[n - 1] for n in find(run, query)]
    if as_json:
        console.emit({"ok": True, "steps": [step_as_json(line) for line in lines]})
        return
    _show(lines)
    if not lines:
        console.say(f"none of the {len(run.lines)} steps matches")


def _show(lines: Sequence[Line]) -> None:
    from checker.shown import console

    out = console.console()
    for line in lines:
        changes = ", ".join(map(str, line.changes)) or "nothing changes"
        out.print(f"{line.n}  {line.actor}  {line.call}  {changes}", soft_wrap=True)


def witness(
    scope: Annotated[str, typer.Argument(help="Which scope.", autocompletion=complete_scope)],
    wanted: Annotated[
        list[str],
        typer.Argument(
            help="An action; action.guard, which refuses it; a property, for what it speaks of; "
            "or field=value: status=done. Several of the last: all at once."
        ),
    ],
    without: Without = None,
    save: _Save = None,
    as_json: AsJson = False,
) -> None:
    """Print a shortest run in which something happens that may: what holds can be looked at too.

    Exit status: 0 there is one, 1 there is none in the scope, 2 bad usage, 3 not finished.
    """
    from checker.conformance.run_file import FORMAT
    from checker.explain.witness import witness as found_in
    from checker.runs.trace import step_as_json
    from checker.shown import console
    from checker.shown.live import Live
    from spec.failures.edits import Edits

    base = catalogue().scope(scope)
    if save and without:
        raise Wrong("--save: the run would need what is taken away; leave --without out")
    if save:
        check_out(save, FORMAT)
    target = " ".join(wanted)
    with Live() as live:
        whole = Edits.parse(without or ()).on(base)
        found = found_in(whole, target, report=live.watch(whole))
    if save and found.end is not None:
        _save(save, base, found)
    if as_json:
        lines = None if found.end is None else [step_as_json(line) for line in found.lines]
        answer = {"steps": lines, "states": found.states, "stopped_by": found.stopped_by}
        console.emit({"ok": found.end is not None, "scope": scope, "wanted": target, **answer})
    elif found.end is not None:
        _show(found.lines)
        if not found.lines:
            console.line(f"{target}: it is so from the beginning")
    if found.end is None:
        how = f"stopped by {found.stopped_by}" if found.stopped_by else "there are no more"
        console.say(f"{target}: in none of {found.states:,} states of {scope}; {how}")
        raise typer.Exit(3 if found.stopped_by else 1)


def _save(file: Path, scope: Scope, found: Witness) -> None:
    from checker.conformance.run_file import FORMAT, Run, record
    from checker.runs.trace import save as write
    from checker.shown.console import say

    with writing(file, "name another file with --save"):
        write(file, record(Run(scope, found.steps)), FORMAT)
    say(f"Replay it: {with_spec(f'ffq replay {shlex.quote(str(file))}')}")
