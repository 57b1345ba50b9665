"""The event loop in which the async handlers of a process run, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any


class Cancelled(Exception):
    """A coroutine has left because it was asked to."""


class Running:
    """A coroutine that runs; `wait` for its end, and `cancel` it from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Callable[[], Awaitable[Any]]) -> None:
        """Begin."""
        self._loop, self._call = loop, call
        self._task: asyncio.Task[None] | None = None
        self._ended: Future[None] = Future()
        loop.call_soon_threadsafe(self._begin)

    def wait(self) -> None:
        """Return when it has returned. Raises `Cancelled`, and whatever else it raises."""
        self._ended.result()

    def cancel(self) -> None:
        """Ask it to leave: it may clean up first, or refuse."""
        self._loop.call_soon_threadsafe(self._cancel)

    # ------------------------------------------------------------ in the thread of the loop
    def _begin(self) -> None:
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(self._over)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            await self._call()
        except asyncio.CancelledError:
            raise
        except BaseException as raised:  # a loop ends for `SystemExit`, with all who run in it
            self._ended.set_exception(raised)

    def _over(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():  # perhaps before its first step
            self._ended.set_exception(Cancelled())
        elif not self._ended.done():
            self._ended.set_result(None)


class EventLoop:
    """Begins with the first coroutine, and ends when it is closed."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self, call: Callable[[], Awaitable[Any]]) -> Running:
        """Run what this returns when it is called."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                run = self._loop.run_forever
                threading.Thread(target=run, name="coroutines", daemon=True).start()
            return Running(self._loop, call)

    def close(self) -> None:
        """Run nothing more; what runs still is left where it is."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None
