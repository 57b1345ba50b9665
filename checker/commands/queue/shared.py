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
    from impl.queue import Queue

File = Annotated[Path, typer.Argument(help="The file of the queue.", callback=for_sqlite)]
Number = Annotated[
    int, typer.Argument(metavar="JOB", min=0, max=NUMBER_MAX, help="The number of the job.")
]


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
    from impl.queue import Queue
    from impl.sqlite.damage import Damaged
    from impl.sqlite.files import StoreError
    from impl.sqlite.opening import writable
    from impl.terms.outcomes import OutcomeUnknown

    if not make and not file.exists():
        raise Wrong(f"{file}: there is no such queue; {makes}")
    with Queue(file, read_only=looks and not writable(file), **given) as found:
        try:
            yield found
        except Damaged:
            raise  # trying again will not help
        except (StoreError, OutcomeUnknown) as failed:
            console.say(str(failed))
            if as_json:
                console.emit({"ok": False, "error": str(failed)})
            raise typer.Exit(NOT_FINISHED) from None


def age(ms: int | None) -> str:
    """Return a time as people read it, `-` for none."""
    return "-" if ms is None else f"{ms / 1000:.1f} s"
