"""`ffq queue`: the reference queue, from a terminal: what puts jobs in and moves them.

A queue that is asked for and cannot be had is bad usage (2); one that fails in between is not
finished (3), and nothing of what failed was done.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from checker.commands.options import AsJson, Wrong, finite, group
from checker.commands.queue import files, show, why, work
from checker.commands.queue.shared import Kind, Number, Place, opened, time_of
from checker.shown.streams import changed, line

if TYPE_CHECKING:
    from impl.parts.asking import Enqueued
    from impl.queue import Queue


def enqueue(
    file: Place,
    kind: Kind,
    payload: Annotated[str, typer.Argument(help="JSON; `-` reads it from stdin.")] = "null",
    key: Annotated[str | None, typer.Option(help="Asking again with it is asking once.")] = None,
    delay: Annotated[float, typer.Option(help="Seconds before it is due.", callback=finite)] = 0.0,
    timeout: Annotated[
        float, typer.Option(help="Seconds that one attempt may take.", callback=finite)
    ] = 300.0,
    max_attempts: Annotated[int, typer.Option(help="Failures until it is given up.")] = 3,
    max_interrupts: Annotated[int, typer.Option(help="Attempts cut short until then.")] = 10,
    unique: Annotated[
        str | None, typer.Option(help="What it is about: of two about the same, one is put in.")
    ] = None,
    unique_until: Annotated[
        str, typer.Option(help="Until when it keeps others out: over, or claimed.")
    ] = "over",
    as_json: AsJson = False,
) -> None:
    """Put a job into the queue, making the file if there is none.

    Exit status: 0 it is in the queue, 2 bad usage, 3 the store cannot be used now.
    """
    from impl.terms.requests import each_key_once

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
            unique=unique,
            unique_until=unique_until,
        )
    _show_made(made, as_json)


def _show_made(made: Enqueued, as_json: bool) -> None:
    known = "is in the queue" if made.new else "was in the queue already"
    if made.kept_out:
        known = "is about the same, and keeps this one out; it is in the queue"
    answer = {
        "ok": True, "job": made.id, "key": made.key, "new": made.new, "kept_out": made.kept_out,
    }  # fmt: skip
    changed(f"job {made.id} {known}, under the key {made.key}", answer if as_json else None)


def recover(file: Place, as_json: AsJson = False) -> None:
    """End the claims whose lease has run out, so that their jobs are tried again.

    Exit status: 0 done, 2 bad usage, 3 the store cannot be used now.
    """
    with opened(file, as_json) as found:
        ended = found.recover()
    said = "1 claim was ended" if ended == 1 else f"{ended} claims were ended"
    changed(said, {"ok": True, "recovered": ended} if as_json else None)


def retry(file: Place, number: Number, as_json: AsJson = False) -> None:
    """Put the work of a dead job in again, as a new job; steps that are done are not repeated.

    Exit status: 0 it is in the queue, 2 it is not dead or bad usage, 3 the store cannot be used.
    """
    with opened(file, as_json) as found:
        made = found.retry(number)
    _show_made(made, as_json)


def redrive(
    file: Place,
    kind: Annotated[str | None, typer.Option(help="Of this kind alone.")] = None,
    spread: Annotated[
        float, typer.Option(help="Seconds over which they come due.", callback=finite)
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Retry every dead job that was not cancelled and not put in again yet, each for itself.

    Exit status: 0 done, 2 bad usage, 3 the store cannot be used now; asking again goes on.
    """
    with opened(file, as_json) as found:
        redriven = found.redrive(kind, spread=spread)
    jobs = [made.id for made in redriven.made]
    said = (
        "1 job is in the queue again"
        if len(jobs) == 1
        else f"{len(jobs):,} jobs are in the queue again"
    )
    changed(said, {"ok": True, "jobs": jobs, "left": redriven.left} if as_json else None)
    for job, fact in redriven.left.items():
        if not as_json:
            line(f"job {job} is left: {fact}")


def cancel(file: Place, number: Number, as_json: AsJson = False) -> None:
    """Give up a job that is not done; its worker, if it has one, can settle it no more.

    Exit status: 0 it is dead, 2 it was done or dead before or bad usage, 3 the store cannot be
    used.
    """
    with opened(file, as_json) as found:
        found.cancel(number)
    changed(f"job {number} is cancelled", {"ok": True, "job": number} if as_json else None)


def pause(file: Place, kind: Kind, as_json: AsJson = False) -> None:
    """Let nothing of a kind be claimed until it is resumed; what is claimed already goes on.

    Exit status: 0 it is paused, 2 bad usage, 3 the store cannot be used now.
    """
    with opened(file, as_json) as found:
        changes = found.pause(kind)
        known = "is paused" if changes else "was paused already"
        _say_of_kind(found, kind, known, changes, as_json)


def resume(file: Place, kind: Kind, as_json: AsJson = False) -> None:
    """Let jobs of a kind be claimed again.

    Exit status: 0 it is not paused, 2 bad usage, 3 the store cannot be used now.
    """
    with opened(file, as_json) as found:
        changes = found.resume(kind)
        known = "is resumed" if changes else "was not paused"
        _say_of_kind(found, kind, known, changes, as_json)


def _say_of_kind(queue: Queue, kind: str, known: str, changes: bool, as_json: bool) -> None:
    """Say what became of the kind, and of how many jobs: its name may be mistyped."""
    query = "SELECT count(*), count(*) FILTER (WHERE status = 'ready') FROM job WHERE kind = ?"
    ((jobs, ready),) = queue.store.own(query, (kind,))
    waits = "1 job waits" if ready == 1 else f"{ready:,} jobs wait"
    there = waits if jobs else "the queue has no job of it"
    answer = {"ok": True, "kind": kind, "changed": changes, "jobs": jobs, "ready": ready}
    changed(f"{kind} {known}; {there}", answer if as_json else None)


def prune(
    file: Place,
    retain: Annotated[
        str, typer.Option(metavar="TIME", help="How long what is over stays: 90, 15m, 12h, 7d.")
    ],
    dead: Annotated[
        bool, typer.Option("--dead", help="Forget the dead too, and not those cancelled alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget jobs that were done or cancelled longer ago than that, and what the queue has of them.

    What is still to be said outside stays, and so does what a table of yours refers to. Their keys
    are new then: whoever asks again with one of them has it done again.

    Exit status: 0 done, 2 bad usage, 3 the store cannot be used now.
    """
    with opened(file, as_json, retain=time_of("--retain", retain)) as found:
        forgotten = found.prune(dead)
    said = "1 job is forgotten" if forgotten == 1 else f"{forgotten:,} jobs are forgotten"
    changed(said, {"ok": True, "forgotten": forgotten} if as_json else None)


queue = group(
    "Put jobs into a queue, in a file or on a server, run them, and see what became of them.",
    {
        "enqueue": enqueue,
        "recover": recover,
        "retry": retry,
        "redrive": redrive,
        "cancel": cancel,
        "pause": pause,
        "resume": resume,
        "prune": prune,
        "work": work.work,
        "list": show.list_jobs,
        "show": show.show,
        "stats": show.stats,
        "why": why.why,
        "backup": files.backup,
        "upgrade": files.upgrade,
        "export": files.export,
        "import": files.take_in,
    },
)
