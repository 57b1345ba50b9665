"""How long the explorer takes to show a trace, and to answer a key, in a terminal of its own.

The keys are pressed in a run of 20,000 steps while another process checks a scope.
"""

from __future__ import annotations

import contextlib
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
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from checker.bench.measure import Figure, Unavailable
from checker.evidence.traces import FOLDER
from checker.evidence.work import Background, Check
from checker.explain.run import open_run
from checker.runs.story import tell
from checker.runs.trace import record
from checker.runs.walk import Walk
from spec.language.evaluate import instances

COLUMNS, ROWS = 120, 40
SECONDS_MAX = 30.0
STEPS = 20_000
KEYS = 100
QUIET = 0.25
"""Seconds without output after which what a key did is drawn."""


def explorer(times: int) -> Iterator[Figure]:
    """Measure the time from the command line to the drawn trace, the median of some starts; and
    from a key to the first byte of what it changes.
    """
    first = statistics.median(_once("FM-010", 0)[0] for _ in range(times))
    yield Figure("ffq browse, to the drawn trace", first, "s", 0.7, at_most=True)
    with TemporaryDirectory() as folder, _a_check():
        file = Path(folder, "long.jsonl")
        file.write_text(_long(), "utf-8")
        started, keys = _once(str(file), KEYS)
    yield Figure(f"ffq browse, to the drawn trace, {STEPS:,} steps, beside a check", started, "s")
    slowest = 1000 * sorted(keys)[int(0.99 * len(keys))]
    what = f"ffq browse, key to first repaint, 99 %, {STEPS:,} steps, beside a check"
    yield Figure(what, slowest, "ms", 50, at_most=True)


@contextlib.contextmanager
def _a_check() -> Iterator[None]:
    """Check a large scope meanwhile, again and again, as the explorer does."""
    over = Event()

    def check() -> None:
        while not over.is_set():
            for _ in Background(Check("effects-deep")).records():
                pass

    checks = Thread(target=check)
    checks.start()
    try:
        yield
    finally:
        over.set()
        checks.join()


def _long() -> str:
    """Return a trace of so many steps: a recoverer crashes and restarts, and then FM-010."""
    run = open_run(FOLDER / "FM-010.jsonl")
    there, back = (
        next(m for m in instances(run.evaluator) if m.step.action.name == name)
        for name in ("recoverer_crash", "recoverer_restart")
    )
    down = there.after(run.states[0])
    pairs = (STEPS - len(run.steps)) // 2
    walk = Walk(
        (run.states[0], *((down, run.states[0]) * pairs), *run.states[1:]),
        ((there.step, back.step) * pairs) + tuple(move.step for move in run.steps),
    )
    return record(run.trace, tell(run.scope, walk, run.trace.violated))


def _once(what: str, presses: int) -> tuple[float, list[float]]:
    """Start it, press some keys, leave; return the seconds to the first screen and of each key."""
    began = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm-256color"
        # With it every start would compile the sources, as no user's does.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.execv(sys.executable, [sys.executable, "-m", "checker.commands", "browse", what])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        _until(terminal, b"Timeline", began)
        started = time.perf_counter() - began
        _drain(terminal, 8 * QUIET)
        keys = []
        for n in range(presses):
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
