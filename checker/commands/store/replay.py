"""`ffq sql` and `ffq replay`: what is derived from the spec for SQLite, and a trace run on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from checker.commands.edits import Protected, WithoutAsFound, as_found
from checker.commands.options import (
    Wrong,
    catalogue,
    close,
    complete_scope,
    for_sqlite,
    reachable,
)

if TYPE_CHECKING:
    from checker.conformance.beside_spec import Replayed
    from checker.conformance.generate import RunDiffers
    from checker.runs.story import Story
    from checker.runs.trace import Trace
    from impl.derive.design import Design
    from spec.failures.edits import Edits

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def sql(
    action: Annotated[str | None, typer.Argument(help="Only the statement of this one.")] = None,
    scope: Annotated[
        str, typer.Option(help="Which scope.", autocompletion=complete_scope)
    ] = "whole",
    as_json: AsJson = False,
) -> None:
    """Print the schema and the guarded statements that are derived from the spec.

    Exit status: 0 they are printed, 2 bad usage.
    """
    from checker.conformance.sql import as_json_of, explained
    from checker.shown import console

    design = _derived(scope)
    if action is not None and action not in design.transitions:
        remedy = close(action, design.transitions, "ffq sql")
        raise Wrong(f"there is no action '{action}' in {scope}; {remedy}")
    chosen = [t for name, t in design.transitions.items() if action in (None, name)]
    schema = [design.schema] if action is None else []
    if as_json:
        answer: dict[str, Any] = {"ok": True, "scope": scope}
        if action is None:
            answer["schema"] = design.schema
        console.emit(answer | {"actions": {t.action.name: as_json_of(t) for t in chosen}})
        return
    text = "\n".join([*schema, *map(explained, chosen)])
    console.console().print(text, soft_wrap=True, end="")


def _derived(scope: str) -> Design:
    from impl.derive.design import derive
    from impl.derive.view import Inexpressible

    try:
        return derive(catalogue().scope(scope))
    except Inexpressible as wrong:
        raise Wrong(f"{wrong}; name a scope that a store can hold") from None


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
    seed: Annotated[int, typer.Option(help="The seed of the first random run.")] = 1,
    scope: Annotated[
        str,
        typer.Option(help="Which scope to generate in.", autocompletion=complete_scope),
    ] = "whole",
    as_json: AsJson = False,
) -> None:
    """Run a trace on the reference implementation, comparing it with the spec after every step.

    Exit status: 0 both agree and nothing is violated, 1 they differ or a property is violated in
    the database, 2 bad usage.
    """
    if (file is None) == (generate is None):
        raise Wrong("one of a trace and --generate is wanted; `ffq replay --help` says more")
    if generate is not None:
        if without or protected or database:
            raise Wrong("--generate: --without and --database are for a trace; leave them out")
        _generate(scope, range(seed, seed + generate), as_json)
    elif file is not None:
        from checker.conformance.run_file import is_run

        if not is_run(file):
            _replay_trace(file, without, protected, database, as_json)
        elif without or protected:
            raise Wrong(f"{file}: a run asks nothing of a protection; leave --without out")
        else:
            _replay_run(file, database, as_json)


def _generate(scope: str, seeds: range, as_json: bool) -> None:
    from rich.table import Table

    from checker.conformance import generate as replay_generate
    from checker.shown import console
    from impl.derive.view import Inexpressible

    found, live = catalogue(), console.Live()
    small = replay_generate.small(found.scope("one-job"))
    chosen = found.scope(scope)
    try:
        done = replay_generate.generate(chosen, small, seeds, live.watch(chosen))
    except Inexpressible as wrong:
        raise Wrong(f"{wrong}; name a scope that a store can hold") from None
    except replay_generate.RunDiffers as stopped:
        live.done()
        _differs(stopped.differs, _kept(stopped, seeds.start), as_json)
    finally:
        live.done()
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
    console.say(f"Replay it: ffq replay {file}")
    return file


def _replay_run(file: Path, database: Path | None, as_json: bool) -> None:
    from checker.conformance.beside_spec import Divergence
    from checker.conformance.run_file import read, replay_run
    from checker.runs.trace import BadTrace
    from checker.shown import console
    from impl.sqlite.files import MEMORY, StoreError

    try:
        run = read(file, catalogue().scopes)
        steps = replay_run(run, MEMORY if database is None else str(database))
    except (BadTrace, StoreError) as wrong:
        raise Wrong(str(wrong)) from None
    except Divergence as differs:
        _differs(differs, file, as_json)
    if as_json:
        scope = {"name": run.scope.name, "bounds": dict(run.scope.bounds)}
        console.emit({"ok": True, "scope": scope, "steps": steps})
        return
    out = console.console()
    console.show_title(out, run.scope, [])
    out.print(f"steps that agree with the spec in every column and all memory: {steps}")


def _differs(differs: Exception, kept: Path | None, as_json: bool) -> NoReturn:
    from checker.conformance.beside_spec import Divergence
    from checker.shown import console

    console.say(str(differs))
    if isinstance(differs, Divergence) and differs.sql:
        console.console(stderr=True).print(differs.sql)
    if as_json:
        answer = {"ok": False, "error": str(differs), "divergence": _parts(differs)}
        console.emit(answer if kept is None else {**answer, "run": str(kept)})
    raise typer.Exit(1)


def _replay_trace(
    file: Path, wanted: list[str] | None, protected: bool, database: Path | None, as_json: bool
) -> None:
    from checker.conformance.beside_spec import Divergence, replay_trace
    from checker.runs.reading import read
    from checker.runs.trace import BadTrace, Diverged
    from checker.runs.trace import replay as follow
    from checker.shown import console
    from impl.derive.view import Inexpressible
    from impl.sqlite.files import MEMORY, StoreError

    try:
        trace = read(file, catalogue().scopes)
        _, story = follow(trace)  # a trace that its own spec does not follow shows nothing
        path = MEMORY if database is None else str(database)
        edits = as_found(wanted, protected, trace.edits)
        found = replay_trace(trace, edits, path)
    except (BadTrace, StoreError, Inexpressible) as wrong:
        raise Wrong(str(wrong)) from None
    except (Diverged, Divergence) as differs:
        _differs(differs, None, as_json)
    if as_json:
        claim = {"id": story.broken.id, "name": story.broken.name}
        answer = {
            "ok": not found.broken,
            "scope": {"name": trace.scope.name, "bounds": dict(trace.scope.bounds)},
            "without": edits,
            "steps": found.steps,
            "refused": found.refused,
            "broken": claim if found.broken else None,
        }
        console.emit(answer)
    else:
        _show(trace, story, found, edits)
    raise typer.Exit(1 if found.broken else 0)


def _show(trace: Trace, story: Story, found: Replayed, edits: Edits) -> None:
    from checker.shown import console

    out = console.console()
    console.show_title(out, trace.scope, edits.titles)
    out.print(f"steps that agree with the spec in every column and all memory: {found.steps}")
    claim = f"{story.broken.id} {story.broken.name}"
    if found.refused:
        line = trace.lines[found.steps]
        step = f"step {line.n}, {line.call} of {line.actor}"
        out.print(f"{step}, is refused, as by the spec: {found.refused}", soft_wrap=True)
    elif trace.loop is not None:
        out.print(
            f"from step {trace.loop} on it never ends: no state can break {claim}, "
            "a run without end can",
            soft_wrap=True,
        )
    else:
        out.print(f"{claim} {'is broken' if found.broken else 'holds'} in the database")


def _parts(differs: Exception) -> dict[str, Any] | None:
    from checker.conformance.beside_spec import Divergence

    if not isinstance(differs, Divergence):
        return None
    return {
        "step": differs.step,
        "call": differs.call,
        "place": differs.place,
        "want": differs.want,
        "got": differs.got,
        "sql": differs.sql,
    }


def register(app: typer.Typer) -> None:
    """Give the command line its two commands."""
    app.command()(sql)
    app.command()(replay)
