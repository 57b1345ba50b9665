"""A database with the tables of a design and nothing in them."""

from __future__ import annotations

from collections.abc import Mapping

from impl.derive.design import Design
from impl.postgresql.text.sql import POSTGRESQL
from impl.postgresql.trial.embedded import Server
from impl.postgresql.trial.session import Session
from impl.terms.outcomes import CheckFailed, Done, Refused, Values
from spec.language.scope import Value
from spec.language.terms.types import Sort


class Database:
    """The tables of a server, made anew, and steps that are each a transaction of their own."""

    path = "PostgreSQL"

    def __init__(self, design: Design, server: Server, checks: bool = True) -> None:
        """Drop what was there before. Without `checks`, rows that break an invariant are let in."""
        self.design, self.server = design, server
        self._session = self.session()
        self._session.connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        made = POSTGRESQL.tables(design.scope, design.tables, checks)
        self._session.connection.execute(made.encode())

    def session(self) -> Session:
        """Return another connection to it."""
        return Session(self.design, self.server.connect())

    def take(
        self, action: str, params: Values, memory: Values, world: Values | None = None
    ) -> Done | Refused:
        """Take a step and commit it; raises `CheckFailed` if it would break what must hold."""
        self._session.begin("READ COMMITTED")
        try:
            outcome = self._session.take(action, params, memory, world)
        except CheckFailed:
            self._session.roll_back()
            raise
        if isinstance(outcome, Refused):
            self._session.roll_back()
        else:
            self._session.commit()
        return outcome

    def rows(self) -> Mapping[type[Sort], Mapping[int, Mapping[str, Value]]]:
        """Return every row of every table, by sort and element."""
        return self._session.rows()

    def close(self) -> None:
        """Let go of it."""
        self._session.connection.close()
