"""`ffq queue upgrade`, `export`, `import` and `backup`: the file of a queue, and other files."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from checker.commands.options import AsJson, Wrong, for_sqlite, writing
from checker.commands.queue.shared import File, Place, opened, queue_at
from checker.shown.streams import changed

if TYPE_CHECKING:
    from impl.upgrades.upgrade import Upgrade


def backup(
    file: File,
    to: Annotated[Path, typer.Argument(help="A new file.", callback=for_sqlite)],
    as_json: AsJson = False,
) -> None:
    """Copy the queue into a new file, as it is at one moment, whole or not at all; workers go on.

    To put it back: stop the workers, move FILE, FILE-wal and FILE-shm away, copy TO to FILE, and
    start the workers. What came after the backup is lost. What is claimed in it is tried again, in
    a history of its own. A copy of FILE alone, as by `cp`, leaves out what is in its log.

    Exit status: 0 it is made, 2 bad usage, 3 it could not be made.
    """
    with opened(str(file), as_json, looks=True) as found:
        found.backup(to)
    changed(f"{to} is a backup of {file}", {"ok": True, "backup": str(to)} if as_json else None)


def upgrade(file: Place, as_json: AsJson = False) -> None:
    """Take a file over that an older ffq has made, or one with another spec, once nobody has it
    open and no claim is open; what it was is kept beside it.

    Exit status: 0 it is as it is to be, 2 it cannot be taken over, and is as it was, or bad usage.
    """
    from impl.address import on_a_server
    from impl.upgrades.upgrade import upgrade as upgrading

    if on_a_server(file):
        with opened(file, as_json, looks=True):
            pass  # or it is said what it is
        changed("the schema is as it is to be", {"ok": True, "changes": []} if as_json else None)
        return
    with upgrading(file) as found:
        backup = _carried_out(found, as_json) if found.changes else None
    ended = 0
    if found.lapsed:
        with opened(str(file), as_json) as queue:
            ended = queue.recover()
    answer = {"ok": True, "changes": found.changes, "jobs": found.jobs, "ended": ended}
    if not found.changes:
        said = f"{file} is as it is to be"
    else:
        jobs = "1 job is" if found.jobs == 1 else f"{found.jobs:,} jobs are"
        said = f"{jobs} taken over; what the file was is kept as {backup}"
    changed(said, answer | {"backup": backup} if as_json else None)
    if ended and not as_json:
        changed("1 claim was ended" if ended == 1 else f"{ended:,} claims were ended")


def _carried_out(found: Upgrade, as_json: bool) -> str:
    if not as_json:
        for change in found.changes:
            changed(change)
        if found.lapsed:
            changed(f"claims that are open, and whose lease is over: {found.lapsed:,}")
    return found.carry_out()


def export(
    file: Place,
    out: Annotated[Path | None, typer.Option(help="A new file; else stdout.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write out all jobs, what their handlers need not do again, and the messages to be sent, as
    JSON Lines.

    Exit status: 0 it is written, 2 bad usage, 3 the store cannot be used now.
    """
    from checker.shown import console
    from impl.upgrades.export import exported

    with opened(file, as_json, looks=True) as found:
        if out is None:
            for line in exported(found):
                console.line(line)
            return
        lines = 0
        with writing(out, "name a new file with --out"), _new(out) as into:
            for line in exported(found):
                into.write(f"{line}\n".encode())
                lines += 1
    changed(f"{lines:,} lines are in {out}", {"ok": True, "lines": lines} if as_json else None)


@contextlib.contextmanager
def _new(out: Path) -> Iterator[BinaryIO]:
    """Open a file that was not there; it is there afterwards only if all went well."""
    with out.open("xb") as into:
        try:
            yield into
            into.flush()
            os.fsync(into.fileno())
        except BaseException:
            out.unlink()
            raise


def take_in(
    file: Annotated[
        str,
        typer.Argument(
            help="A new file, or postgresql://USER@HOST/DATABASE#SCHEMA with a new schema.",
            callback=queue_at,
        ),
    ],
    source: Annotated[Path | None, typer.Argument(help="An export; else stdin.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a queue of an export, in a new file, or on a server in a new schema: all of it, or
    nothing.

    A job that was claimed counts as interrupted, for nobody here knows its worker.

    Exit status: 0 it is made, 2 a line is not as it should be, or bad usage.
    """
    from impl.terms.requests import BadRequest
    from impl.upgrades.intake import MAX_LINE, take_in

    try:
        with contextlib.nullcontext(_stdin()) if source is None else source.open("rb") as lines:
            taken = take_in(file, iter(lambda: lines.readline(MAX_LINE + 1), b""))
    except OSError as failed:
        raise Wrong(f"{source}: cannot be read: {failed.strerror}; name another file") from None
    except BadRequest as wrong:
        raise Wrong(f"{source or 'stdin'}: {wrong}") from None
    with opened(file, as_json) as found:
        ended = found.recover()
    answer = {"ok": True, "jobs": taken.jobs, "messages": taken.messages, "ended": ended}
    counts = ((taken.jobs, "job"), (taken.messages, "message"))
    what = " and ".join(f"{n:,} {word}" if n == 1 else f"{n:,} {word}s" for n, word in counts)
    said = f"{what} are in {file}"
    changed(said, answer if as_json else None)


def _stdin() -> BinaryIO:
    return sys.stdin.buffer
