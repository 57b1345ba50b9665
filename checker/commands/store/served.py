"""The option `--store`: where a queue is that is tried out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impl.postgresql.trial.embedded import Server


class Store(StrEnum):
    """Where a queue can be that is tried out."""

    sqlite = "sqlite"
    postgresql = "postgresql"


@contextlib.contextmanager
def served(store: Store | None) -> Iterator[Server | None]:
    """Run a server for as long as this takes, if it is wanted."""
    if store is not Store.postgresql:
        yield None
        return
    from impl.address import needing_psycopg

    with needing_psycopg():
        from impl.postgresql.trial.embedded import Server
    with Server() as running:
        yield running
