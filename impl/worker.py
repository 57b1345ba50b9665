"""A worker: claims one job at a time, runs its handler, and settles what came of it.

While the handler runs, a second thread renews the lease. When the claim is lost, the deadline has
passed or the worker is to stop, that thread interrupts the handler, which must be in the main
thread for that; elsewhere a handler is not interrupted, and its attempt is refused in the end.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from impl.attempt import Attempt, LostClaim, claim
from impl.files import StoreError
from impl.outcomes import OutcomeUnknown
from impl.queue import Message, Queue
from impl.transaction import Transaction
from spec.queue.job import Worker as WorkerSort

Handler = Callable[[Attempt], None]
Why = Literal["stopping", "overdue", "lost"]


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
        self._inside = False
        self._kept_at = 0.0

    # ------------------------------------------------------------ the loop
    def run(self, until_empty: bool = False) -> Counter[str]:
        """Work until `stop`, or until every job is done or dead; return how attempts ended."""
        with self._signals():
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
        self._keep_house(at_once=True)
        return self.tally

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
                with self._watched(attempt):
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

    # ------------------------------------------------------------ the second thread
    @contextlib.contextmanager
    def _watched(self, attempt: Attempt) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(attempt, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self, attempt: Attempt, over: threading.Event) -> None:
        """Renew the lease until the attempt is over, and interrupt it if it must not go on."""
        started = renewed = time.monotonic()
        every = self.queue.lease_ms / 3000
        own: Queue | None = None
        try:
            while not over.wait(min(every, 0.1)):
                now = time.monotonic()
                if now - started > attempt.timeout_ms / 1000:
                    return self._interrupt("overdue", over)
                if self._stopping.is_set() and now - self._stopped_at > self.grace:
                    return self._interrupt("stopping", over)
                if now - renewed > every:
                    own = own or self.queue.again()
                    with contextlib.suppress(StoreError, OutcomeUnknown):  # the next one may come
                        attempt.heartbeat(own)
                        renewed = now
        except LostClaim:
            self._interrupt("lost", over)
        finally:
            if own is not None:
                own.close()

    def _interrupt(self, why: Why, over: threading.Event) -> None:
        self._why = why
        while not over.wait(0.05):  # a signal may come before the handler has begun
            if self._inside:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def _handle(self, attempt: Attempt) -> None:
        self._why = None
        self._inside = threading.current_thread() is threading.main_thread()
        try:
            self.handlers[attempt.kind](attempt)
        finally:
            self._inside = False

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
