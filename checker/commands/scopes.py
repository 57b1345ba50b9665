"""`ffq scopes`: what there is to check, and the names to say it with."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.commands.options import catalogue, complete_scope


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(scopes)


def scopes(
    name: Annotated[
        str | None,
        typer.Argument(help="Show this one in full.", autocompletion=complete_scope),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the scopes, or the actions, guards and properties of one."""
    from checker.shown import console

    found = catalogue()
    chosen = [found.scope(name)] if name else list(found.scopes.values())
    if as_json:
        listed = [
            {
                "name": s.name,
                "doc": s.doc,
                "bounds": dict(s.bounds),
                "default": s.name in found.default,
                "deep": s.name in found.deep,
                "guards": s.spec.guard_names(),
                "properties": [
                    {
                        "id": p.id,
                        "name": p.name,
                        "kind": p.kind,
                        "doc": p.doc,
                        "unless": {e.name: e.doc for e in p.exemptions},
                    }
                    for p in s.spec.properties.values()
                ],
            }
            for s in chosen
        ]
        console.emit({"ok": True, "scopes": listed})
        return
    out = console.console()
    for s in chosen:
        when = "default" if s.name in found.default else "deep" if s.name in found.deep else ""
        console.show_scope(out, s, when, full=name is not None)
