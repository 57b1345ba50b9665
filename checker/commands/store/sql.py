"""`ffq sql`: what is derived from the spec for SQLite."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from checker.commands.options import AsJson, among, catalogue, complete_scope


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
    from impl.derive.design import derive

    design = derive(catalogue().scope(scope))
    if action is not None:
        among(action, design.transitions, "action", "ffq sql")
    chosen = [t for name, t in design.transitions.items() if action in (None, name)]
    schema = [design.schema, design.triggers] if action is None else []
    if as_json:
        answer: dict[str, Any] = {"ok": True, "scope": scope}
        if action is None:
            answer["schema"] = design.schema
            answer["triggers"] = design.triggers
        console.emit(answer | {"actions": {t.action.name: as_json_of(t) for t in chosen}})
        return
    text = "\n".join([*schema, *map(explained, chosen)])
    console.console().print(text, soft_wrap=True, end="")
