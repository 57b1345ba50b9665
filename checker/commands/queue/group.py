"""`ffq queue`: the reference queue in a file, from a terminal: what puts jobs in and moves them.

A queue that is asked for and cannot be had is bad usage (2); one that fails in between is not
finished (3), and nothing of what failed was done.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import NUMBER_MAX, Group, Wrong, finite, for_sqlite, listed
from checker.shown.streams import changed

if TYPE_CHECKING:
    from impl.queue import Enqueued, Queue

NOT_FINISHED = 3


File = Annotated[Path, typer.Argument(help="The file of the queue.", callback=for_sqlite)]
Number = Annotated[
    int, typer.Argument(metavar="JOB", min=0, max=NUMBER_MAX, help="The number of the job.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the group, and its commands."""
    from checker.commands.queue import files as cli_queue_files
    from checker.commands.queue import show, work

    queue = typer.Typer(
        cls=Group, help="Put jobs into a queue in a file, run them, and see what became of them."
    )
    queue.callback(invoke_without_command=True)(listed)
    for command in (enqueue, recover, retry, cancel):
        queue.command()(command)
    for module in (work, show, cli_queue_files):
        module.register(queue)
    app.add_typer(queue, name="queue")


@contextlib.contextmanager
def opened(
    file: Path,
    as_json: bool,
    make: bool = False,
    makes: str = "`ffq queue enqueue` makes one",
    looks: bool = False,
    **given: Any,
) -> Iterator[Queue]:
    """Open a queue for one command, and say in one line what cannot be. One that only `looks` is
    content with a file that cannot be written.
    """
    from checker.shown import console
    from impl.damage import Damaged
    from impl.files import StoreError
    from impl.opening import writable
    from impl.outcomes import OutcomeUnknown
    from impl.queue import Queue
    from impl.requests import BadRequest

    if not make and not file.exists():
        raise Wrong(f"{file}: there is no such queue; {makes}")
    try:
        found = Queue(file, read_only=looks and not writable(file), **given)
    except (BadRequest, StoreError) as wrong:
        raise Wrong(str(wrong)) from None
    with found:
        try:
            yield found
        except (BadRequest, Damaged) as wrong:
            raise Wrong(str(wrong)) from None
        except (StoreError, OutcomeUnknown) as failed:
            console.say(str(failed))
            if as_json:
                console.emit({"ok": False, "error": str(failed)})
            raise typer.Exit(NOT_FINISHED) from None


def enqueue(
    file: File,
    kind: Annotated[str, typer.Argument(help="Which handler is to run it.")],
    payload: Annotated[str, typer.Argument(help="JSON; `-` reads it from stdin.")] = "null",
    key: Annotated[str | None, typer.Option(help="Asking again with it is asking once.")] = None,
    delay: Annotated[float, typer.Option(help="Seconds before it is due.", callback=finite)] = 0.0,
    timeout: Annotated[
        float, typer.Option(help="Seconds that one attempt may take.", callback=finite)
    ] = 300.0,
    max_attempts: Annotated[int, typer.Option(help="Failures until it is given up.")] = 3,
    max_interrupts: Annotated[int, typer.Option(help="Attempts cut short until then.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Put a job into the queue, making the file if there is none.

    Exit status: 0 it is in the queue, 2 bad usage, 3 the store cannot be used now.
    """
    from impl.requests import each_key_once

    try:
        text = sys.stdin.read() if payload == "-" else payload
        value = json.loads(text, object_pairs_hook=each_key_once)
    except (ValueError, RecursionError) as wrong:
        raise Wrong(f"payload: is no JSON: {wrong}; quote text twice: '\"so\"'") from None
    with opened(file, as_json, make=True) as found:
        made = found.enqueue(
            kind,
            value,
            key=key,
            delay=delay,
            timeout=timeout,
            max_attempts=max_attempts,
            max_interrupts=max_interrupts,
        )
    _show_made(made, as_json)


def _show_made(made: Enqueued, as_json: bool) -> None:
    known = "is in the queue" if made.new else "was in the queue already"
    answer = {"ok": True, "job": made.id, "key": made.key, "new": made.new}
    changed(f"job {made.id} {known}, under the key {made.key}", answer if as_json else None)


def recover(file: File, as_json: AsJson = False) -> None:
    """End the claims whose lease has run out, so that their jobs are tried again.

    Exit status: 0 done, 2 bad usage, 3 the store cannot be used now.
    """
    with opened(file, as_json) as found:
        ended = found.recover()
    said = "1 claim was ended" if ended == 1 else f"{ended} claims were ended"
    changed(said, {"ok": True, "recovered": ended} if as_json else None)


def retry(file: File, number: Number, as_json: AsJson = False) -> None:
    """Put the work of a dead job in again, as a new job; steps that are done are not repeated.

    Exit status: 0 it is in the queue, 2 it is not dead or bad usage, 3 the store cannot be used.
    """
    with opened(file, as_json) as found:
        made = found.retry(number)
    _show_made(made, as_json)


def cancel(file: File, number: Number, as_json: AsJson = False) -> None:
    """Give up a job that is not done; its worker, if it has one, can settle it no more.

    Exit status: 0 it is dead, 2 it was done or dead before or bad usage, 3 the store cannot be
    used.
    """
    with opened(file, as_json) as found:
        found.cancel(number)
    changed(f"job {number} is cancelled", {"ok": True, "job": number} if as_json else None)
