"""What is said to a server in one round: several statements, and then the answers to all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import psycopg

from impl.postgresql.connection import Connection

_T = TypeVar("_T")

Said = tuple[str, Any]
"""A statement and its values."""


class Tried(Protocol):
    """Runs something on a connection, and once more on a new one if the old one is dead."""

    def __call__(self, run: Callable[[Connection], _T], /) -> _T:
        """Return what it returns."""


def in_one_round(opened: Connection, said: Sequence[Said]) -> list[list[Any]]:
    """Run statements one after the other, none of which waits here for the answer to another one;
    return the rows of each. Raises what the first one raises that fails, and none behind it is run.
    """
    if len(said) == 1:
        cursor = opened.execute(said[0][0].encode(), said[0][1])
        return [cursor.fetchall() if cursor.description else []]
    failed: psycopg.Error | None = None
    cursors = []
    with opened.pipeline():
        try:
            for text, values in said:
                cursors.append(opened.execute(text.encode(), values))
        except psycopg.Error as raised:  # or else the end of the pipeline would log what it raises
            failed = raised
    if failed is not None:
        raise failed
    return [each.fetchall() if each.description else [] for each in cursors]
