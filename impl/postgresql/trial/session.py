"""One connection on which steps are taken as experiments need them: at any isolation level, with no
lock before. How a queue takes them stands in `transaction`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

from impl.derive.design import Design
from impl.derive.mapping import rows_of
from impl.derive.transition import Transition
from impl.interface.step import step_of, without_store
from impl.postgresql.text.isolation import Level
from impl.postgresql.text.sql import decode, for_psycopg
from impl.postgresql.text.statements import Statement, statement
from impl.terms.outcomes import CheckFailed, Disagreement, Done, Refused, Values
from spec.language.scope import Value
from spec.language.terms.types import Sort


class Again(Exception):
    """The server took the transaction back, for it does not fit to the others: begin anew."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


class Transactions:
    """A connection, and one transaction after the other on it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        """Use a connection that commits each statement, unless a transaction is begun."""
        self.connection = connection

    def begin(self, level: Level) -> None:
        """Open a transaction, which sees nothing before its first statement."""
        self.run(f"BEGIN ISOLATION LEVEL {level}")

    def commit(self) -> None:
        """Commit what was done since `begin`; raises `Again` if nothing of it was."""
        self.run("COMMIT")

    def roll_back(self) -> None:
        """Leave nothing of what was done since `begin`."""
        self.run("ROLLBACK")

    def run(self, text: str, bound: Mapping[str, Any] | None = None) -> list[Any]:
        """Return the rows of a statement; raises `CheckFailed`, and `Again` if the server does."""
        with _as_ours(text):
            said = for_psycopg(text) if bound is not None else text
            cursor = self.connection.execute(said.encode(), bound)
            return cursor.fetchall() if cursor.description else []


class Session(Transactions):
    """A connection with the statements of a design."""

    def __init__(self, design: Design, connection: psycopg.Connection) -> None:
        """Use a connection that commits each statement, unless a transaction is begun."""
        super().__init__(connection)
        self.design = design
        self._said = {name: statement(t) for name, t in design.transitions.items()}

    def take(
        self, action: str, params: Values, memory: Values, world: Values | None = None
    ) -> Done | Refused:
        """Take a step in the transaction that is open, by a process that remembers this and to
        which the world says this. Raises `CheckFailed`, and `Again` as soon as the server says so.
        """
        step = step_of(self.design, action, params, memory, world=world)
        known = without_store(step)
        if known is not None:
            return known
        t, said, bound = step.transition, self._said[action], step.bound()
        assert said is not None
        for _ in range(100):  # others may be faster, and not for ever
            mine = all(holds(step.seen, step.seen) for holds in t.asked)
            row = self._contended(t, said, bound) if mine else None
            if row is not None:
                return Done(row, t.remembered(t.local.state(step.known, row) if row else step.seen))
            (answers,) = self.run(said.verdicts, bound) if said.verdicts else [()]
            guard = t.refused(step.seen, answers)
            if guard is not None:
                return Refused(guard)
        raise Disagreement(f"every guard of {action} holds, and no row came back")

    def _contended(
        self, t: Transition, said: Statement, bound: Mapping[str, Any]
    ) -> dict[str, Value] | None:
        """Return the same as `_tried`; None also if somebody else has taken what was asked for."""
        if not said.contends:
            return self._tried(t, said, bound)
        self.run("SAVEPOINT before_step")
        try:
            return self._tried(t, said, bound)
        except errors.UniqueViolation:
            self.run("ROLLBACK TO SAVEPOINT before_step")
            return None

    def _tried(
        self, t: Transition, said: Statement, bound: Mapping[str, Any]
    ) -> dict[str, Value] | None:
        """Return what of the row before the step is to be remembered; None if no row came back."""
        for text in said.tries:
            found = self.run(text, bound)
            if len(found) > 1:
                raise Disagreement(f"{len(found)} rows come of a step of one: {text}")
            if found:
                fields = zip(t.reads, found[0], strict=False)
                return {f.name: decode(f.type, v) for f, v in fields}
        return None

    def rows(self) -> dict[type[Sort], dict[int, dict[str, Value]]]:
        """Return every row of every table, by sort and element."""
        return rows_of(self.design, self.run)


@contextmanager
def _as_ours(text: str) -> Iterator[None]:
    try:
        yield
    except errors.CheckViolation as failed:
        raise CheckFailed(failed.diag.constraint_name or "", text) from None
    except (errors.SerializationFailure, errors.DeadlockDetected) as refused:
        raise Again(refused.sqlstate or "") from None
