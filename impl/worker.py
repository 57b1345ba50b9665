"""A worker: claims one job at a time, runs its handler, and settles what came of it.

When the claim is lost, the deadline has passed or the worker is to stop, a second thread breaks the
handler off, if it is async, or in the main thread; elsewhere nobody can, and its attempt is refused
in the end.
"""

from __future__ import annotations

import logging
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from impl.interface.transaction import Transaction
from impl.parts.outbox import Deaths, Receiver, Speech, Told, Topic
from impl.queue import Queue
from impl.terms.calls import described, one_line, run_when_awaited, run_when_called
from impl.terms.interrupt import Interrupted, OnSignal, Why, handled
from impl.terms.outcomes import OutcomeUnknown
from impl.terms.unusable import Full, StoreError
from impl.working.attempt import Attempt, LostClaim, NotMine, claim
from impl.working.coroutines import EventLoop
from impl.working.handling import Handler, Handling
from impl.working.house import House
from impl.working.patience import patiently
from impl.working.watch import Watch
from spec.queue.job import Worker as WorkerSort

log = logging.getLogger(__name__)

OnStep = Callable[[Attempt, str], None]
"""Is told that an attempt has begun, or how it ended: done, failed, released, lost."""

TOO_LONG = "took too long"
"""What the trace says of an attempt whose deadline has passed."""

NOT_RENEWED = "its lease could not be renewed"
"""What the trace says of an attempt that was given back before its lease ran out."""

_SLICE = 0.1
"""Seconds in one piece that a worker sleeps at most before it looks whether it is to stop."""


