"""`ffq fairness`: each assumption about fair runs dropped in turn, and which property breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import catalogue, complete_scope

if TYPE_CHECKING:
    from rich.console import Console

    from checker.runs.exploration import Report
    from checker.verdicts.fairness import Assumed
    from spec.language.scope import Scope


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(fairness)


def fairness(
    scope: Annotated[
        list[str] | None,
        typer.Option(help="Ask this scope; may be repeated.", autocompletion=complete_scope),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Drop each assumption about fair runs in turn: which property needs it?

    Scopes are asked from the smallest on; the first in which a property breaks speaks for the
    assumption. `ffq check --without` with the name of an assumption shows the run. Exit status: 0
    if each is needed, 1 if not, 2 bad usage.
    """
    from checker.shown import console
    from checker.verdicts import fairness as assumed

    found = catalogue()
    out, live = console.console(), console.Live()

    def watch(scope: Scope, what: str) -> Report | None:
        return live.watch(replace(scope, name=f"{scope.name} {what}"))

    rows: list[Assumed] = []
    try:
        scopes = assumed.by_size([found.scope(name) for name in scope or found.default])
        complaints = assumed.healthy(scopes)
        for row in [] if complaints else assumed.needed(scopes, watch):
            live.done()
            rows.append(row)
            if not as_json:
                _show(out, row)
    finally:
        live.done()
    complaints += assumed.complaints(rows)
    if as_json:
        console.emit(
            {
                "ok": not complaints,
                "scopes": [{"name": s.name, "bounds": dict(s.bounds)} for s in scopes],
                "assumptions": [_as_json(row) for row in rows],
                "complaints": complaints,
            }
        )
    else:
        for s in scopes:
            out.print(f"{s.name}: {console.bounds(s)}", style="dim")
        for line in complaints:
            out.print(line, style="bold red", soft_wrap=True)
        out.print(f"{len(rows)} assumptions, {sum(bool(r.breaks) for r in rows)} needed")
    raise typer.Exit(1 if complaints else 0)


def _show(out: Console, row: Assumed) -> None:
    from rich.text import Text

    title = Text(row.dropped, style="bold")
    title.append(f"  in {row.scope}" if row.scope else "  nothing breaks", style="not bold dim")
    out.print(title)
    for b in row.breaks:
        line = Text(f"  ✗{len(b.lasso.stem):<3}", style="bold red")
        line.append(f"{b.claim.id:<8}{b.claim.name}", style="not bold default")
        out.print(line, soft_wrap=True)


def _as_json(row: Assumed) -> dict[str, Any]:
    return {
        "dropped": row.dropped,
        "scope": row.scope,
        "breaks": [
            {
                "id": b.claim.id,
                "name": b.claim.name,
                "stem": len(b.lasso.stem),
                "loop": len(b.lasso.loop),
            }
            for b in row.breaks
        ],
        "not_needed_in": list(row.asked),
    }
