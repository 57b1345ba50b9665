"""`ffq trace show`: a saved trace, replayed on the spec and told again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import (
    Group,
    catalogue,
    following,
    kept_image,
    listed,
    reachable,
)
from checker.commands.store.replay import replay
from checker.commands.trace import diff, files, lens, notes, search, why

if TYPE_CHECKING:
    from rich.console import Console

    from spec.language.scope import Scope, State


def register(app: typer.Typer) -> None:
    """Add the group, and its commands."""
    traces = typer.Typer(cls=Group, help="Saved traces.")
    traces.callback(invoke_without_command=True)(listed)
    traces.command()(show)
    traces.command()(replay)
    for module in (
        why, diff, lens, search, notes,
        files,
    ):  # fmt: skip
        module.register(traces)
    app.add_typer(traces, name="trace")


def show(
    file: Annotated[
        Path,
        typer.Argument(
            help="A trace that ffq check has saved, or an image that ffq crashlab has kept.",
            callback=reachable,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Replay a trace on the spec and print its story; or that of an image, with the disk in it.

    Exit status: 0 it is shown, 1 the spec does not follow it, 2 it cannot be read.
    """
    from checker.runs.reading import read
    from checker.runs.trace import replay, state_as_json, step_as_json
    from checker.shown import console

    image = kept_image(file)
    if image is not None:
        from checker.commands.store.crashlab_show import show_image

        show_image(image, as_json)
        return
    with following(as_json):
        trace = read(file, catalogue().scopes)
        _, story = replay(trace)
    edits = trace.edits.titles
    if as_json:
        answer = {
            "ok": True,
            "scope": {"name": trace.scope.name, "bounds": dict(trace.scope.bounds)},
            "edits": edits,
            "engine": trace.engine,
            "start": None if trace.start is None else state_as_json(trace.edited, trace.start),
            "property": {"id": story.broken.id, "name": story.broken.name},
            "steps": [step_as_json(line) for line in story.lines],
            "loop": story.loop,
            "broken": {
                "for": story.broken.when,
                "clause": story.broken.clause,
                "reasons": list(story.broken.reasons),
            },
        }
        console.emit(answer)
        return
    out = console.console()
    console.show_title(out, trace.scope, edits)
    out.print()
    if trace.start is not None:
        _show_start(out, trace.edited, trace.start)
    console.show_story(out, story)


def _show_start(out: Console, scope: Scope, start: State) -> None:
    """Print the state that a trace begins in, where it differs from the initial one."""
    from rich.text import Text

    from spec.language.evaluate import Evaluator
    from spec.language.scope import value_name

    out.print("It begins in a state that is not known to be reachable:", style="bold yellow")
    initial = Evaluator(scope).initial()
    for place, value, first in zip(scope.places, start, initial, strict=True):
        if value != first:
            said = f"  {place.name} {value_name(place.field.type, value)}"
            out.print(Text(said), soft_wrap=True)
    out.print()
