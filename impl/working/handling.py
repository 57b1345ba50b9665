"""One handler at a time: it is run, and broken off when somebody says why.

A plain function is broken off by an exception in the main thread, and elsewhere not at all; an
async one in any thread, by cancelling it.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType
from typing import Any

from impl.terms.calls import described, is_async, run
from impl.terms.interrupt import Interrupted, Why, breakable
from impl.terms.unusable import StoreError
from impl.working.attempt import Attempt, LostClaim, NotMine
from impl.working.coroutines import Cancelled, EventLoop, Running

Handler = Callable[[Attempt], Awaitable[None] | None]
"""Does the work of one attempt before it returns; whatever it raises counts as a failure, and what
it returns is dropped. It may be `async`.
"""

_AGAIN = 1.0
"""Seconds that a handler has to clean up before it is broken off once more."""


class Handling:
    """Runs handlers, one after another."""

    def __init__(self, loop: EventLoop) -> None:
        """Run async ones in this loop."""
        self._loop = loop
        self._why: Why | None = None
        self._inside = False
        self._running: Running | None = None
        self._broken_off_at = -math.inf

    def run(self, handler: Handler, attempt: Attempt) -> str | None:
        """Return what the handler has raised, in words. Raises `Interrupted`, and what is no
        failure of the job: `LostClaim`, `NotMine`, `StoreError`.
        """
        self._why, self._broken_off_at = None, -math.inf
        self._inside = threading.current_thread() is threading.main_thread()
        try:
            attempt.require_readable()
            if is_async(handler):
                self._await(partial(handler, attempt))
            else:
                run(handler, attempt)
        except (LostClaim, Interrupted, NotMine, StoreError):
            raise
        except BaseException as raised:  # Ctrl-C is none of these: its signal stops the worker
            return described(raised)  # whose words are not ours either, and may be broken off
        finally:
            self._inside = False
        return None

    def _await(self, call: Callable[[], Any]) -> None:
        self._running = self._loop.begin(call)
        try:
            self._running.wait()
        except Cancelled:
            if self._why is not None:
                raise Interrupted(self._why) from None
            raise
        finally:
            self._running = None

    def interrupt(self, why: Why) -> None:
        """Ask the handler to leave, from another thread; called again until it has."""
        self._why = why
        if time.monotonic() - self._broken_off_at <= _AGAIN:
            return
        if (running := self._running) is not None:
            self._broken_off_at = time.monotonic()
            running.cancel()
        elif self._inside:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def on_signal(self, _: int, frame: FrameType | None) -> None:
        """Leave a plain handler, if it is one that runs now."""
        if self._inside and self._why is not None and breakable(frame):
            # The handler may swallow it, and is asked again then.
            self._broken_off_at = time.monotonic()
            raise Interrupted(self._why)
