"""`ffq scopes`: what there is to check, and the names to say it with."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.commands.options import AsJson, catalogue, complete_scope


def scopes(
    name: Annotated[
        str | None,
        typer.Argument(help="Show this one in full.", autocompletion=complete_scope),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the scopes; or of one the fields, the actions and what can be edited, the claims."""
    from checker.shown import console
    from checker.shown.scope import as_json as in_full
    from checker.shown.scope import show_scope

    found = catalogue()
    chosen = [found.scope(name)] if name else list(found.scopes.values())
    if as_json:
        listed = [
            {**in_full(s), "default": s.name in found.default, "deep": s.name in found.deep}
            for s in chosen
        ]
        console.emit({"ok": True, "scopes": listed})
        return
    out = console.console()
    for s in chosen:
        when = "default" if s.name in found.default else "deep" if s.name in found.deep else ""
        show_scope(out, s, when, full=name is not None)
