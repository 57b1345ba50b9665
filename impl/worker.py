"""A worker: claims one job at a time, runs its handler, and settles what came of it.

When the claim is lost, the deadline has passed or the worker is to stop, a second thread interrupts
the handler, which must be in the main thread for that; elsewhere a handler is not interrupted, and
its attempt is refused in the end.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from impl.attempt import Attempt, LostClaim, claim
from impl.files import StoreError
from impl.outcomes import OutcomeUnknown
from impl.queue import Message, Queue
from impl.transaction import Transaction
from impl.watch import Watch, Why
from spec.queue.job import Worker as WorkerSort

Handler = Callable[[Attempt], None]


class Interrupted(BaseException):
    """The handler is to stop at once: `why`. Not an error, so `except Exception` lets it pass."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Worker:
    """Runs handlers, found by the job's kind in a table of its own; other kinds it leaves alone."""

    def __init__(
        self,
        queue: Queue,
        handlers: Mapping[str, Handler],
        *,
        receivers: Mapping[str, Callable[[Message], None]] | None = None,
        on_death: Callable[[int, str], None] | None = None,
        poll: float = 0.2,
        grace: float = 10.0,
    ) -> None:
        """Join the queue as a new worker.

        `receivers` get the outbox's messages by topic; `on_death` is told of jobs that died, with
        the reason. `poll`: seconds between looks at an empty queue. `grace`: seconds that a handler
        has to return after `stop`.
        """
        self.queue, self.handlers = queue, dict(handlers)
        self.receivers, self.on_death = dict(receivers or {}), on_death
        self.poll, self.grace = poll, grace
        self.process = queue.process(WorkerSort)
        self.tally: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._stopped_at = 0.0
        self._why: Why | None = None
        self._watch: Watch | None = None
        self._inside = False
        self._kept_at = 0.0

    # ------------------------------------------------------------ the loop
    def run(self, until_empty: bool = False) -> Counter[str]:
        """Work until `stop`, or until every job is done or dead; return how attempts ended."""
        self._watch = Watch(self.queue, self._out_of_grace, self._interrupt)
        try:
            with self._signals():
                self._loop(until_empty)
        finally:
            self._watch.close()
        self._keep_house(at_once=True)
        return self.tally

    def _loop(self, until_empty: bool) -> None:
        attempt: Attempt | None = None
        while not (self._stopping.is_set() and attempt is None):
            self._keep_house()
            attempt = attempt or self._claim()
            if attempt is not None:
                attempt = self._run(attempt)
            elif until_empty and not self._open_jobs():
                break
            else:
                self._stopping.wait(self.poll)

    def stop(self) -> None:
        """Claim nothing more; a handler that runs may finish within the grace."""
        self._stopped_at = time.monotonic()
        self._stopping.set()

    def _claim(self) -> Attempt | None:
        due = "SELECT 1 FROM task WHERE due <= ? LIMIT 1"
        if not self.queue.query(due, (self.queue.clock.wall(),)):
            return None  # without the lock
        with self.process.lock, self.queue.transaction() as t:
            return claim(self.queue, t, self.process, list(self.handlers))

    def _open_jobs(self) -> bool:
        return bool(
            self.queue.query("SELECT 1 FROM job WHERE status IN ('ready', 'claimed') LIMIT 1")
        )

    def _keep_house(self, at_once: bool = False) -> None:
        """Recover what others have lost, tell of deaths and deliver messages, now and then."""
        now = time.monotonic()
        if not at_once and now < self._kept_at + min(self.queue.lease_ms / 2000, 1.0):
            return
        self._kept_at = now
        self.queue.recover()
        if self.receivers:
            self.queue.deliver(self.receivers)
        if self.on_death is not None:
            self.queue.announce(self.on_death)

    # ------------------------------------------------------------ one attempt
    def _run(self, attempt: Attempt) -> Attempt | None:
        """Run the handler and settle; return the next attempt if one was claimed with it."""
        try:
            if attempt.start():
                self._handle(attempt)
        except LostClaim:
            return self._lost(attempt)
        except Interrupted as interrupted:
            return self._break_off(attempt, interrupted.why)
        except Exception as error:
            return self._failed(attempt, f"{type(error).__name__}: {error}")
        try:
            return self._settle(attempt, "done", attempt.finish)
        except Exception as error:  # an effect that the database refuses
            return self._failed(attempt, f"{type(error).__name__}: {error}")

    def _break_off(self, attempt: Attempt, why: Why) -> Attempt | None:
        match why:
            case "stopping":
                return self._settle(attempt, "released", lambda t: attempt.release(t, why))
            case "overdue":
                return self._failed(attempt, "took too long")
            case "lost":
                return self._lost(attempt)

    def _failed(self, attempt: Attempt, error: str) -> Attempt | None:
        return self._settle(attempt, "failed", lambda t: attempt.fail(t, error))

    def _settle(
        self, attempt: Attempt, outcome: str, how: Callable[[Transaction], None]
    ) -> Attempt | None:
        """Settle, and claim the next job in the same transaction; a store that cannot be used is
        asked again as long as the lease may last.
        """
        until = time.monotonic() + self.queue.lease_ms / 1000
        while True:
            try:
                following: Attempt | None = None
                with self.process.lock, self.queue.transaction() as t:
                    how(t)
                    if outcome == "done" and not self._stopping.is_set():
                        following = claim(self.queue, t, self.process, list(self.handlers))
                self.tally[outcome] += 1
                return following
            except LostClaim:
                return self._lost(attempt)
            except (StoreError, OutcomeUnknown):
                if time.monotonic() > until:
                    raise
                time.sleep(self.poll)

    def _lost(self, attempt: Attempt) -> Attempt | None:
        self.tally["lost"] += 1
        attempt.abandon()
        return None

    # ------------------------------------------------------------ the handler
    def _out_of_grace(self) -> bool:
        return self._stopping.is_set() and time.monotonic() - self._stopped_at > self.grace

    def _interrupt(self, why: Why) -> None:
        """Ask the main thread to leave the handler; called again until it has."""
        self._why = why
        if self._inside:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def _handle(self, attempt: Attempt) -> None:
        assert self._watch is not None
        self._why = None
        self._watch.begin(attempt)
        self._inside = threading.current_thread() is threading.main_thread()
        try:
            self.handlers[attempt.kind](attempt)
        finally:
            self._inside = False
            self._watch.end()

    def _on_interrupt(self, *_: Any) -> None:
        if self._inside and self._why is not None:
            self._inside = False
            raise Interrupted(self._why)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Stop when the system asks for it; a process that is not to stop installs nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = {
            signal.SIGTERM: lambda *_: self.stop(),
            signal.SIGINT: lambda *_: self.stop(),
            signal.SIGUSR1: self._on_interrupt,
        }
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
