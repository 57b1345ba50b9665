"""`ffq queue work`: a worker in this terminal, with the user's handlers or some to play with."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.cli_options import Wrong
from checker.cli_queue import AsJson, File, opened

if TYPE_CHECKING:
    from impl.attempt import Attempt

Table = Mapping[str, Callable[[Any], Any]]


def register(queue: typer.Typer) -> None:
    """Add the command."""
    queue.command()(work)


def work(
    file: File,
    handlers: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE:TABLE",
            help="A dict of handlers by kind, in a module or a .py file; without it: echo prints "
            "its payload, sleep sleeps so many seconds, fail fails.",
        ),
    ] = None,
    receivers: Annotated[
        str | None,
        typer.Option(metavar="WHERE:TABLE", help="A dict of receivers of messages, by topic."),
    ] = None,
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="Stop when every job is done or dead.")
    ] = False,
    lease: Annotated[float, typer.Option(help="Seconds after which silence means death.")] = 30.0,
    poll: Annotated[float, typer.Option(help="Seconds between looks at an empty queue.")] = 0.2,
    grace: Annotated[float, typer.Option(help="Seconds to finish a job when stopped.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Run jobs until a signal says stop; SIGTERM and Ctrl-C let the present job finish.

    Exit status: 0 it has stopped as told, 2 bad usage, 3 the store could not be used any more.
    """
    from checker import console
    from impl.worker import Worker

    table = DEMONSTRATION if handlers is None else load("--handlers", handlers)
    outbox = {} if receivers is None else load("--receivers", receivers)
    for name, seconds in (("--lease", lease), ("--poll", poll), ("--grace", grace)):
        if not 0 <= seconds <= 1e9:
            raise Wrong(f"{name}: is {seconds} seconds; choose 0 to 1e9")

    def say(attempt: Attempt, step: str) -> None:
        if not as_json:
            what = f"job {attempt.id} {attempt.kind}, attempt {attempt.token[1]}: {step}"
            console.line(what, at_once=True)

    with opened(file, as_json, make=True, lease_ms=int(lease * 1000)) as found:
        worker = Worker(found, table, receivers=outbox, on_step=say, poll=poll, grace=grace)
        tally = worker.run(until_empty)
    if as_json:
        console.emit({"ok": True, "attempts": dict(tally)})
    else:
        counts = ", ".join(f"{n} {outcome}" for outcome, n in tally.items())
        console.line(f"attempts: {counts or 'none'}")


def load(option: str, where: str) -> Table:
    """Return the table that the command line names, or raise `Wrong`."""
    from impl.calls import run_when_called
    from impl.requests import BadRequest

    place, _, name = where.rpartition(":")
    if not place or not name:
        raise Wrong(f"{option}: '{where}' names no table; write module:TABLE or file.py:TABLE")
    try:
        module = _from_file(Path(place)) if place.endswith(".py") else _from_path(place)
    except (Exception, SystemExit) as failed:
        fact = f"'{place}' cannot be loaded: {type(failed).__name__}: {failed}"
        raise Wrong(f"{option}: {fact}; see that Python can import it") from None
    table = getattr(module, name, None)
    if not isinstance(table, Mapping) or not all(
        isinstance(kind, str) and callable(f) for kind, f in table.items()
    ):
        raise Wrong(f"{option}: '{name}' in {place} is no dict of functions by name; write one")
    try:
        run_when_called({f"{option}: '{kind}' in {place}": f for kind, f in table.items()})
    except BadRequest as wrong:
        raise Wrong(str(wrong)) from None
    return table


def _from_file(file: Path) -> ModuleType:
    sys.path.insert(0, str(file.resolve().parent))  # what stands beside it can be imported
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise ImportError("is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def _from_path(name: str) -> ModuleType:
    sys.path.insert(0, "")  # as `python -m` does
    return importlib.import_module(name)


# ---------------------------------------------------------------- to play with
def _echo(attempt: Attempt) -> None:
    from checker import console

    console.line(f"job {attempt.id} says: {attempt.payload}")


def _sleep(attempt: Attempt) -> None:
    time.sleep(float(attempt.payload or 0))


def _fail(attempt: Attempt) -> None:
    raise RuntimeError(attempt.payload or "it was told to fail")


DEMONSTRATION: Table = {"echo": _echo, "sleep": _sleep, "fail": _fail}
