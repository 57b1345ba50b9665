"""A run on a real server: each look and its write are one transaction, each other step is one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import dataclass

from checker.isolation.held import Derived, Held
from checker.isolation.stale_runs import BROKEN, REST, WENT_THROUGH, StaleRun
from checker.isolation.wide import Wide
from checker.runs.walk import follow
from impl.derive.design import derive
from impl.postgresql.text.isolation import Level
from impl.postgresql.trial.embedded import Server
from impl.postgresql.trial.session import Again, Transactions
from spec.language.evaluate import Claim, Evaluator, Step
from spec.language.scope import Scope, State, Value


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
        stepper = _Stepper(server, run, run.scope, level, opened)
        return stepper.take(run.walk.steps, run.walk.states)


def whole(server: Server, run: StaleRun, level: Level, at_once: bool = False) -> Came:
    """Take the steps of the same run of the healthy spec, where each write asks all its guards.

    With `at_once`, the last step is sent before the one before it is committed: if it is for the
    same row, it has to wait. What they leave may be what they leave the other way round.
    """
    with ExitStack() as opened:
        stepper = _Stepper(server, run, run.healthy, level, opened)
        states = follow(Evaluator(run.healthy), run.steps).walk.states
        came = stepper.take(run.steps, states, at_once)
        if at_once and came.what == BROKEN and stepper.is_as(run.swapped):
            return Came(WENT_THROUGH, came.taken, came.waited)
        return came


class _Stepper:
    """A database and its processes; each transaction has a session of its own."""

    def __init__(
        self, server: Server, run: StaleRun, scope: Scope, level: Level, opened: ExitStack
    ) -> None:
        self.run, self.scope, self.level, self.opened = run, scope, level, opened
        self.held: Held = Wide(scope, server) if run.wide else Derived(derive(scope), server)
        self.looked: dict[Value, list[Transactions]] = {}
        self.waited = False
        opened.enter_context(closing(self.held))
        self.watch = opened.enter_context(server.connect())
        self.aside = opened.enter_context(ThreadPoolExecutor(1))

    def take(self, steps: Sequence[Step], states: Sequence[State], at_once: bool = False) -> Came:
        """Take the steps, from these states of the spec, up to the first that is refused."""
        before: Transactions | None = None
        for n, (step, state) in enumerate(zip(steps, states, strict=False)):
            session = self._session(step)
            try:
                refused = self._refusal(session, step, state, before)
                if refused is not None:
                    return Came(refused, n, self.waited)
                before = session if at_once and n == len(steps) - 2 else None
                if not (before or self._looks(step)):
                    session.commit()
            except Again as again:
                return Came(again.sqlstate, n, self.waited)
        return Came(BROKEN if self._broken() else WENT_THROUGH, len(steps), self.waited)

    def _looks(self, step: Step) -> bool:
        """Return whether the transaction of a step goes on with a write."""
        return self.scope is self.run.scope and step.action.name == self.run.action

    def _session(self, step: Step) -> Transactions:
        """Return the session in which whoever takes the step has a transaction open."""
        if step.action.name == self.run.action + REST:
            return self.looked[self.run.who(step)].pop(0)
        session = self.held.session()
        self.opened.enter_context(session.connection)
        session.begin(self.level)
        if self._looks(step):
            self.looked.setdefault(self.run.who(step), []).append(session)
        return session

    def _refusal(
        self, session: Transactions, step: Step, state: State, before: Transactions | None
    ) -> str | None:
        """Take a step; `before` is committed when it has been sent."""
        if before is None:
            return self.held.refusal(session, step, state)
        sent = self.aside.submit(self.held.refusal, session, step, state)
        while not sent.done():
            if self._waits(session):
                self.waited = True
                break
            time.sleep(0.001)
        try:
            before.commit()
        finally:
            wait([sent])
        return sent.result()

    def _waits(self, session: Transactions) -> bool:
        asked = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        found = self.watch.execute(asked, [session.connection.info.backend_pid]).fetchone()
        return bool(found and found[0])

    def is_as(self, state: State | None) -> bool:
        """Return whether database and processes are as in this state of the spec."""
        return state is not None and self.held.end(state) == state

    def _broken(self) -> bool:
        """Return whether all is as the spec has it at the end of the run, and violates what is
        violated there.
        """
        states = [state[: len(self.scope.places)] for state in self.run.walk.states]
        now = self.held.end(states[-1])
        claim = Claim(Evaluator(self.scope), self.scope.spec.properties[self.run.violated])
        then = states[-2] if claim.property.kind == "step" else now
        return now == states[-1] and claim.holds(then, now) is not None
