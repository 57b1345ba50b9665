"""Where a queue is kept: its address says in which store."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from impl.terms.requests import BadRequest

if TYPE_CHECKING:
    from impl.derive.design import Design
    from impl.interface.making import Fill
    from impl.interface.store import Store
    from impl.terms.clock import Clock

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")


def on_a_server(address: str) -> bool:
    """Return whether an address is that of a server, and no name of a file; raises `BadRequest` if
    it is that of something else.
    """
    scheme = _SCHEME.match(address)
    if scheme is not None and scheme[0] not in ("postgresql://", "postgres://"):
        fact = "keeps no queue; name a file, or postgresql://USER@HOST/DATABASE"
        raise BadRequest(f"{scheme[0]}: {fact}")
    return scheme is not None


def store_at(
    address: str, design: Design, clock: Clock | None, busy_ms: int, read_only: bool
) -> Store:
    """Open the store of a queue, making it if there is none; raises `StoreError`, `BadRequest`."""
    if not on_a_server(address):
        from impl.sqlite.queue_store import QueueStore

        return QueueStore(design, address, clock, busy_ms, read_only)
    with needing_psycopg():
        from impl.postgresql.queue_store import QueueStore as Served
    return Served(design, address, clock, busy_ms, read_only)


def make_at(address: str, design: Design, fill: Fill) -> None:
    """Make a store of what is there; raises `StoreError` if there is one already, or none can be
    made, `BadRequest`, and what `fill` raises.
    """
    if not on_a_server(address):
        from impl.sqlite.made import made

        return made(address, design, fill)
    with needing_psycopg():
        from impl.postgresql.making import made as served
    return served(address, design, fill)


@contextlib.contextmanager
def needing_psycopg() -> Iterator[None]:
    """Import what talks to servers; raises `BadRequest` if that is not installed."""
    try:
        yield
    except ImportError:
        fact = "needs psycopg, which is not installed"
        raise BadRequest(f"postgresql: {fact}; install the extra 'postgresql'") from None
