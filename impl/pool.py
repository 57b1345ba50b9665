"""Several workers in one process, each with a job of its own and its own connection."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from impl.queue import Queue
from impl.terms.interrupt import handled
from impl.terms.requests import BadRequest
from impl.worker import Worker
from impl.working.coroutines import EventLoop
from impl.working.handling import Handler

_SLICE = 0.1
"""Seconds after which the main thread looks whether a signal has come."""


class Pool:
    """Runs as many jobs at once as it has workers; async handlers share one event loop."""

    def __init__(
        self, queue: Queue, handlers: Mapping[str, Handler], *, workers: int, **rest: Any
    ) -> None:
        """Join the queue with so many workers; `rest` is given to each, as `Worker` takes it.

        Plain handlers run in threads, where nobody can break them off. Raises as `Worker` does, and
        `BadRequest` for a pool of none.
        """
        if workers < 1:
            raise BadRequest(f"workers: is {workers}; a pool needs one or more")
        self._ends = contextlib.ExitStack()
        self._loop = EventLoop()
        self._ends.callback(self._loop.close)
        self._error: BaseException | None = None
        with contextlib.ExitStack() as unless_all:
            unless_all.push(self._ends)
            self.workers = [
                Worker(
                    self._ends.enter_context(queue.again()), handlers,
                    loop=self._loop, keeps_house=n == 0, **rest,
                )
                for n in range(workers)
            ]  # fmt: skip
            unless_all.pop_all()

    @property
    def tally(self) -> Counter[str]:
        """How attempts ended, of all workers."""
        return sum((worker.tally for worker in self.workers), Counter[str]())

    def run(self, until_empty: bool = False) -> Counter[str]:
        """Work until `stop`, or until every job of its kinds is done or dead; return how attempts
        ended. Raises what one worker has raised, when the others have stopped for it.
        """
        threads = [
            threading.Thread(target=self._work, args=(worker, until_empty), name=f"worker {n}")
            for n, worker in enumerate(self.workers, 1)
        ]
        with self._ends, handled(dict.fromkeys((signal.SIGTERM, signal.SIGINT), self._on_signal)):
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(_SLICE)
        if self._error is not None:
            raise self._error
        return self.tally

    def stop(self) -> None:
        """Claim nothing more; handlers that run may finish within the grace."""
        for worker in self.workers:
            worker.stop()

    def _on_signal(self, *_: object) -> None:
        self.stop()

    def _work(self, worker: Worker, until_empty: bool) -> None:
        try:
            worker.run(until_empty)
        except BaseException as failed:  # it is raised where the others have ended too
            self._error = self._error or failed
            self.stop()
