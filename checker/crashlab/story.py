"""A kept image as people read it: the processes, the disk, and where the two were cut apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from checker.crashlab.bench import Bench
from checker.crashlab.images.disk import Disk
from checker.crashlab.images.images import PROCESS, on_its_way
from checker.crashlab.images.judge import VERDICTS, Corrupt, Key, Reading
from checker.crashlab.keep import Kept, Reopened, reopen
from checker.crashlab.recording.recording import Expected
from impl.lab import (
    Created,
    Deleted,
    Event,
    Failed,
    FolderSynced,
    Linked,
    Marked,
    Synced,
    Truncated,
    Written,
)

DISK = "disk"
READER = "reader"
"""Whoever opens what is left."""


@dataclass(frozen=True)
class Happened:
    """One thing that happened: who did it, and what; what became of it when the power failed."""

    n: int
    actor: str
    what: str
    fate: str = ""


@dataclass(frozen=True)
class Story:
    """An image from the beginning of its run to its verdict; `crash` is the row of the crash."""

    title: str
    verdict: str
    rows: tuple[Happened, ...]
    crash: int
    differs: tuple[str, ...]
    holds: str
    expected: tuple[str, ...]
    again: bool

    @property
    def actors(self) -> list[str]:
        """Everybody who does something, the disk and the reader last."""
        others = sorted({row.actor for row in self.rows} - {DISK, READER})
        return [*others, DISK, READER]


def open_story(kept: Kept) -> Story:
    """Open a kept image, make its run again, and tell it; raises `BadImage`."""
    bench = Bench()
    try:
        return tell(reopen(bench, kept))
    finally:
        bench.close()


def tell(found: Reopened) -> Story:
    """Return the story of an image that was opened again."""
    kept, reading = found.kept, found.reading
    task = kept.task
    fates = _fates(found)
    rows = []
    if task.kind == "recovery":
        rows.append((DISK, "what an earlier crash has left is there", ""))
    rows += [(*told(e), fates.get(n, "")) for n, e in enumerate(_before(found))]
    crash = len(rows) + 1
    rows.append((DISK, _crash(kept), ""))
    files = ", ".join(f"{n} {len(d):,} bytes" for n, d in sorted(kept.image.items()))
    rows.append((DISK, f"is there again with {files or 'no file'}", ""))
    rows.append((READER, f"opens it, and finds {holds(reading)}", ""))
    verdict = f"{kept.verdict}: {_verdict(kept.verdict)}"
    rows.append((READER, verdict, ""))
    fault = f", with a fault of our own: {task.mutant}" if task.mutant else ""
    return Story(
        f"{task.kind} in setting {task.setting}, seed {task.seed}, processes: {task.habit}{fault}",
        verdict,
        tuple(Happened(n, *row) for n, row in enumerate(rows, 1)),
        crash,
        found.differs,
        holds(reading),
        tuple(map(holds, found.expected)),
        found.again,
    )


def _before(found: Reopened) -> list[Event]:
    return found.recording.events[: found.kept.event]


def _crash(kept: Kept) -> str:
    word, marks = kept.how
    if word == PROCESS:
        return "the process dies" + (f", with {marks} of its next write done" if marks else "")
    _, _, folder = marks.partition(" folder ")
    names = f"; changes of the folder that arrived: {folder}" if folder else ""
    return "the power fails" + ("" if word == "power loss" else f": {word}") + names


def _fates(found: Reopened) -> dict[int, str]:
    """Return what became of each event whose writes were on their way."""
    word, marks = found.kept.how
    if word == PROCESS or not found.again:
        return {}
    disk = Disk(found.recording.files, found.kept.task.vice)
    for event in _before(found):
        disk.take(event)
    marks, _, folder = marks.partition(" folder ")
    names = disk.folders()[int(folder.split()[0]) if folder else 0]
    numbers = {id(event): n for n, event in enumerate(_before(found))}
    words = {"+": "arrived", "-": "lost", "~": word}
    changes = on_its_way(disk, names).changes
    return {
        numbers[id(change)]: words[mark]
        for mark, (_, change) in zip(marks, changes, strict=True)
        if id(change) in numbers
    }


def told(event: Event) -> tuple[str, str]:
    """Return who does it, and what is done."""
    match event:
        case Marked(Expected(_, what, _, actor)):
            return actor, what
        case Created(file):
            return DISK, f"{file} is made"
        case Written(file, offset, data):
            return DISK, f"{file}: {len(data):,} bytes at {offset:,}"
        case Truncated(file, size):
            return DISK, f"{file} is cut to {size:,} bytes"
        case Synced(file, folder, failed):
            what = "sync fails" if failed else "synced" + (", and its folder" if folder else "")
            return DISK, f"{file}: {what}"
        case Deleted(file, folder):
            return DISK, f"{file} is removed" + (", for good" if folder else "")
        case Linked(file, name):
            return DISK, f"{file} is called {name} as well"
        case FolderSynced():
            return DISK, "the folder is synced"
        case Failed(what, file):
            return DISK, f"{what} of {file} fails"
    raise AssertionError(event)


def holds(reading: Reading) -> str:
    """Return what is in an image."""
    if isinstance(reading, Corrupt):
        return reading.said
    steps = ", ".join(action for action, *_ in reading.trace)
    return f"{steps} ({len(reading.trace)} in the trace)" if steps else "no step"


def lines(story: Story) -> Iterator[str]:
    """Yield the story as text."""
    yield story.verdict
    yield story.title
    numbers, actors = len(str(len(story.rows))), max(map(len, story.actors))
    for row in story.rows:
        fate = f"  [{row.fate}]" if row.fate else ""
        yield f"{row.n:>{numbers}}  {row.actor:<{actors}}  {row.what}{fate}"
    yield from ending(story)


def ending(story: Story) -> Iterator[str]:
    """Yield what differs, and whether the image can be made again."""
    yield f"it holds: {story.holds}"
    for expected in story.expected:
        yield f"it could hold: {expected}"
    for what in story.differs:
        yield f"differs: {what}"
    again = "the very same image" if story.again else "another image: something has changed since"
    yield f"made again from its seed: {again}"


def _verdict(word: str) -> str:
    return {str(k): v for k, v in VERDICTS.items()}.get(word, "")


def as_json(found: Reopened) -> dict[str, Any]:
    """Return the story for programs."""
    kept, reading, story = found.kept, found.reading, tell(found)
    return {
        "verdict": kept.verdict,
        "setting": kept.task.setting,
        "seed": kept.task.seed,
        "event": kept.event,
        "how": list(kept.how),
        "hash": kept.name,
        "holds": [row[0] for row in reading.trace] if isinstance(reading, Key) else None,
        "said": reading.said if isinstance(reading, Corrupt) else None,
        "expected": [[row[0] for row in key.trace] for key in found.expected],
        "differs": list(story.differs),
        "made_again": found.again,
        "crash": story.crash,
        "events": [
            {"n": row.n, "who": row.actor, "what": row.what, "fate": row.fate or None}
            for row in story.rows
        ],
    }
