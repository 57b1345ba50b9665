"""The folder where answers are kept that took long to find, each under all that decides it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from checker.runs.sources import Sources

Answer = TypeVar("Answer")


@cache
def cache_folder() -> Path:
    """Return a folder that can be written: `$FFQ_CACHE_DIR`, the user's cache, or a temporary
    one.

    Machine code is loaded from it, so it is one that belongs to this user and that others cannot
    write to.
    """
    chosen = os.environ.get("FFQ_CACHE_DIR")
    user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    for folder in (chosen, f"{user}/ffq"):
        if not folder:
            continue
        try:
            path = Path(folder).expanduser()
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path):
                pass
            known = path.stat()
            if known.st_uid == os.geteuid() and not known.st_mode & 0o022:
                return path
        except (OSError, RuntimeError):
            continue
        print(
            f"ffq: {path}: it is not yours alone, and machine code is loaded from there; "
            "`chmod go-w` it, or name a folder of yours by FFQ_CACHE_DIR",
            file=sys.stderr,
        )
    return Path(tempfile.mkdtemp(prefix="ffq-"))


@dataclass(frozen=True)
class Place:
    """Where an answer is kept, and what decides it."""

    file: Path
    sources: Sources


def place(kind: str, sources: Sources, key: list[Any], suffix: str = ".json") -> Place:
    """Return the place for what is found of this kind with these sources, under this key."""
    digest = hashlib.sha256(json.dumps([sources.hash, *key]).encode()).hexdigest()[:32]
    return Place(cache_folder() / kind / f"{digest}{suffix}", sources)


def recall(place: Place, read: Callable[[Any], Answer]) -> Answer | None:
    """Return what was remembered there as `read` reads it, or None; whatever is not as it was
    written counts as forgotten.
    """
    try:
        return read(json.loads(place.file.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def remember(place: Place, answer: Any) -> None:
    """Remember an answer, unless a source was changed meanwhile."""
    keep(place, json.dumps(answer).encode())


def keep(place: Place, content: bytes) -> None:
    """Write an answer down in one piece, unless a source was changed meanwhile."""
    if place.sources.unchanged:
        write(place.file, content)


def write(file: Path, content: bytes) -> None:
    """Write a file in one piece; a full or read-only disk costs time, not answers."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=file.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        os.replace(draft, file)
    except OSError:
        pass
