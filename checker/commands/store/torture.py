"""`ffq torture`: real processes on one queue, killed and misled, and judged by a ledger outside."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from checker.commands.edits import complete_edit
from checker.commands.options import AsJson, Wrong, finite, for_sqlite
from checker.commands.store.served import Store


class Standby(StrEnum):
    """Whether what is committed waits for the standby."""

    synchronous = "synchronous"
    asynchronous = "asynchronous"


_Workers = Annotated[int | None, typer.Option(min=1, max=64, help="How many at once; else 4.")]
_AtOnce = Annotated[
    int | None, typer.Option(min=1, max=64, help="Jobs at once in each worker; else 1.")
]
_Pauses = Annotated[
    int | None, typer.Option(min=0, help="How many SIGSTOPs past a lease; else kills / 4.")
]


def torture(
    folder: Annotated[
        Path,
        typer.Argument(help="Where to put the queue; made if there is none.", callback=for_sqlite),
    ],
    workers: _Workers = None,
    at_once: _AtOnce = None,
    kills: Annotated[int | None, typer.Option(min=0, help="How many SIGKILLs; else 200.")] = None,
    pauses: _Pauses = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="How many jobs; else 1000.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Gives the same jobs and the same lives; when they meet is chance."),
    ] = None,
    lease_ms: Annotated[
        int | None, typer.Option(min=50, help="How long a lease is; else 500.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1, help="Stop after so long.", callback=finite)
    ] = 900.0,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help="Leave this guard, or those of a failure mode, out of the workers' SQL.",
            autocompletion=complete_edit,
        ),
    ] = None,
    store: Annotated[
        Store | None, typer.Option(help="Where the queue is; else sqlite. A server is killed too.")
    ] = None,
    standby: Annotated[
        Standby | None,
        typer.Option(help="Give the server a standby, which is waited for or not, and promoted."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Kill and pause real workers at random instants, and see whether anything is lost.

    Others put jobs in at the same time, many of them with handlers that behave badly; the clock is
    set, locks are held, the disk is full. In the end no answer may have been lost, each effect must
    be there once, and the whole run must be a behaviour of the spec. Run again on the same folder
    it goes on where it was left.

    Exit status: 0 all is well, 1 something is wrong, 2 bad usage, 3 not finished.
    """
    from checker.commands.store import torture_show

    if standby is not None and store is Store.sqlite:
        raise Wrong("--standby: is that of a server; leave it out, or name --store postgresql")
    store = Store.postgresql if standby is not None else store
    given = {
        "workers": workers, "kills": kills, "pauses": pauses, "jobs": jobs, "seed": seed,
        "lease_ms": lease_ms, "without": tuple(without) if without else None,
        "store": None if store is None else store.value,
        "standby": None if standby is None else standby.value, "at_once": at_once,
    }  # fmt: skip
    torture_show.run(folder, given, seconds, as_json)
