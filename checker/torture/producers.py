"""The producers of a torture, as it sees them: who is told to ask for what, and who is killed."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

from checker.torture import processes
from checker.torture.acts.plan import PRODUCERS, Plan
from checker.torture.verdict.counts import Counts
from checker.torture.workers import Note

TWICE = 0.5
"""How many orders are given to a second producer as well."""


@dataclass
class _Producer:
    process: BaseProcess
    told: Connection
    orders: list[int] = field(default_factory=list)


class Producers:
    """All producers at once; each order goes to one of them, and to another for a second time."""

    def __init__(self, folder: Path, plan: Plan, counts: Counts, note: Note) -> None:
        """Begin with all of them, told nothing."""
        self._folder, self._plan, self._counts, self._note = folder, plan, counts, note
        self._nursery, self._chance = processes.nursery(), Random(f"{plan.seed} producers")
        self._next = 0
        self._all = [self._start() for _ in range(PRODUCERS)]

    def _start(self) -> _Producer:
        heard, told = self._nursery.Pipe(duplex=False)
        given = (self._folder, self._plan, heard)
        process = self._nursery.Process(target=processes.produce, args=given)
        process.start()
        heard.close()
        return _Producer(process, told)

    def tell(self, wanted: int, waiting: int) -> None:
        """Let so many jobs have been asked for, unless as many wait as there should.

        Few wait, so that a job that was lost is claimed again before its old worker wakes up.
        """
        for producer in self._all:
            producer.orders = [n for n in producer.orders if n not in self._counts.answered]
        self._replace()
        asking = {n for producer in self._all for n in producer.orders}
        room = 2 * self._plan.workers + 4 - waiting - len(asking)
        while room > 0 and self._next < wanted:
            if self._next not in self._counts.answered:
                self._order(self._next)
                room -= 1
            self._next += 1

    def _order(self, n: int) -> None:
        first, second = self._chance.sample(self._all, 2)
        first.orders.append(n)
        first.told.send((n, False))
        if self._chance.random() < TWICE:
            second.told.send((n, True))

    def _replace(self) -> None:
        """Kill one now and then, and begin a new one for each that is no more."""
        for i, producer in enumerate(self._all):
            if producer.orders and self._chance.random() < 0.002:
                producer.process.kill()
                producer.process.join()
            if self._gone(producer):
                producer.told.close()
                self._all[i] = self._start()
                for n in producer.orders:
                    self._all[i].orders.append(n)
                    self._all[i].told.send((n, False))

    def finish(self) -> bool:
        """Tell all that there is nothing more to ask; return whether they have gone."""
        for producer in self._all:
            producer.told.close()
        self._all = [producer for producer in self._all if not self._gone(producer)]
        return not self._all

    def _gone(self, producer: _Producer) -> bool:
        status = producer.process.exitcode
        if status not in (None, 0, -signal.SIGKILL):
            why = f"a producer ended with status {status}"
            self._note("broke", pid=producer.process.pid, why=why)
        return status is not None

    def kill(self) -> None:
        """Let no producer be left."""
        for producer in self._all:
            producer.process.kill()
            producer.process.join()
