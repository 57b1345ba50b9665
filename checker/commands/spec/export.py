"""`ffq export`: the spec in other languages, for other checkers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from checker.commands.options import AsJson, catalogue, complete_scope, group, reachable, writing


def tla(
    scope: Annotated[str, typer.Argument(help="Which scope.", autocompletion=complete_scope)],
    symmetry: Annotated[
        bool, typer.Option("--symmetry", help="Let TLC merge what is interchangeable.")
    ] = False,
    out: Annotated[Path, typer.Option(help="The folder to write to.", callback=reachable)] = Path(
        "."
    ),
    as_json: AsJson = False,
) -> None:
    """Write a scope as TLA+ with a model configuration, for TLC."""
    from checker.export.tla.spec import write
    from checker.shown import console

    chosen = catalogue().scope(scope)
    # A module of TLA+ has a name without spaces and signs, and not of digits first.
    name = re.sub(r"\W+", "_", chosen.name)
    name = name if name[:1].isalpha() else f"Scope_{name}"
    with writing(out, "name another folder with --out"):
        files = write(chosen, out, name, symmetry)
    if as_json:
        console.emit({"ok": True, "files": [str(file) for file in files]})
    else:
        for file in files:
            console.console().print(str(file), soft_wrap=True)


export = group("The spec in other languages.", {"tla": tla})
