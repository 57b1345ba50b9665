"""The third thread of a worker: keeps the house, however long the handlers are.

It recovers what others have lost, forgets what is over, tells of deaths and delivers messages, now
and then.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping

from impl.parts.outbox import Speech
from impl.parts.retention import AT_ONCE
from impl.parts.speaker import Speaker
from impl.queue import Queue
from impl.terms.calls import described
from impl.terms.unusable import OtherHistory, StoreError

log = logging.getLogger(__name__)

_SLICE = 0.1
"""Seconds after which whoever waits for the thread looks whether he still has to."""


class House:
    """Keeps the house of one queue until it is closed."""

    def __init__(self, queue: Queue, speeches: Mapping[str, Speech]) -> None:
        """Begin; `speeches`: what is to be said, by topic."""
        self._queue, self._speeches = queue, speeches
        self._every = min(queue.lease_ms / 2000, 1.0)
        self._own: Queue | None = None  # of the thread
        self._speaker: Speaker | None = None
        self._news = threading.Event()
        self._last, self._closed = threading.Event(), threading.Event()
        self._next = 0.0
        self._error: StoreError | None = None
        self._thread = threading.Thread(target=self._run, name="house", daemon=True)
        self._thread.start()

    def finish(self, enough: Callable[[], bool]) -> None:
        """Say all that is there to be said, and end, unless somebody has had enough. Raises
        `StoreError` if the store could not be used for the time of a lease.
        """
        self._last.set()
        self._wait(enough)
        if self._error is not None:
            raise self._error

    def close(self, enough: Callable[[], bool]) -> None:
        """Say nothing more, and end once what is being said has been noted, or has had enough."""
        self._closed.set()
        self._wait(enough)

    def _wait(self, enough: Callable[[], bool]) -> None:
        self._news.set()
        while self._thread.is_alive() and not enough():
            self._thread.join(_SLICE)

    # ------------------------------------------------------------ the thread
    def _run(self) -> None:
        with contextlib.ExitStack() as ends:
            usable = time.monotonic()
            while True:
                closed, last = self._closed.is_set(), self._last.is_set()
                try:
                    busy = self._keep(ends, closed)
                    usable, self._error = time.monotonic(), None
                except OtherHistory:  # so the worker will find, and end
                    return
                except BaseException as failed:  # without this thread nobody hears of a death
                    log.warning("the house is not kept: %s", described(failed))
                    self._error = failed if isinstance(failed, StoreError) else None
                    late = time.monotonic() - usable > self._queue.lease_ms / 1000
                    busy = not closed and not late
                if not busy and (closed or last):
                    return
                self._news.wait(self._every)
                self._news.clear()

    def _keep(self, ends: contextlib.ExitStack, closed: bool) -> bool:
        """Do what there is to do, and return whether anything is being said."""
        if self._own is None or self._speaker is None:
            self._own = ends.enter_context(self._queue.again())
            self._speaker = Speaker(self._own, self._news)
        if time.monotonic() >= self._next and not closed:
            self._next = time.monotonic() + self._every
            self._speaker.begin()
            self._own.recover()
            if self._own.retention.prune_some() > AT_ONCE // 2:  # there may be more
                self._next = 0.0
                self._news.set()
        return self._speaker.go_on({} if closed else self._speeches)
