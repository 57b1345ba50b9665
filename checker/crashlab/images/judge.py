"""Opens what a crash has left, with another SQLite than the store's, and says what is in it.

The standard library's SQLite shares no code, no lock and no memory with the one that has written:
a file is opened by one of them only, since in one process they undo each other's locks.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from checker.crashlab.images.disk import Image
from impl.derive.design import Design
from impl.derive.mapping import Memories, Unmapped, abstract, rows_of
from spec.language.scope import State, Value, value_name
from spec.language.terms.types import Sort

NAME = "queue.db"

Word = Literal["ok", "lost", "half", "phantom", "corrupt"]
VERDICTS: dict[Word, str] = {
    "lost": "what was answered is not there",
    "half": "the rows are not where the trace leads",
    "phantom": "what was never begun is there",
    "corrupt": "the file cannot be read, or SQLite finds it damaged",
}
"""What an image can be but well."""

TraceRow = tuple[str, str, str, str]
"""Action, parameters, what was before and after, as canonical JSON."""


@dataclass(frozen=True)
class Key:
    """What is durable: the state, with blank memories and ghosts, and the trace."""

    state: State
    trace: tuple[TraceRow, ...]


@dataclass(frozen=True)
class Corrupt:
    """What SQLite says of a file that is none."""

    said: str


Reading = Key | Corrupt


TRACE = "SELECT seq, action, params, before, after FROM trace ORDER BY seq"
"""What is asked of every image."""


def digest(image: Image) -> str:
    """Return what an image is known by."""
    made = hashlib.blake2b(digest_size=8)
    for name in sorted(image):
        made.update(f"{name} {len(image[name])} ".encode())
        made.update(image[name])
    return made.hexdigest()


def write(image: Image, folder: str) -> None:
    """Let the folder hold just these files."""
    for old in os.listdir(folder):
        if old not in image:
            os.unlink(f"{folder}/{old}")
    for name, data in image.items():
        there = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        with open(there, "wb", buffering=0) as out:  # over what is there, which is cheaper
            out.write(data)
            out.truncate(len(data))


class Judge:
    """Opens images in a folder of its own, each distinct one once."""

    def __init__(self, design: Design, folder: Path, blank: State) -> None:
        """Read images of stores of this design; `blank` is the state that a store begins in."""
        self.design, self.folder, self.blank = design, str(folder), blank
        self.memories = Memories(design)
        self._met: dict[int, tuple[str, Reading]] = {}
        self._keys: dict[object, Key] = {}

    def reading(self, image: Image) -> tuple[str, Reading]:
        """Return what the image is known by, and what is in it."""
        met = hash(tuple(sorted(image.items())))  # Python remembers it for what is unchanged
        if met not in self._met:
            self._met[met] = digest(image), self._open(image)
        return self._met[met]

    def _open(self, image: Image) -> Reading:
        write(image, self.folder)
        opened = sqlite3.connect(f"{self.folder}/{NAME}", isolation_level=None)
        try:
            return self._read(opened)
        except (sqlite3.Error, ValueError, LookupError, TypeError, Unmapped) as failed:
            return Corrupt(f"{type(failed).__name__}: {failed}")
        finally:
            opened.close()

    def _read(self, opened: sqlite3.Connection) -> Reading:
        opened.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()  # nobody else is there
        opened.execute("PRAGMA synchronous = OFF")
        ((said, *_), *_) = opened.execute("PRAGMA integrity_check(1)").fetchall()
        if said != "ok":
            return Corrupt(" ".join(str(said).split()))
        found = {q: opened.execute(q).fetchall() for q in (TRACE, *self.queries())}
        raw = tuple(map(tuple, found.values()))
        if raw not in self._keys:
            self._keys[raw] = self.key(found)
        return self._keys[raw]

    def differing(self, there: State, wanted: State) -> list[str]:
        """Return where two states differ: what is there, and what was to be there."""
        return [
            f"{p.name} is {value_name(p.field.type, a)}, and was to be "
            f"{value_name(p.field.type, b)}"
            for p, a, b in zip(self.design.scope.places, there, wanted, strict=False)
            if a != b
        ]

    def queries(self) -> Iterator[str]:
        """Yield what is asked, beside the trace."""
        return (t.every_row for t in self.design.tables)

    def key(self, found: dict[str, list[Any]]) -> Key:
        """Return what the answers say; raises `ValueError` or `Unmapped` if they make no sense."""
        state = abstract(_Copy(self.design, found), self.memories, self.blank)
        return Key(state, trace_rows(found[TRACE]))


def trace_rows(found: list[Any], cut: int = 0) -> tuple[TraceRow, ...]:
    """Return the rows that `TRACE` asks for; raises `ValueError` if some are missing behind the one
    where the trace is cut.
    """
    behind = [seq for seq, *_ in found if seq > cut]
    if behind != list(range(cut + 1, cut + 1 + len(behind))):
        raise ValueError("the trace has gaps")
    return tuple(trace_row(action, *map(json.loads, texts)) for _, action, *texts in found)


def trace_row(action: str, *parts: Mapping[str, Any]) -> TraceRow:
    """Return a row of the trace, as it is compared."""
    params, before, after = (json.dumps(part, sort_keys=True) for part in parts)
    return action, params, before, after


@dataclass(frozen=True)
class _Copy:
    """What was read from an image, as the refinement mapping reads a store."""

    design: Design
    found: dict[str, list[Any]]

    def rows(self) -> dict[type[Sort], dict[int, dict[str, Value]]]:
        """Return every row of every table, by sort and element."""
        return rows_of(self.design, self.found.__getitem__)
