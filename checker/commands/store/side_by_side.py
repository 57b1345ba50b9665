"""A trace on the spec and on SQLite, side by side, step by step: what `ffq replay` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from checker.conformance.watched import Beside, Ran, Seen
    from checker.runs.story import Broken
    from checker.runs.trace import Trace
    from spec.failures.edits import Edits
    from spec.language.scope import Scope, State

KEPT_IN = {"durable": "row", "volatile": "memory", "world": "world", "ghost": "spec only"}
"""Where the implementation keeps a field, by what survives of it."""


def show(trace: Trace, found: Beside, edits: Edits) -> None:
    """Print each step: the SQL, and both states where they change or differ; then the outcome."""
    from checker.conformance.watched import outcome
    from checker.shown import console

    out = console.console()
    console.show_title(out, trace.scope, edits.titles)
    for before, seen in _pairs(found):
        _show(out, found.scope, before, seen)
    out.print()
    out.print(outcome(trace, found), soft_wrap=True)


def as_json(trace: Trace, claim: Broken, found: Beside, edits: Edits) -> dict[str, Any]:
    """Return the same for programs, but for where they differ."""
    from checker.runs.trace import state_as_json

    return {
        "scope": {"name": trace.scope.name, "bounds": dict(trace.scope.bounds)},
        "without": edits,
        "start": state_as_json(found.scope, found.start),
        "steps": [_step_as_json(found.scope, *pair) for pair in _pairs(found)],
        "taken": found.taken,
        "refused": found.refused,
        "broken": {"id": claim.id, "name": claim.name} if found.broken else None,
    }


def _pairs(found: Beside) -> Iterator[tuple[State, Seen]]:
    before = found.start
    for seen in found.steps:
        yield before, seen
        before = seen.model


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
        out.print(Text(f"   they differ: {seen.difference.fact}", style="bold red"), soft_wrap=True)
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
