"""`ffq trace replay`: a trace on the spec and on SQLite, side by side, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.edits import Protected, WithoutAsFound, as_found
from checker.commands.options import (
    TraceFile,
    Wrong,
)
from checker.commands.trace.why import opened

if TYPE_CHECKING:
    from rich.console import Console

    from checker.conformance.watched import Beside, Ran, Seen
    from checker.explain.run import Run
    from spec.failures.edits import Edits
    from spec.language.scope import Scope, State

KEPT_IN = {"durable": "row", "volatile": "memory", "world": "world", "ghost": "spec only"}
"""Where the implementation keeps a field, by what survives of it."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    file: TraceFile,
    without: WithoutAsFound = None,
    protected: Protected = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Take each step on the spec and on SQLite: print the SQL, and both states side by side.

    Exit status: 0 both agree and nothing is violated, 1 they differ or a property is violated in
    the database, 2 bad usage.
    """
    from checker.conformance.watched import NO_REPLAY, beside
    from checker.shown import console

    run = opened(file, as_json)
    try:
        edits = as_found(without, protected, run.trace.edits)
        found = beside(run.trace, edits)
    except NO_REPLAY as wrong:
        raise Wrong(str(wrong)) from None
    ok = not found.broken and found.difference is None
    if as_json:
        console.emit({"ok": ok, **_as_json(run, found, edits)})
    else:
        out = console.console()
        console.show_title(out, run.trace.scope, edits.titles)
        for before, seen in _pairs(found):
            _show(out, found.scope, before, seen)
        _end(out, run, found)
    raise typer.Exit(0 if ok else 1)


def _pairs(found: Beside) -> Iterator[tuple[State, Seen]]:
    before = found.start
    for seen in found.steps:
        yield before, seen
        before = seen.model


# ---------------------------------------------------------------- for people
def _show(out: Console, scope: Scope, before: State, seen: Seen) -> None:
    from rich.text import Text

    line = seen.line
    out.print()
    out.print(Text(f"{line.n}  {line.actor}  {line.call}", style="bold"), soft_wrap=True)
    for ran in seen.ran:
        if ran.role == "step":
            _show_sql(out, ran)
    rows = _rows(scope, before, seen)
    table = [["", "before", "spec", "store", "kept in"]]
    table += [[r["place"], r["before"], r["spec"], r["store"], r["kept_in"]] for r in rows]
    widths = [max(len(row[n]) for row in table) for n in range(5)]
    for row, told in zip(table if rows else [], [None, *rows], strict=False):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        style = "dim" if told is None else "" if told["agree"] else "bold red"
        out.print(Text(f"   {'  '.join(cells)}".rstrip(), style=style), soft_wrap=True)
    if seen.difference is not None:
        out.print(Text(f"   they differ: {seen.difference}", style="bold red"), soft_wrap=True)
    elif seen.refused is not None:
        out.print(f"   both refuse it: {seen.refused}", soft_wrap=True)
    elif not rows:
        out.print("   nothing changes", style="dim")


def _show_sql(out: Console, ran: Ran) -> None:
    from rich.text import Text

    for text in ran.sql.splitlines():
        out.print(Text(f"   {text}", style="cyan"), soft_wrap=True)
    bound = ", ".join(f":{name} = {_sql(value)}" for name, value in ran.parameters.items())
    out.print(Text(f"   with {bound}" if bound else "   with nothing", style="dim"), soft_wrap=True)


def _sql(value: Any) -> str:
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


def _end(out: Console, run: Run, found: Beside) -> None:
    broken = run.story.broken
    taken = len(found.steps) - (found.refused is not None or found.difference is not None)
    out.print()
    out.print(f"steps that agree with the spec in every column and all memory: {taken}")
    if found.difference is not None:
        return
    if found.refused is not None:
        out.print(f"the next is refused, as by the spec: {found.refused}", soft_wrap=True)
    elif run.trace.loop is not None:
        out.print(
            f"it never ends: no state can break {broken.id} {broken.name}, a run without end can"
        )
    else:
        says = "is broken" if found.broken else "holds"
        out.print(f"{broken.id} {broken.name} {says} in the database", soft_wrap=True)


# ---------------------------------------------------------------- for programs
def _as_json(run: Run, found: Beside, edits: Edits) -> dict[str, Any]:
    from checker.runs.trace import state_as_json

    claim = {"id": run.story.broken.id, "name": run.story.broken.name}
    differs = found.difference
    return {
        "scope": {"name": run.trace.scope.name, "bounds": dict(run.trace.scope.bounds)},
        "without": edits,
        "start": state_as_json(found.scope, found.start),
        "steps": [_step_as_json(found.scope, *pair) for pair in _pairs(found)],
        "refused": found.refused,
        "difference": differs
        and {"place": differs.place, "want": differs.want, "got": differs.got},
        "broken": claim if found.broken else None,
    }


def _step_as_json(scope: Scope, before: State, seen: Seen) -> dict[str, Any]:
    from checker.runs.trace import state_as_json

    line = seen.line
    return {
        "n": line.n,
        "actor": line.actor,
        "action": line.action,
        "params": line.params,
        "refused": seen.refused,
        "spec": state_as_json(scope, seen.model),
        "store": None if seen.store is None else state_as_json(scope, seen.store),
        "changed": _rows(scope, before, seen),
        "statements": [
            {"role": ran.role, "sql": ran.sql, "parameters": dict(ran.parameters)}
            for ran in seen.ran
        ],
    }


def _rows(scope: Scope, before: State, seen: Seen) -> list[dict[str, Any]]:
    """Return each place that changed or in which both differ, its values as words."""
    from spec.language.scope import value_name

    store = seen.store if seen.store is not None else (None,) * len(before)
    rows = []
    for place, old, model, got in zip(scope.places, before, seen.model, store, strict=True):
        kind = place.field.type
        agree = seen.store is not None and model == got
        if old == model and agree:
            continue
        told = "?" if seen.store is None else value_name(kind, got)
        rows.append(
            {
                "place": place.name,
                "before": value_name(kind, old),
                "spec": value_name(kind, model),
                "store": told if place.field.kept else "-",
                "kept_in": KEPT_IN[place.field.survival],
                "agree": agree,
            }
        )
    return rows
