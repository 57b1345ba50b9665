"""Drives the compiled kernel level by level: threads, the table's growth, limits and what was
found.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from checker.runs.exploration import Limits, Progress, Report
from checker.search.compiled.code import kernel
from checker.search.compiled.code.module import Compiled
from checker.search.compiled.memory import physical, reserve
from checker.search.compiled.tuning import Tuning
from spec.language.scope import State

_SLICE_SECONDS = 0.08
_REPORT_SECONDS = 0.1
_BUDGET_MAX = 1 << 40
_INDEX_BITS = 40
_SUCCESSORS = 8192


@dataclass(frozen=True)
class FirstSeen:
    """Where a violation was first seen: in that state, or on a step from it."""

    state: int
    depth: int


class Search:
    """One run of the kernel over a scope."""

    def __init__(
        self, compiled: Compiled, off: list[int], threads: int, tuning: Tuning, limits: Limits
    ) -> None:
        self.compiled, self.names, self.tuning, self.limits = (
            compiled,
            compiled.names,
            tuning,
            limits,
        )
        self.off, self.threads = off, threads
        if tuning.many == 0:
            compiled.run.optimise()
        self.words = compiled.layout.words
        most = max(1, compiled.instances)
        self.batch = tuning.batch or max(16, min(128, _SUCCESSORS // most))
        self.batch = min(self.batch, kernel.MAX_BATCH)
        self.room = self.batch * most
        self.at = compiled.at
        wanted = min(physical(), limits.max_memory or 1 << 62) // (8 * self.words) + 2 * self.room
        wanted = min(wanted, (1 << _INDEX_BITS) // threads - 1)
        self.states, granted = reserve(threads * wanted * self.words)
        self.capacity = granted // (threads * self.words)
        self.work = [self.new_work() for _ in range(threads)]
        self.buffers = [self._buffers() for _ in range(threads)]
        self.shared = np.zeros(32, np.int64)
        self.plan = np.zeros(3 * threads + 3, np.int64)
        for t, work in enumerate(self.work):
            work[kernel.TAIL], work[kernel.END] = t * self.capacity, (t + 1) * self.capacity
        least = int((threads * self.room + self.batch) / tuning.load * 1.05) + 64
        self.table_room, _ = reserve(2 * wanted * self.words)
        self.table = self.table_room[: _whole_lines(max(tuning.slots, least))]
        self.levels: list[list[tuple[int, int]]] = []
        self.violations: dict[str, FirstSeen] = {}
        self.seconds_before = 0.0
        self.budget = 8
        self.began = time.perf_counter()
        self.reported = 0.0

    def new_work(self) -> Any:
        """Return a fresh workspace for one thread."""
        work = np.zeros(self.at["LABELS"] + self.room + 8, np.int64)
        work[self.at["PENDING"] : self.at["OFF"]] = 1
        for guard in self.off:
            work[self.at["OFF"] + guard] = 1
        return work

    def _buffers(self) -> tuple[Any, Any, Any]:
        found = np.empty(self.room * self.words + 8, np.int64)
        hashes = np.zeros(self.room + kernel.AHEAD + 8, np.int64)
        # No state is negative: -1 is none.
        recent = np.full(self.words << kernel.RECENT_BITS, -1, np.int64)
        return found, hashes, recent

    # ---------------------------------------------------------------- what is known so far
    @property
    def count(self) -> int:
        """How many states were found."""
        return sum(int(w[kernel.TAIL]) - t * self.capacity for t, w in enumerate(self.work))

    @property
    def fired(self) -> dict[str, int]:
        """How often each action was taken."""
        start = self.at["FIRED"]
        totals = sum(w[start : start + len(self.names.fired)] for w in self.work)
        return dict(zip(self.names.fired, map(int, totals), strict=True))

    @property
    def deadlocks(self) -> int:
        """How many states have no step."""
        return sum(int(w[kernel.DEAD]) for w in self.work)

    @property
    def pending(self) -> frozenset[str]:
        """The claims that are vacuous so far."""
        start = self.at["PENDING"]
        return frozenset(
            n for n, i in self.names.pending.items() if all(w[start + i] for w in self.work)
        )

    @property
    def bytes(self) -> int:
        """The memory that states and table take."""
        return self.count * 8 * self.words + len(self.table) * 8

    @property
    def seconds(self) -> float:
        """The time since the search began."""
        return time.perf_counter() - self.began

    # ---------------------------------------------------------------- the run
    def begin(self, initial: State) -> None:
        """Enter the initial state."""
        words = self.canonical(self.compiled.layout.pack(initial))
        self.states[: self.words] = words
        self.work[0][kernel.TAIL] = 1
        self.shared[kernel.COUNT] = 1
        self._call(0, kernel.SEE, (1,))
        self._take_note(-1)
        self._refill()

    def explore(self, until: frozenset[str], report: Report | None) -> str | None:
        """Search level by level until no new states come; return what ended the search before
        that.
        """
        starts = [t * self.capacity for t in range(self.threads)]
        while True:
            ends = [int(w[kernel.TAIL]) for w in self.work]
            level = list(zip(starts, ends, strict=True))
            if ends == starts:
                return None
            self.levels.append(level)
            before = self.count
            stopped = self._level(report)
            self.compiled.run.found(self.count - before, self.tuning.many)
            if not stopped and until & self.violations.keys():
                stopped = "violation"
            if stopped:
                new = [(e, int(w[kernel.TAIL])) for e, w in zip(ends, self.work, strict=True)]
                if any(a != b for a, b in new):
                    self.levels.append(new)
                return stopped
            starts = ends

    def _level(self, report: Report | None) -> str | None:
        self._plan(self.levels[-1])
        depth = len(self.levels) - 1
        self._report(report, always=True)
        while True:
            if stopped := self._limit():
                return stopped
            statuses = self._slice(kernel.SEARCH)
            self._take_note(depth)
            self._report(report)
            if kernel.STATES_FULL in statuses:
                return "max-memory"
            if kernel.TABLE_FULL in statuses:
                if not self._grow():
                    return "max-memory"
            elif all(s == kernel.DONE for s in statuses):
                return None

    def _limit(self) -> str | None:
        limits = self.limits
        if limits.max_states is not None and self.count >= limits.max_states:
            return "max-states"
        if limits.max_memory is not None and self.bytes > limits.max_memory:
            return "max-memory"
        if limits.max_seconds is not None and self.seconds >= limits.max_seconds:
            return "max-seconds"
        return None

    def _report(self, report: Report | None, always: bool = False) -> None:
        now = self.seconds
        if report is None or not (always or now - self.reported >= _REPORT_SECONDS):
            return
        self.reported = now
        frontier = sum(high - low for low, high in self.levels[-1])
        fired = self.fired
        unfired = tuple(name for name, times in fired.items() if not times)
        counts = self.count, sum(fired.values()), len(self.levels) - 1, frontier
        report(Progress("explore", *counts, now, unfired))

    # ---------------------------------------------------------------- slices of work
    def _plan(self, ranges: list[tuple[int, int]]) -> None:
        """Cut ranges of states into chunks, to be taken from the first on."""
        chunk = 0
        for r, (low, high) in enumerate(ranges):
            self.plan[3 * r : 3 * r + 3] = low, high, chunk
            chunk += -(-(high - low) // self.batch)
        self.plan[3 * len(ranges) + 2] = chunk
        self.shared[kernel.NEXT] = 0

    def _slice(self, mode: int) -> list[int]:
        """Let the threads work for a moment; return how each came back."""
        left = int(self.plan[-1]) - int(self.shared[kernel.NEXT])
        helpers = min(self.threads, 1 + left // 16)
        limit = int(len(self.table) * self.tuning.load) - self.threads * self.room
        if self.limits.max_states is not None and mode == kernel.SEARCH:
            budget = max(1, min(self.budget, (self.limits.max_states - self.count) // self.batch))
        else:
            budget = self.budget
        solo = int(helpers == 1)
        args = (
            self.threads,
            self.batch,
            budget,
            len(self.table) // kernel.LINE,
            limit,
            self.room,
            solo,
        )
        began = time.perf_counter()
        futures: list[Future[int]] = []
        try:
            for t in range(1, helpers):
                futures.append(_pool(self.threads).submit(self._call, t, mode, args))
            statuses = [self._call(0, mode, args)]
        finally:
            others = [f.result() for f in futures]
        taken = time.perf_counter() - began
        paced = int(budget * min(4.0, _SLICE_SECONDS / max(taken, 1e-6)))
        self.budget = max(1, min(_BUDGET_MAX, paced))
        return statuses + others

    def _call(self, thread: int, mode: int, args: tuple[int, ...]) -> int:
        buf, hb, recent = self.buffers[thread]
        whole = np.array([*args, *([0] * (7 - len(args)))], np.int64)
        return self.compiled.run(
            mode,
            self.states,
            self.table,
            buf,
            hb,
            self.work[thread],
            self.shared,
            self.plan,
            whole,
            recent,
        )

    def _grow(self) -> bool:
        """Replace the table by a larger one; return whether memory allowed it."""
        slots = self.tuning.grown(len(self.table))
        count = self.count
        least = int((count + 2 * self.threads * self.room) / self.tuning.load) + 64
        slots = min(max(slots, least), len(self.table_room))
        if self.limits.max_memory is not None:
            slots = min(slots, (self.limits.max_memory - count * 8 * self.words) // 8)
        if slots < least or slots * 0.9 < len(self.table):
            return False
        # In place: the pages that the table has are not taken from the system anew.
        self.table[:] = 0
        self.table = self.table_room[: _whole_lines(slots)]
        chunk, plan = int(self.shared[kernel.NEXT]), self.plan.copy()
        self._refill()
        self.plan[:] = plan
        self.shared[kernel.NEXT] = chunk
        return True

    def _refill(self) -> None:
        tails = [int(w[kernel.TAIL]) for w in self.work]
        self._plan([(t * self.capacity, tail) for t, tail in enumerate(tails)])
        while any(s != kernel.DONE for s in self._slice(kernel.REINSERT)):
            pass

    # ---------------------------------------------------------------- what was found
    def _take_note(self, depth: int) -> None:
        """Collect what the threads found in this slice, and tell all of them."""
        start = self.at["FOUND"]
        for name, i in self.names.violations.items():
            first = next((int(w[start + i]) for w in self.work if w[start + i]), 0)
            if first and name not in self.violations:
                self.violations[name] = FirstSeen(first - 1, depth)
                for w in self.work:
                    w[start + i] = first
        start, end = self.at["PENDING"], self.at["OFF"]
        still = np.minimum.reduce([w[start:end] for w in self.work])
        for w in self.work:
            w[start:end] = still

    def canonical(self, words: tuple[int, ...]) -> tuple[int, ...]:
        """Return the words of a state's representative."""
        buf, _, _ = self.buffers[0]
        buf[: self.words] = words
        self._call(0, kernel.CANON, (1,))
        return tuple(map(int, buf[: self.words]))


def _whole_lines(slots: int) -> int:
    return -(-slots // kernel.LINE) * kernel.LINE


_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}


def _pool(threads: int) -> ThreadPoolExecutor:
    """Return the threads that help, kept from run to run; a forked process gets its own."""
    key = os.getpid(), threads
    if key not in _pools:
        _pools[key] = ThreadPoolExecutor(threads, thread_name_prefix="ffq-explore")
    return _pools[key]
