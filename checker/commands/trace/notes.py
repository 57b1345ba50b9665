"""`ffq trace compare` and `ffq trace note`: two side by side, and notes on the steps of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import AsJson, TraceFile, Wrong, reachable, writing
from checker.commands.trace.why import opened

if TYPE_CHECKING:
    from checker.explain.bookmarks import Notes
    from checker.explain.run import Run
    from checker.runs.story import Line


def compare(
    file: TraceFile,
    other: Annotated[Path, typer.Argument(help="Another one.", callback=reachable)],
    as_json: AsJson = False,
) -> None:
    """Print two traces side by side: the steps that both have, and those that one has alone.

    Exit status: 0 they take the same steps, 1 they do not, 2 bad usage.
    """
    from checker.explain.align import align
    from checker.shown import console

    one, two = opened(file, as_json), opened(other, as_json)
    pairs = align(one, two)
    same = all(None not in pair for pair in pairs)
    if as_json:
        console.emit({"ok": same, "pairs": [list(pair) for pair in pairs]})
    else:
        width = max((len(_told(line)) for line in one.lines), default=0)
        for n, m in pairs:
            left, right = _step(one, n), _step(two, m)
            mark = "=" if left and right else "<" if left else ">"
            text = f"{left:<{width}}  {mark}  {right}".rstrip()
            console.console().print(text, style="" if mark == "=" else "bold", soft_wrap=True)
    raise typer.Exit(0 if same else 1)


def _step(run: Run, n: int | None) -> str:
    return "" if n is None else _told(run.lines[n - 1])


def _told(line: Line) -> str:
    return f"{line.n}  {line.actor}  {line.call}"


def note(
    file: TraceFile,
    step: Annotated[
        int | None, typer.Argument(min=0, help="The step; 0 is the start. Default: show all notes.")
    ] = None,
    text: Annotated[
        str | None, typer.Argument(help='What to note; "" takes the note away.')
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a note on a step of a trace, in a file beside it; a postmortem holds the notes.

    Exit status: 0 it is kept or shown, 1 the spec does not follow the trace, 2 bad usage.
    """
    from checker.explain import bookmarks
    from checker.shown import console

    run = opened(file, as_json)
    if step is not None and step > len(run.lines):
        raise Wrong(f"there is no step {step}; the trace has {len(run.lines)}")
    with writing(bookmarks.beside(file), "see that its folder can be written"):
        if step is None or text is None:
            known = bookmarks.load(file)
        else:
            known = bookmarks.note(file, step, text)
    shown = {n: said for n, said in known.notes.items() if step in (None, n)}
    if as_json:
        rows = [{"step": n, "note": said} for n, said in shown.items()]
        console.emit({"ok": True, "notes": rows, "stale": known.stale})
    else:
        _show(run, shown, known)


def _where(run: Run, n: int) -> str:
    if n == 0:
        return "0  the start"
    return _told(run.lines[n - 1]) if n <= len(run.lines) else f"{n}  no step of this trace"


def _show(run: Run, shown: dict[int, str], known: Notes) -> None:
    from checker.shown import console

    for n, said in shown.items():
        console.line(_where(run, n))
        for line in said.splitlines():
            console.line(f"   {line}")
    if known.stale:
        console.say("the trace has changed since the notes were made: a number may mean another")
    elif not shown:
        console.say("nothing is noted")
