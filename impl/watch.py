"""The second thread of a worker: renews the lease while a handler runs, and says when to stop it.

One thread looks after all attempts, one at a time, so that a short attempt costs nothing for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from impl.attempt import Attempt, LostClaim
from impl.files import StoreError
from impl.interrupt import Why
from impl.outcomes import OutcomeUnknown
from impl.queue import Queue

_TICK = 0.05
"""Seconds between looks at the attempt."""


class Watch:
    """Looks after one attempt at a time; `interrupt` is called until that attempt is over."""

    def __init__(
        self, queue: Queue, stopping: Callable[[], bool], interrupt: Callable[[Why], None]
    ) -> None:
        """Begin to watch; `stopping` says whether the worker's grace is over."""
        self._queue, self._stopping, self._interrupt = queue, stopping, interrupt
        self._lock = threading.Lock()
        self._attempt: Attempt | None = None
        self._why: Why | None = None
        self._began = self._renewed = 0.0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def begin(self, attempt: Attempt) -> None:
        """Look after this attempt from now on."""
        with self._lock:
            self._attempt, self._why = attempt, None
            self._began = self._renewed = time.monotonic()

    def end(self) -> None:
        """Leave the attempt alone; nothing is renewed or interrupted after this has returned."""
        with self._lock:
            self._attempt = None

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        every = self._queue.lease_ms / 3000
        own: Queue | None = None
        while not self._closed.wait(min(every, _TICK)):
            with self._lock:
                if self._attempt is None:
                    continue
                self._why = self._why or self._wrong(self._attempt)
                if self._why is not None:
                    self._interrupt(self._why)
                elif time.monotonic() - self._renewed > every:
                    own = self._renew(self._attempt, own)
        if own is not None:
            own.close()

    def _wrong(self, attempt: Attempt) -> Why | None:
        if time.monotonic() - self._began > attempt.timeout_ms / 1000:
            return "overdue"
        return "stopping" if self._stopping() else None

    def _renew(self, attempt: Attempt, own: Queue | None) -> Queue | None:
        """Renew the lease by a connection of this thread, which is made when it is first needed."""
        try:
            own = own or self._queue.again()
            attempt.heartbeat(own)
            self._renewed = time.monotonic()
        except LostClaim:
            self._why = "lost"
        except (StoreError, OutcomeUnknown):
            pass  # the next one may come through, and the lease bears a few that do not
        return own
