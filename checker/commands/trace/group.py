"""`ffq trace show`: a saved trace, replayed on the spec and told again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import (
    AsJson,
    catalogue,
    group,
    kept_image,
    reachable,
)
from checker.commands.store.replay import replay
from checker.commands.trace import diff, files, lens, notes, search, watch, why

if TYPE_CHECKING:
    from rich.console import Console

    from spec.language.scope import Scope, State


def show(
    file: Annotated[
        Path,
        typer.Argument(
            help="A trace that ffq check has saved, or an image that ffq crashlab has kept.",
            callback=reachable,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Replay a trace on the spec and print its story; or that of an image, with the disk in it.

    Exit status: 0 it is shown, 1 the spec does not follow it, 2 it cannot be read.
    """
    from checker.runs.reading import read
    from checker.runs.trace import replay as follow
    from checker.runs.trace import state_as_json, step_as_json
    from checker.shown import console

    image = kept_image(file)
    if image is not None:
        from checker.commands.store.crashlab_show import show_image

        show_image(image, as_json)
        return
    found = read(file, catalogue().traced)
    _, story = follow(found)
    edits = found.edits.titles
    if as_json:
        answer = {
            "ok": True,
            "scope": {"name": found.scope.name, "bounds": dict(found.scope.bounds)},
            "edits": edits,
            "engine": found.engine,
            "start": None if found.start is None else state_as_json(found.edited, found.start),
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
    console.show_title(out, found.scope, edits)
    out.print()
    if found.start is not None:
        _show_start(out, found.edited, found.start)
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


trace = group(
    "Saved traces.",
    {
        "show": show,
        "why": why.why,
        "diff": diff.diff,
        "lens": lens.lens,
        "replay": replay,
        "search": search.search,
        "watch": watch.watch,
        "witness": search.witness,
        "compare": notes.compare,
        "note": notes.note,
        "export": files.export,
        "import": files.import_,
    },
)
