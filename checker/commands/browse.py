"""`ffq browse`: the terminal explorer.

The one file of the checker that may import `tui`, which draws what the checker returns: somebody
has to start the program on top. It does so when the command runs, so that nothing else loads it.
"""

from __future__ import annotations

import gc
import os
import shlex
import signal
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.edits import Without
from checker.commands.options import SPEC, Wrong, catalogue, close, kept_image
from checker.shown.streams import line

if TYPE_CHECKING:
    from tui.shared.start import Start


def _complete(incomplete: str) -> list[tuple[str, str]]:
    from spec.failures import FAILURES

    found = [(id, mode.name) for id, mode in FAILURES.items()]
    found += [(name, scope.doc) for name, scope in catalogue().scopes.items()]
    return [pair for pair in found if pair[0].startswith(incomplete)]


def browse(
    what: Annotated[
        str | None,
        typer.Argument(
            help="A trace file, a failure mode (FM-010), an image of crashlab, or a scope, "
            "which is checked.",
            autocompletion=_complete,
        ),
    ] = None,
    step: Annotated[
        int | None, typer.Option(min=0, help="The step of the trace to look at; default: the last.")
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave the trace there by this move, such as 'claim(worker2, job1)'; may be "
            "repeated."
        ),
    ] = None,
    without: Without = None,
    ascii: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII alone.")] = False,
    serve: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=1, max=65535, help="Show it in a browser on this machine, there."
        ),
    ] = None,
) -> None:
    """Look at traces, at the catalogue and at running checks, in the terminal.

    Everything it shows is printed by other commands too: trace, failures, check. When it is left,
    it prints the command that opens the same place again.
    """
    start = _start(what, step, tuple(without or ()))
    if take:
        if start.file is None:
            raise Wrong("--take goes with a trace; name its file or its failure mode")
        start = replace(start, take=tuple(take))
    if serve is not None:
        _serve(serve, _words(what, step, take, without, ascii))
        return
    if not served() and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Wrong("browse needs a terminal; `ffq trace show FILE` prints a trace anywhere")
    if os.environ.get("TERM") == "dumb":
        raise Wrong(
            "browse needs a terminal that it can draw on, and TERM is dumb; "
            "`ffq trace show FILE` prints a trace anywhere"
        )
    _look(start, step, ascii)


def _look(start: Start, step: int | None, ascii: bool) -> None:
    """Run the explorer, and print the command that opens the same place again."""
    # Nothing that is loaded now is ever garbage: looking for some is a tenth of the start.
    gc.disable()
    from tui.app import Explorer

    explorer = Explorer(start, ascii_only=ascii)
    steps = len(explorer.opened.run.steps) if explorer.opened else None
    if step is not None and steps is not None and step > steps:
        raise Wrong(f"there is no step {step}; give --step 0 to {steps}")
    # A terminal that is closed ends the program as if it were left, with its files and processes.
    signal.signal(signal.SIGHUP, _hung_up)
    again = explorer.run()
    if again and not served():
        line(again)
    if explorer.return_code:
        raise typer.Exit(explorer.return_code)


def served() -> bool:
    """Return whether a browser is drawn on, by the server that `--serve` has started."""
    return "TEXTUAL_DRIVER" in os.environ


def _words(
    what: str | None,
    step: int | None,
    take: list[str] | None,
    without: list[str] | None,
    ascii: bool,
) -> list[str]:
    """Return what the command line says beside `--serve`."""
    named = [("--step", str(step))] if step is not None else []
    named += [("--take", each) for each in take or ()]
    named += [("--without", each) for each in without or ()]
    named += [("--spec", SPEC.get())] if SPEC.get() else []
    words = [word for pair in named for word in pair]
    return [*words, *(["--ascii"] if ascii else []), *(["--", what] if what else [])]


def _serve(port: int, words: list[str]) -> None:
    """Serve the explorer until Ctrl-C: each visit begins one."""
    try:
        server = import_module("textual_serve.server")
    except ImportError:
        fact = "the library textual-serve is missing; pip install textual-serve"
        raise Wrong(f"--serve: {fact}") from None
    command = [sys.executable, "-m", "checker.commands", "browse", *words]
    try:
        server.Server(shlex.join(command), host="localhost", port=port, title="ffq").serve()
    except OSError as failed:
        why = os.strerror(failed.errno) if failed.errno else failed
        raise Wrong(f"--serve {port}: {why}; give another port") from None


def _hung_up(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough
    raise SystemExit(128 + number)


def _start(what: str | None, step: int | None, without: tuple[str, ...]) -> Start:
    """Return what the explorer begins with."""
    from checker.evidence.traces import FOLDER, as_kept
    from tui.shared.start import Start

    own = SPEC.get()
    if own:
        return _start_own(own, what, step, without)
    what = as_kept(what) if what and not os.path.exists(what) else what
    kept = FOLDER / f"{what}.jsonl"
    if what and "/" not in what and os.path.isfile(kept) and not without:
        # Asked first: the other names are known when all of the spec is loaded.
        return Start(file=str(kept), source=what, step=step)

    from spec.failures import FAILURES

    scopes = catalogue().scopes
    if what in scopes:
        if step is not None:
            raise Wrong("--step goes with a trace; name its file or its failure mode")
        return Start(scope=what, without=without)
    if without:
        raise Wrong("--without goes with a scope, which is checked so; `ffq scopes` lists them")
    if what is None:
        if step is not None:
            raise Wrong("--step goes with a trace; name its file or its failure mode")
        return Start()
    image = kept_image(what)
    if image is not None:
        if step is not None:
            raise Wrong("--step goes with a trace; an image opens where its power failed")
        return Start(image=str(image))
    if what in FAILURES:
        return Start(file=str(kept), source=what, step=step)
    if not os.path.exists(what) and "/" not in what and not what.endswith(".jsonl"):
        known = [*FAILURES, *scopes]
        remedy = close(what, known, "ffq failures")
        raise Wrong(f"there is no trace, failure mode or scope '{what}'; {remedy}")
    if not os.path.isfile(what):
        from checker.runs.reading import rows

        next(rows(Path(what)), None)  # it says what is wrong with it
    return Start(file=what, source=what, step=step)


def _start_own(project: str, what: str | None, step: int | None, without: tuple[str, ...]) -> Start:
    """Return what the explorer begins with of the user's own: a trace, or a scope to check."""
    from tui.shared.start import Start

    found = catalogue()
    if what is not None and what not in found.scopes:
        if without:
            raise Wrong(f"--without goes with a scope: {', '.join(found.scopes)}; name one of them")
        if not os.path.isfile(what):
            known = ", ".join(found.scopes)
            raise Wrong(f"there is no trace or scope '{what}'; write one of: {known}")
        return Start(file=what, source=what, step=step, project=project)
    if step is not None:
        raise Wrong("--step goes with a trace; name its file")
    return Start(scope=what or found.default[0], without=without, project=project)
