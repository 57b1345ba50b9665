"""Histories as files: JSON Lines, a header and then events, in the one order in which a witness saw
them.

The header says which kinds of event the witness would have written had they happened: only of those
does it mean anything that one is missing. `docs/16-judge.md` has each word.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from checker.runs.named_files import opened
from checker.runs.reading import Entry, clip, row_of
from checker.runs.trace import BadTrace
from spec.language.misuse import near

FORMAT, VERSION = "ffq history", 1
BYTES_MAX, LINE_MAX = 2**32, 2**16
EVENTS_MAX = 5_000_000
STDIN = Path("-")
_DOCUMENTED = "docs/16-judge.md says how a history is written"
_MEND = f"mend the line; {_DOCUMENTED}"
_EXAMPLE = f'{{"format": "{FORMAT}", "version": {VERSION}, "seen": ["start", "ended"]}}'

OF_THE_STORE = ("outage", "back")
OF_A_PROCESS = ("up", "stopped", "continued", "died")
OF_A_HANDLER = ("start", "effect", "ended")
OF_A_JOB = (
    "asked", "answered", "reading", "status", "reason", "cancel", "cancelled", "refused", "told",
)  # fmt: skip
QUIET = "quiet"
ANSWERS = ("reading", "status", "reason", QUIET)
"""Of these it means nothing that they are missing, whatever the header says."""
KINDS = (*OF_THE_STORE, *OF_A_PROCESS, *OF_A_HANDLER, *OF_A_JOB, QUIET)
STATUSES = ("absent", "ready", "claimed", "done", "dead")
REASONS = ("failures", "interruptions", "cancelled")
_CHOICES = {
    "effects": ("at-least-once", "once"),
    "store": ("remote", "embedded"),
    "recovery": ("apart", "workers"),
    "start": ("late", "exact"),
}
"""What the header may say, the first of each if it does not."""
_BUDGETS = ("failures", "interruptions")
_BUDGET_MAX = 60


@dataclass(frozen=True)
class Header:
    """What the witness says of itself and of the queue; see the page.

    A budget is None if it is not known.
    """

    seen: frozenset[str]
    failures: int | None = None
    interruptions: int | None = None
    effects: str = "at-least-once"
    store: str = "remote"
    recovery: str = "apart"
    start: str = "late"
    others: bool = False


class Event(NamedTuple):
    """One line: where it stands, its kind, whose it is, and which answers it may mean."""

    line: int
    kind: str
    worker: str | None = None
    how: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join(
            [self.kind, *filter(None, [self.worker]), *[" or ".join(self.how)] * bool(self.how)]
        )


def line_of(e: Event) -> int:
    """Return where an event stands."""
    return e.line


@dataclass
class History:
    """A header, the events of each job in order, those of processes, and those of the store."""

    header: Header
    jobs: dict[str, list[Event]] = field(default_factory=dict)
    processes: dict[str, list[Event]] = field(default_factory=dict)
    store: list[Event] = field(default_factory=list)
    events: int = 0

    @cached_property
    def workers(self) -> frozenset[str]:
        """Everybody who was seen in a handler, and each process of which nobody was."""
        inside = {e.worker for events in self.jobs.values() for e in events if e.worker}
        above = {up for w in inside for up in _above(w)}
        return frozenset(inside | (self.processes.keys() - above))

    @cached_property
    def _running(self) -> tuple[list[int], list[int]]:
        """The lines at which the number of processes changes that can act, and the number then."""
        kept = self.header.store == "remote"  # a request of one that is not may be under way
        changes = {"up": 1, "died": -1, "stopped": -1, "continued": 1}
        lines, counts, stopped = [0], [0], set[str]()
        events = sorted((e for several in self.processes.values() for e in several), key=line_of)
        for e in events:
            by = changes[e.kind]
            if e.kind == "died" and e.worker in stopped:
                by = 0
            {"stopped": stopped.add}.get(e.kind, stopped.discard)(e.worker or "")
            lines.append(e.line)
            counts.append(counts[-1] + (max(by, 0) if kept else by))
        return lines, counts

    def anybody(self, after: int, before: int) -> bool:
        """Return whether some process could act at some time between two lines."""
        lines, counts = self._running
        low = max(0, bisect_left(lines, after) - 1)
        return any(count > 0 for count in counts[low : bisect_left(lines, before)])

    def of_process(self, worker: str) -> Iterator[list[Event]]:
        """Yield what happened to the processes that a worker is, or is a part of."""
        for process in (*_above(worker), worker):
            if process in self.processes:
                yield self.processes[process]

    def running(self, line: int) -> str | None:
        """Return a process that was up and not stopped by then, if there is one."""
        for process, events in self.processes.items():
            before = events[: bisect_left(events, line, key=line_of)]
            if before and before[-1].kind in ("up", "continued"):
                return process
        return None

    def note(self, event: Event, job: str | None) -> None:
        """Take an event down; `quiet` without a job is said of all that are known."""
        self.events += 1
        if event.kind in OF_THE_STORE:
            self.store.append(event)
        elif event.kind in OF_A_PROCESS:
            self.processes.setdefault(event.worker or "", []).append(event)
        elif job is None:
            for known in self.jobs.values():
                known.append(event)
        else:
            self.jobs.setdefault(job, []).append(event)


def _above(worker: str) -> list[str]:
    """Return the processes that a worker is a part of: `p` of `p/1`."""
    return [worker[:i] for i, letter in enumerate(worker) if letter == "/"]


class TooLong(Exception):
    """There are more events than are held at once."""


def read(file: Path) -> History:
    """Return what the file says, or standard input if it is called `-`; raises `BadTrace`, which
    names the line.
    """
    named = partial(opened, missing=_DOCUMENTED, too_large="cut it by job")
    whole = nullcontext(sys.stdin.buffer) if file == STDIN else named(file, "a history", BYTES_MAX)
    with whole as found:
        entries = _entries(file, found)
        first = next(entries, None)
        if first is None:
            raise BadTrace(file, "is empty", _DOCUMENTED)
        history = History(_header(first[1]))
        for number, row in entries:
            event, job = _event(number, row)
            if event.kind not in (*history.header.seen, *ANSWERS):
                fact = f"'{event.kind}' is not among what the header says is seen"
                raise row.bad(fact, "add it to 'seen', if each would have been written")
            history.note(event, job)
            if history.events > EVENTS_MAX:
                raise TooLong
    return history


def _entries(file: Path, found: BinaryIO) -> Iterator[tuple[int, Entry]]:
    """Yield the objects of the lines that are not empty."""
    number = 0
    while line := found.readline(LINE_MAX + 1):
        number += 1
        where = f"{file}:{number}"
        if len(line) > LINE_MAX:
            raise BadTrace(where, f"the line is longer than {LINE_MAX:,} bytes", _MEND)
        if line.strip():
            yield number, row_of(where, line, "history", _MEND, _MEND)


def _header(row: Entry) -> Header:
    if row.data.get("format") != FORMAT:
        raise row.bad("is not the header of a history", f"put this line first: {_EXAMPLE}")
    version = row.take("version", int)
    if version != VERSION:
        raise row.bad(f"has version {version}, and this ffq reads version {VERSION}", _DOCUMENTED)
    keys = ("seen", "others", "note", *_BUDGETS, *_CHOICES)
    row.only("format", "version", *keys, remedy=f"a header has {', '.join(keys)}")
    if "seen" not in row.data:
        raise row.bad("'seen' is missing", 'list the kinds of event you log: "seen": ["start"]')
    seen = row.texts("seen")
    for kind in seen:
        if kind not in KINDS:
            raise row.bad(f"'seen' has {clip(kind)}, which is no kind of event", near(kind, KINDS))
    said = {}
    for key, choices in _CHOICES.items():
        said[key] = row.take(key, str) if key in row.data else choices[0]
        if said[key] not in choices:
            raise row.bad(f"'{key}' is {clip(said[key])}", f"write {' or '.join(choices)}")
    return Header(
        frozenset(seen),
        failures=_budget(row, "failures"),
        interruptions=_budget(row, "interruptions"),
        effects=said["effects"],
        store=said["store"],
        recovery=said["recovery"],
        start=said["start"],
        others=row.take("others", bool) if "others" in row.data else False,
    )


def _budget(row: Entry, key: str) -> int | None:
    if row.data.get(key) is None:
        return None
    value: int = row.take(key, int)
    if not 1 <= value <= _BUDGET_MAX:
        raise row.bad(f"'{key}' is {value}", f"write 1 to {_BUDGET_MAX}, or null if it is unknown")
    return value


_KEYS = {"status": "is", "reason": "is", "ended": "how"}
_ANSWERS = {"status": STATUSES, "reason": REASONS, "ended": ("ok", "error")}


def _event(number: int, row: Entry) -> tuple[Event, str | None]:
    kind = row.take("event", str)
    if kind not in KINDS:
        raise row.bad(f"{clip(kind)} is no kind of event", near(kind, KINDS))
    of_a_worker = kind in OF_A_PROCESS or kind in OF_A_HANDLER
    keys = ["worker"] * of_a_worker + ["job"] * (kind not in OF_A_PROCESS + OF_THE_STORE)
    beside = [*keys, *([_KEYS[kind]] if kind in _KEYS else [])]
    remedy = f"beside {kind} stand {', '.join([*beside, 'at, note'])}; leave the rest out"
    row.only("event", "at", "note", *beside, remedy=remedy)
    worker = _name(row, "worker") if of_a_worker else None
    whole = kind == QUIET and "job" not in row.data
    job = _name(row, "job") if "job" in keys and not whole else None
    return Event(number, kind, worker, _answers(row, kind)), job


def _name(row: Entry, key: str) -> str:
    """Return a name, which may be a number: a process, a row."""
    if type(row.data.get(key)) is int:
        return str(row.data[key])
    name: str = row.take(key, str)
    return name


def _answers(row: Entry, kind: str) -> tuple[str, ...]:
    """Return which answers the event may mean: one, several, or any."""
    key = _KEYS.get(kind)
    if key is None:
        return ()
    known = _ANSWERS[kind]
    if key not in row.data and kind == "ended":
        return known
    given = row.texts(key) if isinstance(row.data.get(key), list) else (row.take(key, str),)
    for answer in given:
        if answer not in known:
            raise row.bad(f"{kind} is {clip(answer)}", f"write one of: {', '.join(known)}")
    if not given:
        raise row.bad(f"{kind} says nothing", f"write one of: {', '.join(known)}")
    return tuple(sorted(set(given)))
