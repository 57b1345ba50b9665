"""What a run is taken on: a database, and what the processes of the run remember."""

from __future__ import annotations

from typing import Protocol

from impl.derive.design import Design
from impl.derive.mapping import Memories, abstract
from impl.postgresql.trial.database import Database
from impl.postgresql.trial.embedded import Server
from impl.postgresql.trial.session import Session, Transactions
from impl.terms.outcomes import Refused
from spec.language.evaluate import Step
from spec.language.scope import State


class Held(Protocol):
    """A database on which steps are taken, each in a transaction that others open and end."""

    def session(self) -> Transactions:
        """Return another connection to it."""

    def refusal(self, session: Transactions, step: Step, state: State) -> str | None:
        """Take a step, which the spec takes in this state; return the guard that refuses it."""

    def end(self, last: State) -> State:
        """Return the state that database and processes are in; what neither has is as it was last
        in the spec.
        """

    def close(self) -> None:
        """Let go of it."""


class Derived:
    """Statements as they are derived, and processes that remember what came of them."""

    def __init__(self, design: Design, server: Server) -> None:
        self.database = Database(design, server, checks=False)
        self.memories = Memories(design)

    def session(self) -> Transactions:
        """Return another connection to it."""
        return self.database.session()

    def refusal(self, session: Transactions, step: Step, state: State) -> str | None:
        """Take a step, which the spec takes in this state; return the guard that refuses it."""
        assert isinstance(session, Session)
        outcome = self.memories.take(session.take, step, state)
        return outcome.guard if isinstance(outcome, Refused) else None

    def end(self, last: State) -> State:
        """Return the state that the database and the memories are in."""
        return abstract(self.database, self.memories, last)

    def close(self) -> None:
        """Let go of it."""
        self.database.close()
