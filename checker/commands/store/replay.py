"""`ffq replay`: a trace, a run or many of them, on the spec and on a store side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from checker.commands.edits import Protected, WithoutAsFound, as_found, asked
from checker.commands.options import (
    AsJson,
    Wrong,
    catalogue,
    complete_scope,
    for_sqlite,
    reachable,
    with_spec,
)
from checker.commands.store.served import Store, served

if TYPE_CHECKING:
    from checker.conformance.beside_spec import Divergence
    from checker.conformance.generate import RunDiffers
    from spec.failures.edits import Edits


ForTrace = Annotated[
    Store | None,
    typer.Option(help="Where to run a trace; else sqlite. A server is started for it."),
]


def replay(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A trace that ffq check has saved, or a run kept here.", callback=reachable
        ),
    ] = None,
    without: WithoutAsFound = None,
    protected: Protected = False,
    database: Annotated[
        Path | None,
        typer.Option(help="Use this file, which must be new; else memory.", callback=for_sqlite),
    ] = None,
    generate: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Without a trace: runs that meet every action, every refusal and every edge of a "
            "small scope, and this many at random.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The seed of the first random run; default: 1.")
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(
            help="Which scope to generate in; default: whole, or the first of --spec.",
            autocompletion=complete_scope,
        ),
    ] = None,
    store: ForTrace = None,
    as_json: AsJson = False,
) -> None:
    """Run a trace on the reference implementation, comparing it with the spec after every step.

    Of each step it prints the SQL, and the state of both before and after.

    Exit status: 0 both agree and nothing is violated, 1 they differ or a property is violated in
    the database, 2 bad usage.
    """
    if (file is None) == (generate is None):
        raise Wrong("one of a trace and --generate is wanted; `ffq replay --help` says more")
    if store is Store.postgresql and (database or generate is not None):
        raise Wrong("--store postgresql: is for a trace, and has no file; leave the other out")
    if generate is not None:
        if without or protected or database:
            raise Wrong("--generate: --without and --database are for a trace; leave them out")
        _generate(scope, generate, seed, as_json)
    elif file is not None:
        if scope is not None or seed is not None:
            raise Wrong("--scope and --seed are for --generate, a file has its own; leave them out")
        if not _is_run(file):
            _replay_trace(file, asked(without, protected), database, store, as_json)
        elif without or protected:
            raise Wrong(f"{file}: a run asks nothing of a protection; leave --without out")
        elif store is Store.postgresql:
            raise Wrong(f"{file}: a run is tried in a file; leave --store out")
        else:
            _replay_run(file, database, as_json)


def _is_run(file: Path) -> bool:
    from checker.conformance.run_file import is_run

    return is_run(file)


def _generate(scope: str | None, random: int, seed: int | None, as_json: bool) -> None:
    from rich.table import Table

    from checker.conformance import generate as replay_generate
    from checker.shown import console
    from checker.shown.live import Live

    found = catalogue()
    small = replay_generate.one_recoverer(found.or_usual(None, "one-job"))
    chosen = found.or_usual(scope, "whole")
    first = 1 if seed is None else seed
    seeds = range(first, first + random)
    try:
        with Live() as live:
            done = replay_generate.generate(chosen, small, seeds, live.watch(chosen))
    except replay_generate.RunDiffers as stopped:
        _differs(stopped.differs, _kept(stopped, seeds.start), as_json)
    if as_json:
        console.emit({"ok": True, **replay_generate.as_json(done)})
        return
    out = console.console()
    console.show_title(out, chosen, [])
    rows = Table("action", "taken", "refused by", box=None, pad_edge=False)
    for row in replay_generate.table(done):
        rows.add_row(*row)
    out.print(rows)
    for line in replay_generate.facts(done, console.bounds(small)):
        out.print(line, soft_wrap=True)


def _kept(stopped: RunDiffers, seed: int) -> Path | None:
    """Return where the run is kept, and say how to replay it."""
    from checker.conformance.generate import keep
    from checker.runs.trace import BadTrace
    from checker.shown import console

    try:
        file = keep(stopped.run, seed)
    except (OSError, BadTrace) as failed:
        console.say(f"the run was not saved: {failed}; make room for it")
        return None
    console.say(f"Replay it: {with_spec(f'ffq replay {file}')}")
    return file


def _replay_run(file: Path, database: Path | None, as_json: bool) -> None:
    from checker.conformance.beside_spec import Divergence
    from checker.conformance.run_file import read, replay_run
    from checker.shown import console
    from impl.sqlite.file.files import MEMORY

    try:
        run = read(file, catalogue().scopes)
        steps = replay_run(run, MEMORY if database is None else str(database))
    except Divergence as differs:
        _differs(differs, file, as_json)
    if as_json:
        scope = {"name": run.scope.name, "bounds": dict(run.scope.bounds)}
        console.emit({"ok": True, "scope": scope, "steps": steps})
        return
    out = console.console()
    console.show_title(out, run.scope, [])
    out.print(f"steps that agree with the spec in every column and all memory: {steps}")


def _differs(differs: Divergence, kept: Path | None, as_json: bool) -> NoReturn:
    from checker.shown import console

    console.say(str(differs))
    if differs.sql:
        console.console(stderr=True).print(differs.sql)
    if as_json:
        answer = {"ok": False, "error": str(differs), "difference": _parts(differs)}
        console.emit(answer if kept is None else {**answer, "run": str(kept)})
    raise typer.Exit(1)


def _replay_trace(
    file: Path, wanted: Edits | None, database: Path | None, store: Store | None, as_json: bool
) -> None:
    from checker.commands.store import side_by_side
    from checker.conformance.watched import beside
    from checker.runs.reading import read
    from checker.runs.trace import replay as follow
    from checker.shown import console
    from impl.sqlite.file.files import MEMORY

    trace = read(file, catalogue().scopes)
    _, story = follow(trace)  # a trace that its own spec does not follow shows nothing
    edits = as_found(trace.edits) if wanted is None else wanted
    with served(store) as server:
        found = beside(trace, edits, MEMORY if database is None else str(database), server)
    ok = not found.broken and found.difference is None
    if as_json:
        answer = side_by_side.as_json(trace, story.broken, found, edits)
        console.emit({"ok": ok, **answer, "difference": _parts(found.difference)})
    else:
        side_by_side.show(trace, found, edits)
    raise typer.Exit(0 if ok else 1)


def _parts(differs: Divergence | None) -> dict[str, Any] | None:
    if differs is None:
        return None
    return {
        "step": differs.step,
        "call": differs.call,
        "place": differs.place,
        "want": differs.want,
        "got": differs.got,
        "sql": differs.sql,
    }
