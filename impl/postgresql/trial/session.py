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
from impl.derive.transition import Transition
from impl.postgresql.text.isolation import Level
from impl.postgresql.text.sql import decode, for_psycopg, identifier, table_name
from impl.postgresql.text.statements import Statement, statement
from impl.terms.outcomes import CheckFailed, Disagreement, Done, Refused, Values
from spec.language.scope import State, Value
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
        t = self.design.transitions[action]
        known = {**params, **memory, **(world or {})}
        seen = t.local.state(known)
        if any(reference(seen, seen) is None for reference in t.references):
            return Refused("reference")
        said = self._said[action]
        bound = {**t.local.bound(seen), **self.design.constants, **_still(t)}
        for _ in range(100):  # others may be faster, and not for ever
            mine = all(holds(seen, seen) for holds in t.asked)
            row = (self._tried(t, said, bound) if said else {}) if mine else None
            if row is not None:
                return Done(row, t.remembered(t.local.state(known, row) if row else seen))
            guard = self._refusal(t, said, seen, bound)
            if guard is not None:
                return Refused(guard)
        raise Disagreement(f"every guard of {action} holds, and no row came back")

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

    def _refusal(
        self, t: Transition, said: Statement | None, seen: State, bound: Mapping[str, Any]
    ) -> str | None:
        """Return the first guard that is false by now; None if the row has changed again, and all
        hold.
        """
        asked = [g.name for g in t.guards if g.in_memory is None]
        answers = self.run(said.verdicts, bound) if said and asked else [()]
        verdicts = dict(zip(asked, answers[0], strict=True))
        for g in t.guards:
            if not (g.in_memory(seen, seen) if g.in_memory else verdicts[g.name]):
                return g.name
        return None

    def rows(self) -> dict[type[Sort], dict[int, dict[str, Value]]]:
        """Return every row of every table, by sort and element."""
        found: dict[type[Sort], dict[int, dict[str, Value]]] = {}
        for t in self.design.tables:
            columns = ", ".join(["id", *(identifier(f.name) for f in t.columns)])
            rows = self.run(f"SELECT {columns} FROM {table_name(t.sort)}")
            found[t.sort] = {
                id - 1: {f.name: decode(f.type, v) for f, v in zip(t.columns, row, strict=True)}
                for id, *row in rows
            }
        return found


@contextmanager
def _as_ours(text: str) -> Iterator[None]:
    try:
        yield
    except errors.CheckViolation as failed:
        raise CheckFailed(failed.diag.constraint_name or "", text) from None
    except (errors.SerializationFailure, errors.DeadlockDetected) as refused:
        raise Again(refused.sqlstate or "") from None


def _still(t: Transition) -> dict[str, int]:
    """Return what a clock says that stands, so that a timer runs out by its step alone; and how
    long the timers last that are started.
    """
    return {"now": 0, **{f"{name}_ms": 1 for name in t.starts}}
