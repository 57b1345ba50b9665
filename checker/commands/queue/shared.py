"""What the commands of `ffq queue` share: how they name a queue, and how they open one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checker.commands.options import NUMBER_MAX, Wrong, for_sqlite
from checker.commands.statuses import NOT_FINISHED

if TYPE_CHECKING:
    from impl.parts.pauses import Pause
    from impl.queue import Queue

File = Annotated[Path, typer.Argument(help="The file of the queue.", callback=for_sqlite)]


def queue_at(place: str) -> str:
    """Return where a queue is that the command line names: a file, or its address on a server."""
    from impl.address import on_a_server

    return place if on_a_server(place) else str(for_sqlite(Path(place)))


Place = Annotated[
    str,
    typer.Argument(
        help="The file of the queue, or postgresql://USER@HOST/DATABASE#SCHEMA.",
        callback=queue_at,
    ),
]
Kind = Annotated[str, typer.Argument(help="Which handler is to run it.")]
Number = Annotated[
    int, typer.Argument(metavar="JOB", min=0, max=NUMBER_MAX, help="The number of the job.")
]

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def time_of(name: str, text: str) -> float:
    """Return the seconds that an option says, as `90`, `15m`, `12h` or `7d`, or raise `Wrong`."""
    unit = _SECONDS.get(text[-1:], 0)
    try:
        return float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        raise Wrong(f"{name}: '{text}' is no time; write 90, 15m, 12h or 7d") from None


@contextlib.contextmanager
def opened(
    place: str,
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
    from impl.address import on_a_server
    from impl.queue import Queue
    from impl.sqlite.file.opening import writable
    from impl.terms.outcomes import OutcomeUnknown
    from impl.terms.unusable import Damaged, StoreError

    if on_a_server(place):
        only = looks
        if not make and not looks:
            Queue(place, read_only=True).close()  # which makes none
    else:
        only = looks and not writable(place)
        if not make and not Path(place).exists():
            raise Wrong(f"{place}: there is no such queue; {makes}")
    with Queue(place, read_only=only, **given) as found:
        try:
            yield found
        except Damaged:
            raise  # trying again will not help
        except (StoreError, OutcomeUnknown) as failed:
            console.say(str(failed))
            if as_json:
                console.emit({"ok": False, "error": str(failed)})
            raise typer.Exit(NOT_FINISHED) from None


def paused(pause: Pause, now: int) -> str:
    """Say of a kind that it is paused, for how long, and by whom."""
    return f"is paused for {age(now - pause.since)}, by {pause.user} in process {pause.pid}"


def age(ms: int | None) -> str:
    """Return a time as people read it, `-` for none."""
    return "-" if ms is None else f"{ms / 1000:.1f} s"