class Worker:
    """Runs handlers, found by the job's kind in a table of its own; other kinds it leaves alone."""

    def __init__(
        self,
        queue: Queue,
        handlers: Mapping[str, Handler],
        *,
        receivers: Mapping[str, Receiver] | None = None,
        on_death: Told | None = None,
        on_step: OnStep | None = None,
        poll: float = 0.2,
        grace: float = 10.0,
        loop: EventLoop | None = None,
        keeps_house: bool = True,
    ) -> None:
        """Join the queue as a new worker.

        `receivers` get the outbox's messages by topic; `on_death` is told of jobs that died, with
        the reason; what `on_step` raises ends the worker. `poll`: seconds between looks at an empty
        queue. `grace`: seconds that a handler has to return after `stop`. Of several workers in one
        process one keeps the house, and all have one `loop`: see `Pool`. Raises `StoreError`, and
        `BadRequest` for a generator, or an async function that is no handler.
        """
        called: dict[str, Callable[..., object] | None] = {"on_death": on_death, "on_step": on_step}
        called |= {f"receiver of '{topic}'": each for topic, each in (receivers or {}).items()}
        run_when_called(called)
        run_when_awaited({f"handler of '{kind}'": each for kind, each in handlers.items()})
        self.queue, self.handlers = queue, dict(handlers)
        self.on_step = on_step
        self._speeches: dict[str, Speech] = {
            topic: Topic(topic, receiver) for topic, receiver in (receivers or {}).items()
        }
        if on_death is not None:
            self._speeches[""] = Deaths(on_death)
        self.poll, self.grace = poll, grace
        self.process = queue.process(WorkerSort, self.handlers)
        self.tally: Counter[str] = Counter()
        self._stopped_at: float | None = None
        self._watch: Watch | None = None
        self._loop, self._shared = loop or EventLoop(), loop is not None
        self._handling = Handling(self._loop)
        self._keeps_house = keeps_house

    # ------------------------------------------------------------ the loop
    def run(self, until_empty: bool = False) -> Counter[str]:
        """Work until `stop`, or until every job of its kinds is done or dead; return how attempts
        ended: done, failed, released, lost.

        A store that cannot be used is asked again as long as a lease may last; then `StoreError` is
        raised. After `OtherHistory` and `OutcomeUnknown` only a new worker may go on.
        """
        wanted: dict[int, OnSignal] = {
            signal.SIGTERM: lambda *_: self.stop(),
            signal.SIGINT: lambda *_: self.stop(),
            signal.SIGUSR1: self._handling.on_signal,
        }
        with handled(wanted):
            self._watch = Watch(self.queue, self._out_of_grace, self._handling.interrupt)
            house = House(self.queue, self._speeches) if self._keeps_house else None
            try:
                self._work(until_empty)
                if house is not None and self._stopped_at is None:
                    house.finish(self._out_of_grace)
            finally:
                if house is not None:
                    house.close(self._out_of_grace)
                self._watch.close()
                if not self._shared:
                    self._loop.close()
        return self.tally

    def stop(self) -> None:
        """Claim nothing more; a handler that runs may finish within the grace. It may be called
        from a signal handler, so it takes no lock.
        """
        if self._stopped_at is None:
            self._stopped_at = time.monotonic()

    def _work(self, until_empty: bool) -> None:
        attempt: Attempt | None = None
        while attempt is not None or self._stopped_at is None:
            if attempt is not None:
                attempt = self._run(attempt)
                continue
            attempt = patiently(self.queue, self._claim)
            if attempt is None:
                if until_empty and self.queue.line.is_over(self.queue.store.own, self.handlers):
                    return
                self._sleep()

    def _claim(self) -> Attempt | None:
        if not self.queue.line.first(self.queue.store.own, self.handlers):
            return None  # without the lock
        since = time.monotonic()
        # A claim that the power takes back was made by a worker that is gone with it, and the next
        # boot begins an epoch of its own: no token comes twice.
        durable = self.queue.waits("claim")
        with self.process.lock, self.queue.transaction(durable=durable) as t:
            attempt = self._claim_within(t)
        self._look_after(attempt, since)
        return attempt

    def _claim_within(self, t: Transaction) -> Attempt | None:
        if self._stopped_at is not None:  # perhaps while the lock was waited for
            return None
        return claim(self.queue, t, self.process, list(self.handlers))

    def _look_after(self, attempt: Attempt | None, since: float) -> None:
        """Let the watch have this attempt, which was claimed after `since`, instead of another."""
        assert self._watch is not None
        if attempt is None:
            self._watch.end()
            return
        self._watch.begin(attempt, since)
        kind = one_line(attempt.kind)
        log.debug("job %s: is claimed, attempt %s, %s", attempt.id, attempt.number, kind)

    def _sleep(self) -> None:
        until = time.monotonic() + self.poll
        while self._stopped_at is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _SLICE))

    # ------------------------------------------------------------ one attempt
    def _run(self, attempt: Attempt) -> Attempt | None:
        """Run the handler and settle; return the next attempt if one was claimed with it."""
        self._tell(attempt, "begun")
        try:
            runs = patiently(self.queue, attempt.start)
            handler = self.handlers[attempt.kind]
            error = self._handling.run(handler, attempt) if runs else None
        except LostClaim as lost:
            return self._lost(attempt, lost)
        except Interrupted as interrupted:
            return self._break_off(attempt, interrupted.why)
        except (NotMine, StoreError) as declined:  # the store is no outcome of a job either
            return self._declined(attempt, described(declined))
        if error is not None:
            return self._failed(attempt, error)
        try:
            return self._settle(attempt, "done", attempt.finish)
        except Full as full:  # of what was to follow: others may make room
            return self._declined(attempt, described(full))
        except (StoreError, OutcomeUnknown):
            raise
        except Exception as refused:  # an effect that the database refuses
            return self._failed(attempt, described(refused))

    def _break_off(self, attempt: Attempt, why: Why) -> Attempt | None:
        match why:
            case "stopping":
                how = partial(attempt.release, why=why)
                return self._settle(attempt, "released", how, why)
            case "overdue":
                return self._failed(attempt, TOO_LONG)
            case "lost" if self._abandoned(attempt):
                return None
            case "lost":  # nobody knows of it yet
                return self._declined(attempt, NOT_RENEWED)

    def _failed(self, attempt: Attempt, error: str) -> Attempt | None:
        return self._settle(attempt, "failed", partial(attempt.fail, error=error), error)

    def _declined(self, attempt: Attempt, why: str) -> Attempt | None:
        """Give the job back, to be tried again after a pause: what is wrong may last a while."""
        return self._settle(attempt, "released", partial(attempt.decline, why=why), why)

    def _settle(
        self,
        attempt: Attempt,
        outcome: str,
        how: Callable[[Transaction], bool | None],
        why: str | None = None,
    ) -> Attempt | None:
        """Settle, and claim the next job in the same transaction once this one is done. `how`
        returns whether the job is dead.
        """

        def settle() -> tuple[bool | None, Attempt | None, float]:
            since = time.monotonic()
            with self.process.lock, self.queue.transaction() as t:
                dead = how(t)
                return dead, self._claim_within(t) if outcome == "done" else None, since

        try:
            dead, following, since = patiently(self.queue, settle)
        except LostClaim as lost:
            return self._lost(attempt, lost)
        self._look_after(following, since)
        self._ended(attempt, outcome, why, bool(dead))
        return following

    def _lost(self, attempt: Attempt, lost: LostClaim) -> Attempt | None:
        if self._abandoned(attempt):
            return None
        # The claim is still this worker's: its deadline has passed, or it was another one.
        return self._failed(attempt, TOO_LONG if lost.guard == "in_time" else described(lost))

    def _abandoned(self, attempt: Attempt) -> bool:
        """Return whether the claim is lost indeed: the store has the last word."""
        lost = patiently(self.queue, attempt.abandon)
        if lost:
            self._look_after(None, 0.0)
            self._ended(attempt, "lost")
        return lost

    def _ended(
        self, attempt: Attempt, outcome: str, why: str | None = None, dead: bool = False
    ) -> None:
        said = f"job {attempt.id}: attempt {attempt.number} is {outcome}"
        said += (f": {why}" if why else "") + ("; the job is dead" if dead else "")
        log.log(logging.DEBUG if outcome == "done" else logging.INFO, "%s", one_line(said))
        self.tally[outcome] += 1
        self._tell(attempt, outcome)

    def _tell(self, attempt: Attempt, step: str) -> None:
        if self.on_step is not None:
            self.on_step(attempt, step)

    def _out_of_grace(self) -> bool:
        return self._stopped_at is not None and time.monotonic() - self._stopped_at > self.grace
