"""`ffq trace diff`: what a step of a saved trace did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import AsJson, TraceFile, Wrong
from checker.commands.trace.why import opened, show, title, who

if TYPE_CHECKING:
    from checker.explain.diff import Entity
    from checker.explain.run import Run


def diff(
    file: TraceFile,
    step: Annotated[int | None, typer.Option(min=1, help="The step; default: the last.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print what a step of a trace changed, by job and worker, and who had written it before.

    Exit status: 0 it is shown, 1 the spec does not follow the trace, 2 bad usage.
    """
    from checker.explain.diff import entities
    from checker.explain.fate.as_json import place_as_json
    from checker.shown import console

    run = opened(file, as_json)
    n = len(run.steps) if step is None else step
    if not 1 <= n <= len(run.steps):
        raise Wrong(f"there is no step {n}; the trace has {len(run.steps)}")
    before = run.states[n - 1]
    # A step that leaves a range stores nothing.
    after = run.states[n] if n <= run.end else before
    found = entities(run.scope, before, after)
    if as_json:
        changes = [_as_json(run, n, entity) for entity in found]
        where = place_as_json(run, min(n, run.end))
        console.emit({"ok": True, **where, "step": n, "entities": changes})
    else:
        _show(run, n, found)


def _show(run: Run, n: int, found: list[Entity]) -> None:
    from checker.shown import console

    out = console.console()
    title(run, n)
    width = max(len(row.field) for entity in found for row in entity.rows)
    for entity in found:
        changed = [row for row in entity.rows if row.mark == "~"]
        if changed:
            show(out, entity.name, "bold")
        for row in changed:
            last = _writer(run, row.place, n)
            by = f"was written at {last} by {who(run.lines[last - 1])}" if last else ""
            change = f"{row.before} -> {row.after}"
            show(out, f"  ~ {row.field:<{width}}  {change:<24}  {by}".rstrip())
    if n > run.end:
        show(out, f"nothing is stored: {run.story.broken.reasons[0]}", "bold red")
    same = sum(row.mark != "~" for entity in found for row in entity.rows)
    show(out, f"{same} unchanged", "dim")


def _as_json(run: Run, n: int, entity: Entity) -> dict[str, Any]:
    rows = [
        {
            "place": row.place,
            "field": row.field,
            "before": row.before,
            "after": row.after,
            "changed": row.mark == "~",
            "written_at": _writer(run, row.place, n),
        }
        for row in entity.rows
    ]
    return {"name": entity.name, "rows": rows}


def _writer(run: Run, place: str, n: int) -> int:
    """Return the last step before step n that changed the place; 0: none did."""
    from checker.explain.writers import writers

    return next(iter(writers(run, place, n - 1)), 0)
