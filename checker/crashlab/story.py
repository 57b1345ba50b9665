"""A kept image as people read it: the processes, the disk, and where the two were cut apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checker.crashlab.judge import VERDICTS, Corrupt, Key, Reading
from checker.crashlab.keep import Reopened
from checker.crashlab.recording import Expected
from impl.lab import Created, Deleted, Event, Failed, Marked, Synced, Truncated, Written


def told(event: Event) -> tuple[str, str]:
    """Return who does it, and what is done."""
    match event:
        case Marked(Expected(_, what)):
            return "queue", what
        case Created(file):
            return "disk", f"{file} is made"
        case Written(file, offset, data):
            return "disk", f"{file}: {len(data):,} bytes at {offset:,}"
        case Truncated(file, size):
            return "disk", f"{file} is cut to {size:,} bytes"
        case Synced(file, folder, failed):
            what = "sync fails" if failed else "synced" + (", and its folder" if folder else "")
            return "disk", f"{file}: {what}"
        case Deleted(file, folder):
            return "disk", f"{file} is removed" + (", for good" if folder else "")
        case Failed(what, file):
            return "disk", f"{what} of {file} fails"
    return "?", str(event)


def holds(reading: Reading) -> str:
    """Return what is in an image."""
    if isinstance(reading, Corrupt):
        return reading.said
    steps = ", ".join(action for action, *_ in reading.trace)
    return f"{steps} ({len(reading.trace)} in the trace)" if steps else "no step"


def lines(found: Reopened) -> Iterator[str]:
    """Yield the story of an image."""
    kept = found.kept
    task, (word, marks) = kept.task, kept.how
    yield f"{kept.verdict}: {_verdict(kept.verdict)}"
    yield f"setting {task.setting}, seed {task.seed}, processes: {task.habit}"
    if task.mutant:
        yield f"with a fault of our own: {task.mutant}"
    if task.kind == "recovery":
        yield f"after a recovery, at event {kept.event}: {word} {marks}".rstrip()
    else:
        for event in found.recording.events[: kept.event]:
            who, what = told(event)
            yield f"  {who:6} {what}"
        yield f"  crash  {word} {marks}".rstrip()
    yield "files: " + ", ".join(f"{n} {len(d):,} bytes" for n, d in sorted(kept.image.items()))
    yield f"it holds: {holds(found.reading)}"
    for key in found.expected:
        yield f"it could hold: {holds(key)}"
    again = "the very same image" if found.again else "another image: something has changed since"
    yield f"made again from its seed: {again}"


def _verdict(word: str) -> str:
    return {str(k): v for k, v in VERDICTS.items()}.get(word, "")


def as_json(found: Reopened) -> dict[str, Any]:
    """Return the story for programs."""
    kept, reading = found.kept, found.reading
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
        "made_again": found.again,
        "events": [
            {"who": who, "what": what}
            for who, what in map(told, found.recording.events[: kept.event])
        ],
    }
