"""A run on a real server: each look and its write are one transaction, each other step is one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass

from checker.isolation.stale_runs import BROKEN, REST, StaleRun
from checker.runs.walk import follow
from impl.derive.design import derive
from impl.derive.mapping import Memories, abstract
from impl.postgresql.database import Database
from impl.postgresql.embedded import Server
from impl.postgresql.isolation import Level
from impl.postgresql.session import Again, Session
from impl.terms.outcomes import Outcome, Refused
from spec.language.evaluate import Claim, Evaluator, Step
from spec.language.scope import State, Value

WENT_THROUGH = "went through"
"""Every step was taken, and nothing is broken."""


@dataclass(frozen=True)
class Came:
    """What came of a run: `broken`, an SQLSTATE, or a guard; after how many steps, and whether one
    had to wait for another.
    """

    what: str
    taken: int
    waited: bool


def stale(server: Server, run: StaleRun, level: Level) -> Came:
    """Take the steps of the run at a level, as far as the server lets it."""
    with ExitStack() as opened:
        stepper = _Stepper(run, Database(run.design, server, checks=False), level, opened)
        came = stepper.take(run.walk.steps, run.walk.states)
        if came.what == WENT_THROUGH and stepper.broken():
            return Came(BROKEN, came.taken, came.waited)
        return came


def whole(server: Server, run: StaleRun, level: Level, at_once: bool = False) -> Came:
    """Take the steps of the same run of the healthy spec, where each write asks all its guards.

    With `at_once`, the last step is sent before the one before it is committed: if it is for the
    same row, it has to wait.
    """
    with ExitStack() as opened:
        stepper = _Stepper(run, Database(derive(run.healthy), server), level, opened)
        followed = follow(Evaluator(run.healthy), run.whole())
        steps = run.whole()[: len(followed.taken) + 1]
        return stepper.take(steps, followed.walk.states, at_once)


class _Stepper:
    """A database and what its processes remember; each transaction has a session of its own."""

    def __init__(self, run: StaleRun, database: Database, level: Level, opened: ExitStack) -> None:
        self.run, self.database, self.level, self.opened = run, database, level, opened
        self.memories = Memories(database.design)
        self.looked: dict[Value, list[Session]] = {}
        self.waited = False
        opened.enter_context(closing(database))
        self.watch = opened.enter_context(database.server.connect())
        self.aside = opened.enter_context(ThreadPoolExecutor(1))

    def take(self, steps: Sequence[Step], states: Sequence[State], at_once: bool = False) -> Came:
        """Take the steps, from these states of the spec, up to the first that is refused."""
        held: Session | None = None
        for n, (step, state) in enumerate(zip(steps, states, strict=False)):
            session = self._session(step)
            try:
                outcome = self._taken(session, step, state, held)
                if isinstance(outcome, Refused):
                    return Came(outcome.guard, n, self.waited)
                held = session if at_once and n == len(steps) - 2 else None
                if not (held or self._looks(step)):
                    session.commit()
            except Again as again:
                return Came(again.sqlstate, n, self.waited)
        return Came(WENT_THROUGH, len(steps), self.waited)

    def _looks(self, step: Step) -> bool:
        """Return whether the transaction of a step goes on with a write."""
        halves = self.run.action + REST in self.database.design.transitions
        return halves and step.action.name == self.run.action

    def _session(self, step: Step) -> Session:
        """Return the session in which whoever takes the step has a transaction open."""
        if step.action.name == self.run.action + REST:
            return self.looked[self.run.who(step)].pop(0)
        session = self.database.session()
        self.opened.enter_context(session.connection)
        session.begin(self.level)
        if self._looks(step):
            self.looked.setdefault(self.run.who(step), []).append(session)
        return session

    def _taken(self, session: Session, step: Step, state: State, held: Session | None) -> Outcome:
        if held is None:
            return self.memories.take(session.take, step, state)
        sent = self.aside.submit(self.memories.take, session.take, step, state)
        while not sent.done():
            if self._waits(session):
                self.waited = True
                break
            time.sleep(0.001)
        try:
            held.commit()
        finally:
            wait([sent])
        return sent.result()

    def _waits(self, session: Session) -> bool:
        asked = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        found = self.watch.execute(asked, [session.connection.info.backend_pid]).fetchone()
        return bool(found and found[0])

    def broken(self) -> bool:
        """Return whether database and memory are as the spec has them at the end of the run, and
        violate what is violated there.
        """
        last = self.run.walk.states[-1]
        now = abstract(self.database, self.memories, last)
        claim = Claim(Evaluator(self.run.scope), self.run.scope.spec.properties[self.run.violated])
        then = self.run.walk.states[-2] if claim.property.kind == "step" else now
        return now == last and claim.holds(then, now) is not None
