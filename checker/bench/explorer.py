"""How long the explorer takes to show a trace, and to answer a key, in a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import termios
import time
from collections.abc import Iterator

from checker.bench.measure import Figure, Unavailable

COLUMNS, ROWS = 120, 40
SECONDS_MAX = 30.0
KEYS = 40
QUIET = 0.25
"""Seconds without output after which what a key did is drawn."""


def explorer(times: int) -> Iterator[Figure]:
    """Measure the time from the command line to the drawn trace, the median of some starts; and
    from a key to the first byte of what it changes, in the last of them.
    """
    starts, keys = [], list[float]()
    for _ in range(times):
        started, keys = _once()
        starts.append(started)
    first = statistics.median(starts)
    yield Figure("ffq browse, to the drawn trace", first, "s", 0.7, at_most=True)
    slowest = 1000 * sorted(keys)[int(0.99 * len(keys))]
    yield Figure("ffq browse, key to first repaint, 99 %", slowest, "ms", 50, at_most=True)


def _once() -> tuple[float, list[float]]:
    """Start it, press some keys, leave; return the seconds to the first screen and of each key."""
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm-256color"
        # With it every start would compile the sources, as no user's does.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.execv(sys.executable, [sys.executable, "-m", "checker.cli", "browse", "FM-010"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        _until(terminal, b"Timeline", began)
        started = time.perf_counter() - began
        _drain(terminal, 8 * QUIET)
        keys = []
        for n in range(KEYS):
            _drain(terminal, QUIET)
            pressed = time.perf_counter()
            os.write(terminal, b"k" if n % 8 < 4 else b"j")
            if not select.select([terminal], [], [], SECONDS_MAX)[0]:
                raise Unavailable("ffq browse: a key had no answer")
            keys.append(time.perf_counter() - pressed)
        _drain(terminal, QUIET)
        os.write(terminal, b"\x11")
        _drain(terminal, 4 * QUIET)
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    return started, keys


def _until(terminal: int, wanted: bytes, began: float) -> None:
    seen = b""
    while wanted not in seen:
        left = began + SECONDS_MAX - time.perf_counter()
        if left < 0 or not select.select([terminal], [], [], left)[0]:
            raise Unavailable("ffq browse: the trace was not drawn")
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            raise Unavailable("ffq browse: ended before the trace was drawn") from None


def _drain(terminal: int, quiet: float) -> None:
    """Read until nothing comes for so long, or the program has ended."""
    try:
        while select.select([terminal], [], [], quiet)[0]:
            if not os.read(terminal, 65536):
                return
    except OSError:
        return
