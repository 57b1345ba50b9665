"""How long a command will take, said while one waits: what it took here before, or what it took
where it was measured.

A command that answers at once says nothing of it, and what it took is kept beside the answers only
if that was long: what is remembered afterwards takes no time that is worth a line.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from checker.shown.streams import say

AT_ONCE, LONG = 2.0, 5.0
"""Seconds: what has answered by then says nothing, and what is worth being kept."""

MEASURED = Path(__file__).with_name("times.json")

_NEVER_SAID = ("browse", "queue", "completion")
"""Commands that have the terminal to themselves, or end when they are told to."""

_NO_MATTER = ("--json", "--verbose", "-v")
_FINISHED = (0, 1, 3)
_MODE = re.compile(r"fm-\d+[a-z]?", re.IGNORECASE)


@dataclass(frozen=True)
class Measured:
    """What a command took in seconds: at first, and once its answer was remembered."""

    line: str
    first: float
    again: float


def timed(given: Sequence[str], run: Callable[[], int]) -> int:
    """Run a command line and return its status; say how long it will take if it does not answer at
    once, and keep how long it took.
    """
    words = [word for word in given if word not in _NO_MATTER]
    if not words or words[0] in _NEVER_SAID:
        return run()
    waiting = threading.Timer(AT_ONCE, lambda: _say(words))
    waiting.daemon = True
    waiting.start()
    began = time.monotonic()
    try:
        status = run()
    finally:
        waiting.cancel()
    took = time.monotonic() - began
    if took >= LONG and status in _FINISHED:
        from checker.runs.cache import write

        write(_kept(words), json.dumps(took).encode())
    return status


def _say(words: list[str]) -> None:
    told = expected(words)
    if told is not None:
        say(told)


def expected(words: Sequence[str]) -> str | None:
    """Return how long a command line will take, as far as that is known."""
    from checker.runs.cache import Place, recall
    from checker.runs.sources import Sources

    before = recall(Place(_kept(words), Sources(__name__)), float)
    if before is not None:
        return f"took {about(before)} here last time"
    if any(word.startswith("--spec") for word in words):
        return None  # the queue was measured, and not what the user has written
    where, rows = measured()
    same = [row for row in rows if row.line.split()[0] == words[0]]
    row = max(same, key=lambda row: _shared(row.line.split(), words), default=None)
    if row is None or row.first < LONG:
        return None
    return f"`ffq {row.line}` took {about(row.first)} the first time on {where}"


def measured() -> tuple[str, list[Measured]]:
    """Return the machine on which commands were measured, and what they took there."""
    kept = json.loads(MEASURED.read_text("utf-8"))
    return kept["machine"], [Measured(*row) for row in kept["commands"]]


def keep(machine: str, rows: Iterable[Measured]) -> None:
    """Write down what commands took on a machine, in place of what was there."""
    lines = [json.dumps([row.line, round(row.first, 1), round(row.again, 1)]) for row in rows]
    inside = ",\n  ".join(lines)
    text = f'{{"machine": {json.dumps(machine)},\n "commands": [\n  {inside}\n ]}}\n'
    MEASURED.write_text(text, "utf-8")


def about(seconds: float) -> str:
    """Return seconds as one says them: about 40 s, about 3 min."""
    if seconds < 120:
        step = 5 if seconds < 60 else 10
        return f"about {max(step, round(seconds / step) * step)} s"
    return f"about {round(seconds / 60)} min"


def _shared(line: Sequence[str], words: Sequence[str]) -> tuple[int, int]:
    """Return how many words a line begins with as the other does, and how few it has besides; one
    failure mode is as good as another.
    """
    pairs = zip(line, words, strict=False)
    alike = [a == b or bool(_MODE.fullmatch(a) and _MODE.fullmatch(b)) for a, b in pairs]
    shared = [*alike, False].index(False)
    return shared, shared - len(line)


def _kept(words: Sequence[str]) -> Path:
    from checker.runs.cache import cache_folder

    here = [platform.node(), len(os.sched_getaffinity(0)), *words]
    digest = hashlib.sha256(json.dumps(here).encode()).hexdigest()[:32]
    return cache_folder() / "times" / f"{digest}.json"
