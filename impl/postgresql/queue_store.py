"""The store of a queue on a server: what its parts ask of it beside steps."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import Any

from impl.interface.seeing import Seeing
from impl.interface.transaction import History, Span
from impl.postgresql.connection import usable
from impl.postgresql.store import KEEP, Store
from impl.postgresql.text.schema import own_tables
from impl.postgresql.transaction import PostgreSQLTransaction
from impl.terms.requests import BadRequest
from impl.terms.unusable import REMEDY, Damaged, Full

_CONNECTED = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"

_MOMENT = "BEGIN ISOLATION LEVEL REPEATABLE READ"

_REFERENCES = """\
SELECT conrelid::regclass::text, quote_ident(attname) FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
JOIN pg_class ON pg_class.oid = conrelid
WHERE contype = 'f' AND confdeltype NOT IN ('c', 'n') AND confrelid = to_regclass(%(table)s)
  AND NOT (relnamespace = current_schema()::regnamespace AND relname = ANY (%(ours)s))"""


class QueueStore(Store):
    """A connection to a queue on a server, with the server's clock."""

    # ------------------------------------------------------------ histories
    def enter(self) -> History:
        """Return the history of the store, which is begun if there is none that can go on: after a
        crash or a promotion nobody knows what was taken back.
        """
        with self.transaction(writes=False) as t:
            found = t.history
        if found.boot is not None or self.read_only:
            return found
        with self.transaction() as t:
            t.own("LOCK TABLE incarnation IN SHARE ROW EXCLUSIVE MODE")
            found = t.history
            return found if found.boot is not None else self._begin(t, found)

    def _begin(self, t: PostgreSQLTransaction, found: History) -> History:
        """Begin a history above all that were: a copy of the server may have begun others since,
        but no more than seconds have passed.
        """
        epoch = 1 if not found.epoch else max(found.epoch + 1, self.clock.wall() // 1000)
        begun = History(epoch, token_hex(8), None, 0)
        keep = "INSERT INTO incarnation VALUES (current_schema()::regnamespace, ?, ?)"
        t.own(KEEP.replace("%s", "?"), ("epoch", str(epoch)))
        t.own("DELETE FROM incarnation")
        t.own(keep, (epoch, begun.boot))
        for (job,) in t.own("SELECT id FROM job WHERE status = 'claimed' ORDER BY id"):
            t.take("expire", j=job - 1)
        return begun

    # ------------------------------------------------------------ what a queue asks beside
    @contextlib.contextmanager
    def legible(self) -> Iterator[None]:
        """Raise `Damaged` where what the queue has written cannot be read back."""
        try:
            yield
        except (ValueError, RecursionError) as wrong:
            raise Damaged(self.path, f"is damaged: {wrong}", REMEDY) from None

    def references(self, table: str) -> list[tuple[str, str]]:
        """Return the tables of others that refer to one of ours, each with its column, as SQL."""
        return self._asked(_REFERENCES, {"table": table, "ours": own_tables(self.design)})

    def free(self, before: int) -> int:
        """Return what lets one job in: a server says itself when its disk is full."""
        return 2

    def full(self) -> Full:
        """Return the error that nothing leads to."""
        return Full(self.path, "has no room", "make room on the server's disk")

    def backup(self, to: str | os.PathLike[str]) -> None:
        """Raise `BadRequest`: a server has its own means."""
        fact = "is on a server, which a file cannot be a copy of"
        raise BadRequest(f"{self.path}: {fact}; use pg_dump or pg_basebackup")

    def seeing(self) -> Seeing:
        """Return what asks the server: a worker that runs is connected, wherever it is."""
        prefix = f"ffq {self.where.schema} worker"
        found = {name for (name,) in self._asked(_CONNECTED)}

        def runs(number: int, _: int) -> bool:
            return f"{prefix}{number}" in found

        def said(_: int, there: bool) -> str:
            return "which is connected" if there else "which is not connected"

        return Seeing(runs, "is connected", "are connected", said)

    @contextlib.contextmanager
    def aside(self, make: str) -> Iterator[Callable[[str], list[Any]]]:
        """Make temporary tables of one moment of the store, and give what asks of that moment, them
        included; they are gone afterwards.
        """
        with self._alone.opened(Span(False, False)):
            try:
                with usable(self.path, "the query"):
                    self._tried(lambda opened: opened.execute(_MOMENT.encode()))
                    self.connection.execute(make.encode())
                yield self._asked
            finally:
                self._roll_back()
