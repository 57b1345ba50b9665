"""`ffq profiles`: known designs of a queue, and which claims each of them breaks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import AsJson, among, catalogue, complete_scope

if TYPE_CHECKING:
    from rich.console import Console

    from checker.verdicts.designs import DesignVerdict
    from spec.language.scope import Scope


def profiles(
    name: Annotated[str | None, typer.Argument(help="Only this design, in full.")] = None,
    scope: Annotated[
        str, typer.Option(help="Which scope.", autocompletion=complete_scope)
    ] = "whole",
    as_json: AsJson = False,
) -> None:
    """Hold known designs against the claims of the queue: which holds, and what breaks.

    Exit status: 0 if the queue itself holds and each other design breaks something, 1 if not, 2 bad
    usage.
    """
    from checker.runs.exploration import Limits
    from checker.shown import console
    from checker.shown.live import Live
    from checker.verdicts import designs as profiles
    from spec.failures.profiles import PROFILES

    if name is not None:
        among(name, PROFILES, "profile", "ffq profiles")
    chosen = catalogue().scope(scope)
    rows = []
    with Live() as live:
        for profile in PROFILES.values():
            if name in (None, profile.name):
                watched = partial(live.watch, replace(chosen, name=profile.name))
                rows.append(profiles.row(chosen, profile, Limits(), watched))
    wrong = profiles.complaints(rows)
    if as_json:
        console.emit(_as_json(chosen, rows, wrong))
    else:
        out = console.console()
        console.show_title(out, chosen, [])
        if name is None:
            show(out, rows)
        else:
            _show_one(out, rows[0])
        for line in wrong:
            out.print(line, style="bold red", soft_wrap=True)
    raise typer.Exit(1 if wrong else 0)


def show(out: Console, rows: list[DesignVerdict]) -> None:
    """Print one line for each ID, one column for each design, and what the columns are."""
    from rich.table import Table
    from rich.text import Text

    from spec.failures.profiles import PROFILES

    table = Table("", *(str(n) for n in range(1, len(rows) + 1)), box=None, pad_edge=False)
    for id in sorted(rows[0].by_id):
        cells = [r.by_id[id] for r in rows]
        marks = [f"{c.mark}{'' if c.steps is None else c.steps}" for c in cells]
        table.add_row(id, *(Text(m, "bold red" if "✗" in m else "") for m in marks))
    out.print(table)
    for n, r in enumerate(rows, 1):
        out.print(f"{n}  {r.design.name}: {r.design.doc}", soft_wrap=True)
        if r.undecided:
            out.print(f"   ?: {r.undecided}", style="dim", soft_wrap=True)
        for incident in PROFILES[r.design.name].incidents:
            out.print(f"   {incident.system}: {incident.url}", style="dim", soft_wrap=True)


def _show_one(out: Console, r: DesignVerdict) -> None:
    out.print(f"{r.design.name}: {r.design.doc}", soft_wrap=True)
    edits = ", ".join(r.design.edits) or "none: every protection is in place"
    out.print(f"edits: {edits}", soft_wrap=True)
    for c in r.cells:
        steps = "" if c.steps is None else str(c.steps)
        mark = f"{c.mark}{steps}"
        out.print(f"{mark:<5}{c.claim.id:<8}{c.claim.name}", style="bold red" if steps else "")


def _as_json(scope: Scope, rows: list[DesignVerdict], wrong: list[str]) -> dict[str, Any]:
    from spec.failures.profiles import PROFILES

    return {
        "ok": not wrong,
        "scope": {"name": scope.name, "bounds": dict(scope.bounds)},
        "profiles": [
            {
                "name": r.design.name,
                "doc": r.design.doc,
                "edits": list(r.design.edits),
                "told": [i.url for i in PROFILES[r.design.name].incidents],
                "states": r.states,
                "claims": [
                    {
                        "id": c.claim.id,
                        "name": c.claim.name,
                        "mark": c.mark,
                        "steps": c.steps,
                    }
                    for c in r.cells
                ],
                "ranges": dict(r.ranges),
                "undecided": r.undecided,
            }
            for r in rows
        ],
        "complaints": wrong,
    }
