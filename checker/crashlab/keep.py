"""Images that may not be: each is kept as a folder with its files and how it came to be."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checker.crashlab.bench import Bench, Task
from checker.crashlab.explore import Bad
from checker.crashlab.images.disk import Image, Vice
from checker.crashlab.images.images import How
from checker.crashlab.images.judge import Corrupt, Judge, Key, Reading, digest
from checker.crashlab.recording.recording import Expected, Recording
from impl.lab import Fault, Marked

FOLDER = Path(".ffq", "crashlab")
_ABOUT = "about.json"
FORMAT = "ffq-crash/2"


class BadImage(Exception):
    """What is kept cannot be used: `subject: fact; remedy`."""

    def __init__(self, subject: object, fact: str, remedy: str) -> None:
        super().__init__(f"{subject}: {fact}; {remedy}")


@dataclass(frozen=True)
class Kept:
    """An image as it is kept: the task that made it, where, how, and what was wrong."""

    task: Task
    event: int
    how: How
    name: str
    verdict: str
    image: Image


def identity(task: Task, bad: Bad) -> str:
    """Return what a kept image is called: seed, setting, event and hash."""
    return f"{task.seed}-{task.setting}-{bad.event}-{bad.name}"


def keep(folder: Path, task: Task, bad: Bad) -> str:
    """Keep an image; return what it is called. Raises `OSError`."""
    name = identity(task, bad)
    about = {
        "format": FORMAT,
        "task": _plain(task),
        "event": bad.event,
        "how": list(bad.how),
        "hash": bad.name,
        "verdict": bad.verdict,
    }
    draft = folder / f".{name}-{os.getpid()}"
    draft.mkdir(parents=True)
    try:
        for file, data in bad.image.items():
            (draft / file).write_bytes(data)
        text = json.dumps(about | {"sum": _sum(about)}, indent=1)
        (draft / _ABOUT).write_text(text + "\n", "utf-8")
        if (folder / name).exists():
            shutil.rmtree(folder / name)
        draft.rename(folder / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return name


def _sum(about: dict[str, Any]) -> str:
    """Return what tells whether somebody has changed what is said of an image."""
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


def _plain(task: Task) -> dict[str, Any]:
    plain = dataclasses.asdict(task)
    plain["owned"] = None if task.owned is None else sorted(task.owned)
    return plain


def load(folder: Path, name: str) -> Kept:
    """Return a kept image; raises `BadImage`."""
    place = folder / name
    if Path(name).name != name or not os.path.isfile(place / _ABOUT):
        known = sorted(p.parent.name for p in folder.glob(f"*/{_ABOUT}"))
        remedy = f"write one of: {', '.join(known[:3])}" if known else "run ffq crashlab first"
        raise BadImage(name, f"no such image is kept in {folder}", remedy)
    try:
        about = json.loads((place / _ABOUT).read_text("utf-8"))
        if about["format"] != FORMAT:
            raise ValueError(f"format {str(about['format'])[:40]}")
        if about.pop("sum") != _sum(about):
            raise ValueError("it was changed since")
        files = [f for f in place.iterdir() if f.is_file() and f.name != _ABOUT]
        image = {f.name: f.read_bytes() for f in files}
        return Kept(
            _task(about["task"]), int(about["event"]), (about["how"][0], about["how"][1]),
            str(about["hash"]), str(about["verdict"]), image,
        )  # fmt: skip
    except OSError as failed:
        raise BadImage(name, f"cannot be read: {failed.strerror}", "look at its folder") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as wrong:
        fact = f"{_ABOUT} is not what was written: {wrong}"
        raise BadImage(name, fact, "run ffq crashlab again") from None


def _task(plain: dict[str, Any]) -> Task:
    given = dict(plain)
    given["vice"] = Vice(**{**plain["vice"], "deaf": tuple(plain["vice"]["deaf"])})
    given["fault"] = None if plain["fault"] is None else Fault(**plain["fault"])
    given["owned"] = None if plain["owned"] is None else frozenset(plain["owned"])
    return Task(**given)


# ---------------------------------------------------------------- looking at one again
@dataclass(frozen=True)
class Reopened:
    """A kept image, opened again: what is in it; its run, made again; whether that leaves the very
    same image; in what it differs from what was to be there.
    """

    kept: Kept
    reading: Reading
    recording: Recording
    again: bool
    differs: tuple[str, ...] = ()

    @property
    def expected(self) -> list[Key]:
        """What could be durable at the crash."""
        for event in reversed(self.recording.events[: self.kept.event]):
            if isinstance(event, Marked) and isinstance(event.what, Expected):
                return [self.recording.keys[n] for n in sorted(event.what.keys)]
        return []


def reopen(bench: Bench, kept: Kept) -> Reopened:
    """Open a kept image, and make its run again; raises `BadImage`."""
    if digest(kept.image) != kept.name:
        raise BadImage(kept.name, "its files were changed since", "run ffq crashlab again")
    judge = bench.judge_of(kept.task)
    _, reading = judge.reading(kept.image)
    recording, again = _made_again(bench, kept)
    found = Reopened(kept, reading, recording, again)
    return replace(found, differs=tuple(_differences(judge, found)))


def _made_again(bench: Bench, kept: Kept) -> tuple[Recording, bool]:
    """Return the run that was cut off, and whether that leaves the very same image."""
    if kept.task.kind != "recovery":
        return bench.record(kept.task), kept.name in bench.perform(kept.task).found.images
    for resumed, found in bench.recoveries(kept.task):
        if kept.name in found.images:
            return resumed, True
    return bench.record(kept.task), False


def _differences(judge: Judge, found: Reopened) -> Iterator[str]:
    """Yield in what the image differs from the oldest state that it could hold."""
    reading, expected = found.reading, found.expected
    if isinstance(reading, Corrupt):
        yield reading.said
    elif expected:
        wanted = expected[0]
        for action, params, *_ in wanted.trace[len(reading.trace) :]:
            yield f"{action} {params} is not in the trace"
        for action, params, *_ in reading.trace[len(wanted.trace) :]:
            yield f"{action} {params} is in the trace"
        yield from judge.differing(reading.state, wanted.state)
