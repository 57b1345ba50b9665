"""`ffq trace export` and `ffq trace import`: traces in the formats of other tools, and back."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.edits import WithoutAsFound
from checker.commands.options import (
    AsJson,
    TraceFile,
    catalogue,
    complete_property,
    complete_scope,
    reachable,
    with_spec,
    writing,
)
from checker.commands.trace.why import opened

if TYPE_CHECKING:
    from checker.runs.story import Story
    from checker.runs.trace import Trace


class As(StrEnum):
    """What a trace can be exported as."""

    itf = "itf"
    mermaid = "mermaid"
    md = "md"
    svg = "svg"
    html = "html"
    pytest = "pytest"
    shiviz = "shiviz"
    jsonl = "jsonl"


def export(
    file: TraceFile,
    kind: Annotated[
        As,
        typer.Option(
            "--as",
            help="md: a postmortem. mermaid, svg: a picture. html: a page to step through. "
            "pytest: a test that replays it. itf, shiviz: for other tools. jsonl: a trace of ours.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write this file; default: print it.", callback=reachable)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a trace in another format: a postmortem, a picture, a test, or for another tool.

    A file is overwritten only by its own kind. Exit status: 0 it is written, 1 the spec does not
    follow the trace, 2 bad usage.
    """
    from checker.export.formats import FORMATS, check_place, write
    from checker.shown import console
    from checker.shown.live import Live

    run = opened(file, as_json)
    known = FORMATS[kind.value]
    with Live() as live, writing(out, "name another file with --out"):
        live.say(run.name)(f"writing {kind.value}")
        if out is not None:
            check_place(out, known)  # before what may take long
        text = known.text(run, file)
        if out is not None:
            write(out, text, known)
    if as_json:
        where = {"text": text} if out is None else {"file": str(out)}
        console.emit({"ok": True, "as": kind.value, **where})
    elif out is None and sys.stdout.isatty():
        for line in text.splitlines():  # a note in it may be somebody else's
            console.line(line)
    elif out is None:
        sys.stdout.write(text)
    else:
        console.console().print(str(out), soft_wrap=True)


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="A trace in ITF, such as Quint and Apalache write.", callback=reachable
        ),
    ],
    out: Annotated[Path, typer.Option(help="The trace to write.", callback=reachable)],
    scope: Annotated[
        str | None,
        typer.Option(
            help="The scope it belongs to; default: what the file says.",
            autocompletion=complete_scope,
        ),
    ] = None,
    without: WithoutAsFound = None,
    property: Annotated[
        str | None,
        typer.Option(
            help="What it violates, by name; default: what the file says, or what is found.",
            autocompletion=complete_property,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a trace in ITF, follow it on the spec, and save it as a trace of ours.

    Steps that the file does not name are looked for. Exit status: 0 it is saved, 1 the spec does
    not follow it or nothing is violated, 2 bad usage.
    """
    from checker.export.itf_reading import Asked, read
    from checker.runs.trace import record, save
    from spec.failures.edits import Edits

    found = catalogue()
    if scope is not None:
        found.scope(scope)
    with writing(out, "name another file with --out"):
        trace, story = read(file, found.scopes, Asked(scope, Edits.parse(without or ()), property))
        save(out, record(trace, story))
    _say(trace, story, out, as_json)


def _say(trace: Trace, story: Story, out: Path, as_json: bool) -> None:
    from checker.shown import console

    claim = {"id": story.broken.id, "name": story.broken.name}
    if as_json:
        answer = {"ok": True, "file": str(out), "scope": trace.scope.name, "property": claim}
        console.emit(answer | {"steps": len(story.lines)})
        return
    steps = f"{len(story.lines)} step{'s' * (len(story.lines) != 1)}"
    printed = console.console()
    printed.print(f"{claim['id']} {claim['name']} is broken in {steps}", soft_wrap=True)
    again = with_spec(f"ffq trace show {shlex.quote(str(out))}")
    printed.print(f"See it: {again}", soft_wrap=True)
