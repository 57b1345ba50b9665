"""A run over the loss of a server, on real ones: which steps are taken, and what is there then."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from checker.failover.stories import SERVED, Came, Story, step_of
from impl.derive.design import derive
from impl.derive.mapping import Memories, abstract
from impl.postgresql.trial.database import Database
from impl.postgresql.trial.embedded import Away, Server
from impl.postgresql.trial.session import Session
from impl.postgresql.trial.standby import Pair
from impl.terms.outcomes import Refused
from spec.language.evaluate import Evaluator, Instance, Step
from spec.language.scope import State
from spec.queue.job import Job, Worker

LAZY = {"wal_writer_delay": "'10s'", "wal_retrieve_retry_interval": "'100ms'"}
"""So that what nobody has waited for is not written by chance."""

_MARK = "CREATE UNLOGGED TABLE incarnation (here bool); INSERT INTO incarnation VALUES (TRUE)"


class Taken:
    """What came of a story, and what the servers said beside their answers."""

    def __init__(self, story: Story) -> None:
        """Take the story on servers that are started for it; raises `NoServer`."""
        self._story, self._design = story, derive(SERVED)
        self._memories, self._meaning = Memories(self._design), Evaluator(SERVED)
        self._old: Server | None = None
        self._sessions: dict[Server, Session] = {}
        self.said: list[str] = []
        with ExitStack() as self._opened:
            self._aside = self._opened.enter_context(ThreadPoolExecutor(1))
            self._pair: Pair | None = None
            if story.loss == "crash":
                self._now = self._opened.enter_context(Server(settings=LAZY))
            else:
                self._pair = self._opened.enter_context(Pair(story.synchronous, LAZY))
                self._now = self._pair.primary
            self.came = Came(story, tuple(self._states()))

    # ---------------------------------------------------------------- the run
    def _states(self) -> list[State]:
        Database(self._design, self._now, checks=False).close()
        with self._now.connect() as c:
            c.execute(_MARK)
        if self._pair and not self._story.synchronous:
            self._pair.hold_back()
        states = [self._meaning.initial()]
        for call in self._story.calls:
            ghosts = states[-1]
            match call.split()[0]:
                case "sync":
                    self._sync()
                case "lose_power":
                    self._lose()
                case _:
                    step = step_of(SERVED, call)
                    if not self._take(step, states[-1]):
                        break
                    # Ghosts are in no store: whoever watches from the beginning knows them.
                    ghosts = Instance(self._meaning, step.action, step.binding).after(ghosts)
            states.append(abstract(self._session(self._now), self._memories, ghosts))
        return states

    def _session(self, server: Server) -> Session:
        if server not in self._sessions:
            session = Session(self._design, self._opened.enter_context(server.connect()))
            session.connection.add_notice_handler(
                lambda told: self.said.append(f"{told.severity} {told.sqlstate}")
            )
            self._sessions[server] = session
        return self._sessions[server]

    # ---------------------------------------------------------------- what the queue does
    def _take(self, step: Step, state: State) -> bool:
        """Take a step where its process is connected; return whether it is answered with OK."""
        server = self._where(step)
        session = self._session(server)
        session.begin("READ COMMITTED")
        if step.action.loose:  # the spec says that nobody waits for it
            session.run("SET LOCAL synchronous_commit = off")
        before = {w: dict(memory) for w, memory in self._memories[Worker].items()}
        outcome = self._memories.take(session.take, step, state)
        if not isinstance(outcome, Refused) and self._committed(session, server, step):
            return True
        self._memories[Worker].update(before)
        return False

    def _where(self, step: Step) -> Server:
        """Return the old primary for a worker whose claim is of a history that is over, if that
        server is up.
        """
        worker = step.binding.get("w")
        if self._old is None or not isinstance(worker, int) or step.action.name == "claim":
            return self._now
        memory = self._memories[Worker][worker]
        row = self._session(self._now).rows()[Job][0]
        return self._now if memory["held_epoch"] == row["epoch"] else self._old

    def _committed(self, session: Session, server: Server, step: Step) -> bool:
        """Commit; return whether that is answered, though perhaps because the wait is cancelled."""
        cancelled = self._story.cancelled and step.action.name == "settle_done"
        waits = cancelled or (server is self._old and self._story.synchronous)
        if not waits:
            session.commit()
            return True
        if cancelled:
            assert self._pair is not None
            self._pair.hold_back()
        sent = self._aside.submit(session.commit)
        pid = session.connection.info.backend_pid
        with server.connect() as watch:
            asked = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'SyncRep'"
            while not (sent.done() or watch.execute(asked, [pid]).fetchone()):
                time.sleep(0.005)
            if cancelled:
                watch.execute("SELECT pg_cancel_backend(%s)", [pid])
            else:
                watch.execute("SELECT pg_terminate_backend(%s)", [pid])
        try:
            sent.result()
        except Away:
            return False
        return True

    # ---------------------------------------------------------------- what becomes of the servers
    def _sync(self) -> None:
        if self._pair is None:
            return  # what is waited for is on the disk
        self._pair.catch_up()
        if not self._story.synchronous:
            self._pair.hold_back()

    def _lose(self) -> None:
        if self._pair is None:
            del self._sessions[self._now]
            self._now.kill_one()
        elif self._story.loss == "two":
            self._pair.promote()
            self._old, self._now = self._now, self._pair.standby
        else:
            self._pair.primary.kill()
            self._pair.promote()
            self._now = self._pair.standby
        if self._story.numbered:
            self._begin_history()

    def _begin_history(self) -> None:
        """Let every token of before be of another history, if the unlogged row is gone."""
        with self._now.connect() as c:
            if c.execute("SELECT 1 FROM incarnation").fetchone() is None:
                c.execute("UPDATE job SET epoch = epoch + 1")
                c.execute("INSERT INTO incarnation VALUES (TRUE)")
