"""Pieces of work on all processors, in an order that is always the same, and what came of them."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from types import TracebackType

from checker.crashlab.bench import Bench, Done, Task
from checker.crashlab.explore import Bad, Found
from checker.process.children import Crowd, pool
from checker.process.elsewhere import ON

Watch = Callable[[str, int], None]
"""Told what is going on, and how many images were opened so far."""


@dataclass
class Outcome:
    """What came of work of one kind: tasks done, what they found, what the store said; `seconds`
    of processor time; `finished`: all of it was done.
    """

    what: str
    tasks: int = 0
    found: Found = field(default_factory=Found)
    said: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[Task, Bad]] = field(default_factory=list)
    finished: bool = True

    def add(self, done: Done) -> None:
        """Take in a task."""
        self.tasks += 1
        self.said += done.said
        self.bad += [(done.task, bad) for bad in done.found.bad]
        done.found.bad = []
        self.found.add(done.found)


class Crew:
    """The processes that work; with one, that is this one."""

    def __init__(self, processes: int | None = None) -> None:
        self.processes = processes or os.cpu_count() or 1
        self.bench = Bench()
        self._crowd: Crowd | None = None
        self._open = ExitStack()
        self._open.callback(self.bench.close)
        if self.processes > 1 or ON.get():
            self._crowd = self._open.enter_context(pool(self.processes))

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, raised, where)

    def work(
        self,
        what: str,
        tasks: Iterable[Task],
        watch: Watch | None = None,
        until: float | None = None,
    ) -> Outcome:
        """Do the tasks, or as many as can be begun until then, by the clock of `time.monotonic`."""
        outcome = Outcome(what)
        left = iter(tasks)
        for done in self._done(_until(left, until)):
            outcome.add(done)
            if watch is not None:
                watch(what, len(outcome.found.images))
        outcome.finished = next(left, None) is None
        return outcome

    def _done(self, tasks: Iterator[Task]) -> Iterator[Done]:
        if self._crowd is None:
            yield from map(self.bench.perform, tasks)
            return
        executor, size, here = self._crowd
        place = self.bench.folder if here else None
        waiting: set[Future[Done]] = set()
        while True:
            more = islice(tasks, 2 * size - len(waiting))
            waiting |= {executor.submit(_perform, task, place) for task in more}
            if not waiting:
                return
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                yield future.result()


def _until(tasks: Iterator[Task], until: float | None) -> Iterator[Task]:
    while until is None or time.monotonic() < until:
        task = next(tasks, None)
        if task is None:
            return
        yield task


_bench = cache(Bench)


def _perform(task: Task, place: Path | None) -> Done:
    """Do a piece of work in a folder there, which is not this process's to remove: whoever is
    interrupted ends it at once. On another machine the folder is its own.
    """
    return _bench(place).perform(task)
