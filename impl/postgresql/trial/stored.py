"""A store of a design on a server, on which one step is taken after the other as a queue takes it:
with its lock, its clock and its row of the trace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any

import psycopg

from impl.derive.design import Design
from impl.derive.mapping import rows_of
from impl.interface.process import Process
from impl.interface.transaction import Span
from impl.postgresql.clock import ServerClock
from impl.postgresql.rounds import Said
from impl.postgresql.text.schema import whole
from impl.postgresql.transaction import PostgreSQLTransaction
from impl.postgresql.trial.embedded import Server
from impl.terms.outcomes import Done, Refused, Values
from spec.language.scope import Value
from spec.language.terms.types import Sort

Hear = Callable[[str, Any], None]
"""Is told each statement before it is run, with its values."""


class _Heard(PostgreSQLTransaction):
    """A transaction that somebody may listen to."""

    hear: Hear | None = None

    def _round(self, *said: Said) -> list[list[Any]]:
        if self.hear is not None:
            for each in said:
                self.hear(*each)
        return super()._round(*said)


class _Still(ServerClock):
    """A clock that stands at 0, so that a timer runs out by a step alone."""

    def given(self) -> int:
        return 0


class Stored:
    """A store with nothing in it, in a schema of its own; its clock stands."""

    path = "PostgreSQL"

    def __init__(self, design: Design, server: Server, checks: bool = True) -> None:
        """Make it; without `checks`, rows that break an invariant are let in."""
        self.design = design
        self.connection = psycopg.Connection.connect(server.address, autocommit=True)
        self._schema = f"trial_{token_hex(4)}"
        self.run(f"CREATE SCHEMA {self._schema}; SET search_path = {self._schema}")
        self.run(whole(design, checks))
        self._clock: ServerClock = _Still(self.run, None)
        self.hear: Hear | None = None
        self._processes: dict[tuple[type[Sort], int], Process] = {}

    def run(self, sql: str) -> list[Any]:
        """Return the rows of any SQL."""
        cursor = self.connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []

    def _say(self, sql: str) -> None:
        """Begin or end a transaction."""
        if self.hear is not None:
            self.hear(sql, None)
        self.run(sql)

    def begin(
        self, action: str, params: Values, memory: Values, world: Values
    ) -> tuple[PostgreSQLTransaction, Done | Refused]:
        """Take a step as `take` does, in a transaction that is left open."""
        self._say("BEGIN")
        opened = _Heard(self.design, self.connection, Span(True, True), self.path, self._clock)
        opened.hear = self.hear
        seen = self.design.transitions[action].seen
        owner, process, given = seen.owner(params), None, dict(params)
        if owner is not None and seen.process is not None:
            # How many rows of the trace it has is kept here, what it remembers elsewhere.
            process = self._processes.setdefault(owner, Process(*owner, {}))
            process.memory = dict(memory)
            del given[seen.process.name]
        numbers: dict[str, Any] = given
        lasts: dict[str, int] = defaultdict(lambda: 1)
        return opened, opened.take(action, process, world=world, lasts=lasts, **numbers)

    def take(self, action: str, params: Values, memory: Values, world: Values) -> Done | Refused:
        """Take a step by a process that remembers this and to which the world says this, and commit
        it; raises `CheckFailed` if it would break what must hold.
        """
        try:
            opened, outcome = self.begin(action, params, memory, world)
        except BaseException:
            self._say("ROLLBACK")
            raise
        if isinstance(outcome, Refused):
            self._say("ROLLBACK")
        else:
            self._say("COMMIT")
            opened.remember()
        return outcome

    def rows(self) -> Mapping[type[Sort], Mapping[int, Mapping[str, Value]]]:
        """Return every row of every table, by sort and element."""
        return rows_of(self.design, self.run)

    def close(self) -> None:
        """Leave nothing of it on the server."""
        self.run(f"DROP SCHEMA {self._schema} CASCADE")
        self.connection.close()
