"""The second thread of a worker: renews the lease of its claim, and says when to break off.

One thread looks after all attempts, one at a time, so that a short attempt costs nothing for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from impl.queue import Queue
from impl.terms.calls import described
from impl.terms.interrupt import Why
from impl.terms.unusable import Busy
from impl.working.attempt import Attempt, LostClaim

log = logging.getLogger(__name__)

_TICK = 0.05
"""Seconds between looks at the attempt."""

_LAST = 0.9
"""The part of a lease after which a handler whose lease could not be renewed has to go."""


class Watch:
    """Looks after one attempt at a time; `interrupt` is called until that attempt is over."""

    def __init__(
        self, queue: Queue, stopping: Callable[[], bool], interrupt: Callable[[Why], None]
    ) -> None:
        """Begin to watch; `stopping` says whether the worker's grace is over."""
        self._queue, self._stopping, self._interrupt = queue, stopping, interrupt
        self._lease = queue.lease_ms / 1000
        self._own: Queue | None = None
        self._lock = threading.Lock()
        self._attempt: Attempt | None = None
        self._why: Why | None = None
        self._began = self._ours = self._next = 0.0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def begin(self, attempt: Attempt, since: float) -> None:
        """Look after this attempt from now on; it was claimed after `since`, of `monotonic`."""
        with self._lock:
            self._attempt, self._why = attempt, None
            self._began = self._ours = since
            self._next = since + self._lease / 3

    def end(self) -> None:
        """Leave the attempt alone; nothing is renewed or interrupted after this has returned."""
        with self._lock:
            self._attempt = None

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(min(self._lease / 3, _TICK)):
            try:
                with self._lock:
                    if self._attempt is not None:
                        self._look_after(self._attempt)
            except BaseException:  # without this thread a handler has no lease and no deadline
                log.exception("the watch goes on")
        if self._own is not None:
            self._own.close()

    def _look_after(self, attempt: Attempt) -> None:
        self._why = self._why or self._wrong(attempt)
        if self._why is None and time.monotonic() > self._next:
            self._renew(attempt)
        if self._why is not None:
            self._interrupt(self._why)

    def _wrong(self, attempt: Attempt) -> Why | None:
        if time.monotonic() - self._began > attempt.timeout_ms / 1000:
            return "overdue"
        return "stopping" if self._stopping() else None

    def _renew(self, attempt: Attempt) -> None:
        """Renew the lease by a connection of this thread, which is made when it is first needed."""
        asked = time.monotonic()
        try:
            self._own = self._own or self._queue.again()
            attempt.heartbeat(self._own)
            self._ours, self._next = asked, asked + self._lease / 3
        except LostClaim as lost:
            self._why = "overdue" if lost.guard == "in_time" else "lost"
        except BaseException as failed:  # the next one may come through: a lease bears a few
            self._next = time.monotonic() + self._lease / 30
            log.warning("lease of job %s is not renewed: %s", attempt.id, described(failed))
            if isinstance(failed, Busy):
                self._ours = time.monotonic()  # nobody else could have taken the claim either
            elif time.monotonic() - self._ours > self._lease * _LAST:
                self._why = "lost"
