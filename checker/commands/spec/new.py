"""`ffq new`: a spec to begin with, in a file of the user's own."""

from __future__ import annotations

import keyword
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from checker.commands.options import AsJson, Wrong, writable, writing

_MODEL = "leader"
"""What the spec that is copied is called in its own text."""


def new(
    name: Annotated[str, typer.Argument(help="What the spec, and its file, are to be called.")],
    out: Annotated[Path, typer.Option(help="The folder to write to.", callback=writable)] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a small spec that checks: nodes take a lock in turn, and the one that has it writes.

    Exit status: 0 it is written, 2 it cannot be, and nothing is changed.
    """
    from checker.runs.projects import OURS
    from checker.shown import console

    if not name.isidentifier() or keyword.iskeyword(name):
        raise Wrong(f"'{name}' is no name in Python; write letters, digits and _")
    if name in sys.stdlib_module_names or name in OURS:
        raise Wrong(f"'{name}' is a module that Python finds first; choose another")
    text = re.sub(rf"\b{_MODEL}\b", name, _text())
    file = out / f"{name}.py"
    if os.path.lexists(file):
        raise Wrong(f"{file}: is there, and was left alone; choose another name")
    with writing(file, "name another folder with --out"):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
    if as_json:
        console.emit({"ok": True, "file": str(file)})
        return
    printed = console.console()
    printed.print(f"{file} is written", soft_wrap=True)
    printed.print(f"Check it: ffq check --spec {shlex.quote(str(file))}", soft_wrap=True)


def _text() -> str:
    """Return the text of the spec that is copied; it is one that the tests check."""
    import ffq.leader

    return Path(ffq.leader.__file__).read_text("utf-8")
