"""Goes through a run event by event: what could be left at each, and whether that may be."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from checker.crashlab.images.disk import Disk, Image, Vice
from checker.crashlab.images.images import PROCESS, How, power_loss, process_crash
from checker.crashlab.images.judge import Corrupt, Judge, Key, Reading, Word, digest
from checker.crashlab.recording.recording import Expected, Recording
from impl.lab import Marked

_KEPT = 3
"""How many images of each verdict are handed on, of one run."""


@dataclass(frozen=True)
class Bad:
    """An image that may not be: before which event it was left, how, and what it is."""

    verdict: Word
    event: int
    how: How
    name: str
    said: str
    image: Image = field(compare=False)


@dataclass
class Found:
    """What came of runs: crashes looked at, by what crashed and verdict; the distinct images; how
    many answers a loss took back at the most.
    """

    crashes: Counter[tuple[str, Word]] = field(default_factory=Counter)
    images: set[str] = field(default_factory=set)
    worst: int = 0
    bad: list[Bad] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Take in what came of other runs."""
        self.crashes += other.crashes
        self.images |= other.images
        self.worst = max(self.worst, other.worst)
        self.bad += other.bad

    def count(self, verdict: Word | None = None, process: bool | None = None) -> int:
        """Return how many crashes there were: of this verdict, of the process alone or not."""
        return sum(
            n
            for (how, word), n in self.crashes.items()
            if verdict in (None, word) and process in (None, how == PROCESS)
        )

    @property
    def wrong(self) -> int:
        """How many crashes left what may not be."""
        return self.count() - self.count("ok")


@dataclass
class _Allowed:
    """What may be there now, and what could be before."""

    keys: frozenset[int] = frozenset()
    process: frozenset[int] = frozenset()
    past: set[int] = field(default_factory=set)

    def becomes(self, expected: Expected) -> None:
        self.past |= self.keys
        self.keys = expected.keys
        self.process = expected.keys if expected.process is None else expected.process

    def verdict(self, how: How, reading: Reading, recording: Recording) -> Word:
        if isinstance(reading, Corrupt):
            return "corrupt"
        if reading not in recording.keys:
            return "half" if _begun(reading, recording) else "phantom"
        number = recording.keys.index(reading)
        if number in (self.process if how[0] == PROCESS else self.keys):
            return "ok"
        return "lost" if number in self.past | self.keys else "phantom"


def _begun(reading: Key, recording: Recording) -> bool:
    """Whether each row of the trace is of a step that was begun."""
    rows = {row[:2] for key in recording.keys for row in key.trace}
    return all(row[:2] in rows for row in reading.trace)


def explore(
    recording: Recording,
    judge: Judge,
    chance: random.Random,
    most: int,
    vice: Vice | None = None,
    owned: Callable[[Key], bool] = lambda key: True,
    begin: int = 0,
) -> Found:
    """Return what a crash at each event leaves, from `begin` on; `owned` says of each step, by what
    is durable after it, whether its events are looked at.
    """
    found, allowed, looking = Found(), _Allowed(), True
    kept: Counter[Word] = Counter()
    for n, crashes in _crashes(recording, vice, chance, most):
        before = recording.events[n - 1]
        if isinstance(before, Marked) and isinstance(before.what, Expected):
            newest = max(before.what.keys)
            if newest not in allowed.keys:
                looking = owned(recording.keys[newest])
            allowed.becomes(before.what)
        if not looking or n < begin:
            continue
        for how, image in crashes:
            name, reading = judge.reading(image)
            verdict = allowed.verdict(how, reading, recording)
            found.images.add(name)
            found.crashes[how[0], verdict] += 1
            if verdict == "ok":
                continue
            if verdict == "lost" and isinstance(reading, Key):
                lost = min(allowed.keys) - recording.keys.index(reading)
                found.worst = max(found.worst, lost)
            if kept[verdict] < _KEPT:
                kept[verdict] += 1
                said = reading.said if isinstance(reading, Corrupt) else ""
                found.bad.append(Bad(verdict, n, how, name, said, image))
    return found


def images(recording: Recording, chance: random.Random, most: int) -> Iterator[Image]:
    """Yield what crashes of a run can leave, each once."""
    met = set()
    for _, crashes in _crashes(recording, None, chance, most):
        for _, image in crashes:
            if (name := digest(image)) not in met:
                met.add(name)
                yield image


def _crashes(
    recording: Recording, vice: Vice | None, chance: random.Random, most: int
) -> Iterator[tuple[int, Iterator[tuple[How, Image]]]]:
    """Yield how many events have taken place, and what a crash then can leave."""
    disk = Disk(recording.files, vice)
    events = recording.events
    for n, event in enumerate(events, 1):
        disk.take(event)
        following = events[n] if n < len(events) else None
        yield n, chain(process_crash(disk, following), power_loss(disk, event, chance, most))
