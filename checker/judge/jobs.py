"""What a history says of one job, as lines of the witness: which worker is in which slot, and what
each event shows.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple

from checker.judge.history import QUIET, Event, Header, History, line_of
from checker.judge.states.layer import Sign
from checker.judge.watch import Setup
from checker.runs.trace import BadTrace


class Code(NamedTuple):
    """What an event shows: one sign of each group, one group after the other with nothing between.
    And who claims after it and before the next one: a worker whose next line is that it starts, and
    whoever makes the claims that lead to nothing.
    """

    shows: tuple[tuple[Sign, ...], ...]
    claiming: frozenset[int] | None = None

    @property
    def rests(self) -> bool:
        """Whether it is that nothing happens any more."""
        return QUIETLY in self.shows


QUIETLY: tuple[Sign, ...] = (("quiet",),)


@dataclass(frozen=True)
class Seen:
    """One job: its events in order, what each shows, and who was in each slot by then."""

    job: str
    events: tuple[Event, ...]
    codes: tuple[Code, ...]
    claiming: frozenset[int]
    """Who claims before the first event."""
    names: tuple[str, ...]
    """Of each slot, the last process in it."""
    slots: int
    silent: bool
    attempts: int
    """How many were seen, in handlers or by the status."""

    @property
    def key(self) -> tuple[frozenset[int], tuple[Code, ...]]:
        """The same for jobs of which the same was seen."""
        return self.claiming, self.codes

    @property
    def quiet(self) -> Code:
        """What it shows that nothing happens any more."""
        return Code(_rests(self.slots if self.silent else None))

    def setup(self, header: Header, failures: int, interruptions: int) -> Setup:
        """Return what the steps depend on, with these budgets."""
        # Beyond what a healthy queue needs, so that a number at its limit is known for a wrong one.
        room = max(failures + interruptions + 1, (self.attempts + 3) // 2 * 2)
        return Setup(
            header.seen, self.slots, self.silent, header.others,
            header.effects == "once", header.store == "remote", header.recovery == "apart",
            header.start == "exact", failures, interruptions, room,
        )  # fmt: skip


def job_of(history: History, job: str, file: str = "history") -> Seen:
    """Return what the history says of a job; raises `BadTrace` for a worker from nowhere."""
    own = history.jobs[job]
    workers = list(dict.fromkeys(e.worker for e in own if e.worker))
    running = [history.running(e.line) for e in own if e.kind == QUIET]
    workers = list(dict.fromkeys([*workers, *filter(None, running)]))
    silent = not history.header.others and (len(history.workers) > len(workers) or not workers)
    events = _merged(history, own, workers)
    slots = _Slots(history.header, file)
    shows = list[tuple[tuple[Sign, ...], ...]]()
    inquired = False
    of = [slots.of(e) for e in events]
    rests = _rests(slots.count if silent else None)
    for e, slot in zip(events, of, strict=True):
        if e.kind == "reading" and inquired:
            fact = f"job {job!r} is read again before the answer"
            raise BadTrace(f"{file}:{e.line}", fact, "let one reader ask at a time")
        shows.append(rests if e.kind == QUIET else _shows(e, slot, history.header, inquired))
        inquired = e.kind == "reading" or (inquired and e.kind != "status")
    claiming = _claiming(history, events, of, slots.count, silent)
    codes = tuple(Code(*pair) for pair in zip(shows, claiming[1:], strict=True))
    starts = sum(e.kind == "start" for e in events)
    attempts = max(starts, sum("claimed" in e.how for e in events))
    return Seen(
        job, tuple(events), codes, claiming[0], tuple(slots.names), slots.count, silent, attempts
    )


def _claiming(
    history: History, events: list[Event], of: list[int | None], count: int, silent: bool
) -> list[frozenset[int]]:
    """Return for each moment, from before the first event on, who claims then."""
    header = history.header
    everybody = frozenset(range(count + 1))
    if "start" not in header.seen or not silent:
        return [everybody] * (len(events) + 1)
    found: list[frozenset[int]] = []
    following: dict[int, str] = {}
    for i in range(len(events), -1, -1):
        before = events[i].line if i < len(events) else events[-1].line + 1
        after = events[i - 1].line if i else 0
        someone = "up" not in header.seen or history.anybody(after, before)
        starting = {slot for slot, kind in following.items() if kind == "start"}
        found.append(frozenset(starting | ({count} if someone else set())))
        if i:
            e, slot = events[i - 1], of[i - 1]
            if slot is not None and e.kind not in ("stopped", "continued"):
                following[slot] = e.kind
    return found[::-1]


def _merged(history: History, own: list[Event], workers: list[str]) -> list[Event]:
    """Return the events of a job with those of the store and of the processes of its workers: what
    happened to them before and after the job is left out, but for who is up and who is stopped, and
    whether the store is away.
    """
    first, last = own[0].line, own[-1].line
    low = bisect_left(history.store, first, key=line_of)
    away = low > 0 and history.store[low - 1].kind == "outage"
    high = bisect_left(history.store, last, key=line_of)
    found = [*own, *history.store[low - away : high]]
    for worker in workers:
        for events in history.of_process(worker):
            low = bisect_left(events, first, key=line_of)
            for e in events[low : bisect_left(events, last, key=line_of)]:
                found.append(e._replace(worker=worker))
            stopped: Event | None = None
            settled = False
            for e in reversed(events[:low]):
                if e.kind == "up":
                    found.append(e._replace(worker=worker))
                if e.kind in ("stopped", "continued") and not settled:
                    stopped, settled = (e if e.kind == "stopped" else None), True
                if e.kind in ("up", "died"):
                    break
            if stopped is not None:
                found.append(stopped._replace(worker=worker))
    return sorted(found, key=line_of)


class _Slots:
    """Gives each process a slot. One that has died knows nothing any more, so that another may take
    its slot; with a remote store the last one that has died keeps it, for a request of it may be
    under way.
    """

    def __init__(self, header: Header, file: str) -> None:
        self.header, self.file = header, file
        self.now: dict[str, int] = {}
        self.free: list[int] = []
        self.names: list[str] = []

    @property
    def count(self) -> int:
        """How many slots there are."""
        return len(self.names)

    def of(self, e: Event) -> int | None:
        """Return the slot of the worker that the event names."""
        if e.worker is None:
            return None
        seen = self.header.seen
        if e.kind == "up" or (e.worker not in self.now and "up" not in seen):
            kept = self.header.store == "remote"
            if {"up", "died"} <= seen and len(self.free) > kept:
                self.now[e.worker] = self.free.pop(0)
                self.names[self.now[e.worker]] = e.worker
            else:
                self.now[e.worker] = len(self.names)
                self.names.append(e.worker)
        if e.worker not in self.now:
            fact = f"{e.kind} names {e.worker!r}, and no up of it was seen"
            raise BadTrace(f"{self.file}:{e.line}", fact, "write its up, or leave up out of seen")
        slot = self.now[e.worker]
        if e.kind == "died":
            self.free.append(slot)
            del self.now[e.worker]
        return slot


def _rests(silent: int | None) -> tuple[tuple[Sign, ...], ...]:
    """Return what shows that nothing happens any more. Whoever runs then is known by name: nobody
    else has to act.
    """
    if silent is None:
        return (QUIETLY,)
    return (("stopped", silent),), QUIETLY, (("continued", silent),)


def _shows(
    e: Event, slot: int | None, header: Header, inquired: bool
) -> tuple[tuple[Sign, ...], ...]:
    if e.kind in ("status", "reason"):
        kind = "heard" if e.kind == "status" and inquired else e.kind
        return (tuple((kind, answer) for answer in e.how),)
    if e.kind == "ended":
        return (tuple(("ended", slot, how) for how in e.how),)
    if slot is None:
        return (((e.kind,),),)
    if e.kind == "died" and header.store == "embedded":
        return ((("died", slot),), (("crashed", slot),))
    return (((e.kind, slot),),)
