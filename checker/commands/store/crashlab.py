"""`ffq crashlab`: cut the store off at every call, and see whether anything is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.commands.options import AsJson, Wrong, finite, reachable, writable


def crashlab(
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1,
            help="Go on for so long, with longer paths and further faults.",
            callback=finite,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Chooses among subsets that are too many.")] = 1,
    settings: Annotated[
        bool, typer.Option("--settings", help="Compare every setting of SQLite instead.")
    ] = False,
    setting: Annotated[
        str | None, typer.Option(help="Look at this one alone, such as wal-normal.")
    ] = None,
    contention: Annotated[
        bool, typer.Option("--contention", help="Let processes get in each other's way instead.")
    ] = False,
    reopen: Annotated[
        str | None, typer.Option(help="Open an image that was kept, and say how it came to be.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where bad images are kept; else .ffq/crashlab.", callback=reachable),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="How many at once; else one a processor.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cut the power at every call that the store makes of its disk, and see what is left.

    Every short path of the spec is taken by the reference implementation, its calls are written
    down, and whatever a crash at any of them may leave is opened and held against the spec. Faults
    of our own show that the laboratory would find them.

    Exit status: 0 nothing is lost and every fault of our own is found, 1 otherwise, 2 bad usage,
    3 not finished.
    """
    from checker.commands.store import crashlab_show

    if reopen is None:
        writable(folder)
    if sum((settings, setting is not None, reopen is not None, contention)) > 1:
        one = "one of --settings, --setting, --contention and --reopen"
        raise Wrong(f"{one} is wanted; leave the others out")
    if seconds is not None and (settings or setting or reopen or contention):
        raise Wrong("--seconds: is for the round of everything; leave it out")
    asked = crashlab_show.Asked(seed, seconds, folder, processes, as_json)
    if reopen is not None:
        crashlab_show.reopened(asked, reopen)
    elif contention:
        crashlab_show.contended(asked)
    elif settings or setting is not None:
        crashlab_show.compared(asked, setting)
    else:
        crashlab_show.round_of_everything(asked)
