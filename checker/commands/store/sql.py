"""`ffq sql`: what is derived from the spec for SQLite, or for PostgreSQL."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from checker.commands.options import AsJson, among, catalogue, complete_scope


def sql(
    action: Annotated[str | None, typer.Argument(help="Only the statement of this one.")] = None,
    scope: Annotated[
        str | None,
        typer.Option(
            help="Which scope; default: whole, or the first of --spec.",
            autocompletion=complete_scope,
        ),
    ] = None,
    dialect: Annotated[str, typer.Option(help="For which store: sqlite or postgresql.")] = "sqlite",
    as_json: AsJson = False,
) -> None:
    """Print the schema and the guarded statements that are derived from the spec.

    Exit status: 0 they are printed, 2 bad usage.
    """
    from checker.conformance.sql import DialectName, as_json_of, explained, level, made
    from checker.shown import console
    from impl.derive.design import derive

    among(dialect, list(DialectName), "dialect", "ffq sql --help")
    said = DialectName(dialect)
    base = catalogue().or_usual(scope, "whole")
    design = derive(base)
    if action is not None:
        among(action, design.transitions, "action", "ffq sql")
    chosen = [t for name, t in design.transitions.items() if action in (None, name)]
    making = made(design, said) if action is None else {}
    if as_json:
        answer: dict[str, Any] = {
            "ok": True,
            "scope": base.name,
            "dialect": dialect,
            **making,
        }
        actions = {
            t.action.name: as_json_of(t, said) | {"isolation": level(design, t, said)}
            for t in chosen
        }
        console.emit(answer | {"actions": actions})
        return
    text = "\n".join(
        [*making.values(), *(explained(t, said, level(design, t, said)) for t in chosen)]
    )
    console.console().print(text, soft_wrap=True, end="")
