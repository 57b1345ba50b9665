"""`ffq queue work`: a worker in this terminal, with the user's handlers or some to play with."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import AsJson, Wrong
from checker.commands.queue.shared import Place, opened, time_of
from checker.shown.streams import OutputLost, changed, printable, say

if TYPE_CHECKING:
    from impl.pool import Pool
    from impl.queue import Queue
    from impl.worker import Worker
    from impl.working.attempt import Attempt

LEASE_MIN = 0.1
"""Seconds: a lease is renewed three times before it runs out, and each time may cost some."""

_UntilEmpty = Annotated[
    bool, typer.Option("--until-empty", help="Stop when every job is done or dead.")
]

Table = Mapping[str, Callable[[Any], Any]]


def work(
    file: Place,
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
    until_empty: _UntilEmpty = False,
    make: Annotated[bool, typer.Option("--make", help="Make the queue if there is none.")] = False,
    lease: Annotated[float, typer.Option(help="Seconds after which silence means death.")] = 30.0,
    poll: Annotated[float, typer.Option(help="Seconds between looks at an empty queue.")] = 0.2,
    grace: Annotated[float, typer.Option(help="Seconds to finish a job when stopped.")] = 10.0,
    at_once: Annotated[
        int,
        typer.Option("--at-once", help="Jobs at once, each by a worker of its own.", max=99, min=1),
    ] = 1,
    retain: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Forget what was done or cancelled so long ago, as 7d."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run jobs until a signal says stop; SIGTERM and Ctrl-C let the present job finish.

    Exit status: 0 it has stopped as told, 2 bad usage, 3 the store could not be used any more.
    """
    from checker.shown import console

    table = DEMONSTRATION if handlers is None else load("--handlers", handlers)
    outbox = {} if receivers is None else load("--receivers", receivers)
    _require_seconds((("--lease", lease, LEASE_MIN), ("--poll", poll, 0), ("--grace", grace, 0)))
    kept = None if retain is None else time_of("--retain", retain)
    logging.basicConfig(handlers=[_Log()])

    def tell(attempt: Attempt, step: str) -> None:
        if not as_json:
            what = f"job {attempt.id} {attempt.kind}, attempt {attempt.number}: {step}"
            try:
                console.line(what, at_once=True)
            except OutputLost:  # the last line says it once more
                worker.stop()

    with opened(
        file, as_json, make, "see that the path is right, or make one with --make",
        lease_ms=int(lease * 1000), retain=kept,
    ) as found:  # fmt: skip
        about: dict[str, Any] = {"receivers": outbox, "on_step": tell, "poll": poll, "grace": grace}
        worker = _workers(found, table, at_once, about)
        tally = worker.run(until_empty)
    counts = ", ".join(f"{n} {outcome}" for outcome, n in tally.items())
    answer = {"ok": True, "attempts": dict(tally)} if as_json else None
    changed(f"attempts: {counts or 'none'}", answer)


def _require_seconds(given: Iterable[tuple[str, float, float]]) -> None:
    for name, seconds, least in given:
        if not least <= seconds <= 1e9:
            raise Wrong(f"{name}: is {seconds} seconds; choose {least} to 1e9")


def _workers(found: Queue, table: Table, at_once: int, about: Mapping[str, Any]) -> Worker | Pool:
    """Return one worker, whose handlers may be broken off in the main thread, or several."""
    from impl.pool import Pool
    from impl.worker import Worker

    if at_once == 1:
        return Worker(found, table, **about)
    return Pool(found, table, workers=at_once, **about)


class _Log(logging.Handler):
    """What the worker logs, a line each, on stderr: a job's key is text of somebody else."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the line, and below it what was raised."""
        say(f"{record.levelname.lower()}: {record.getMessage()}")
        for part in traceback.format_exception(*record.exc_info) if record.exc_info else ():
            for text in part.splitlines():
                sys.stderr.write(f"  {printable(text)}\n")


def load(option: str, where: str) -> Table:
    """Return the table that the command line names, or raise `Wrong`."""
    from checker.runs.projects import said
    from impl.terms.calls import run_when_awaited, run_when_called

    place, _, name = where.rpartition(":")
    if not place or not name:
        raise Wrong(f"{option}: '{where}' names no table; write module:TABLE or file.py:TABLE")
    try:
        module = _from_file(Path(place)) if place.endswith(".py") else _from_path(place)
        table: Table | Any = getattr(module, name, None)
        good = isinstance(table, Mapping) and all(
            isinstance(kind, str) and callable(f) for kind, f in table.items()
        )
    except KeyboardInterrupt:
        raise
    except BaseException as failed:  # it runs what the user has written
        fact = f"'{place}' cannot be loaded: {type(failed).__name__}: {said(failed)}"
        raise Wrong(f"{option}: {fact}; see that Python can import it") from None
    if not good:
        raise Wrong(f"{option}: '{name}' in {place} is no dict of functions by name; write one")
    allowed = run_when_awaited if option == "--handlers" else run_when_called
    allowed({f"{option}: '{kind}' in {place}": f for kind, f in table.items()})
    found: Table = table
    return found


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
    from checker.shown import console

    console.line(f"job {attempt.id} says: {attempt.payload}")


def _sleep(attempt: Attempt) -> None:
    time.sleep(float(attempt.payload or 0))


def _fail(attempt: Attempt) -> None:
    raise RuntimeError(attempt.payload or "it was told to fail")


DEMONSTRATION: Table = {"echo": _echo, "sleep": _sleep, "fail": _fail}
