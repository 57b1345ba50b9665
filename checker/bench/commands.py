"""What somebody waits for: commands in processes of their own, with nothing remembered at first."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from checker.bench.measure import Figure, Unavailable, machine
from checker.shown.duration import Measured, keep

NEW_EDIT = "check --scope life --without settle_done.fenced --no-save"
LINES = ("failures FM-010", "prove", "check", NEW_EDIT)
"""In this order: what one has found, the next ones know."""

LONG = ("fairness", "profiles", "failures", "failures --pairs", "ablate", "crashlab", "docs")
"""Those that take minutes: they are measured only where that is to be kept."""

_GOALS = {"failures FM-010": 10.0, NEW_EDIT: 3.0}


def commands(lines: Iterable[str]) -> Iterator[Measured]:
    """Run each line twice, in a cache of their own that is empty at first."""
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory(prefix="ffq-bench-") as folder:
        environment = {**os.environ, "FFQ_CACHE_DIR": folder}

        def seconds(line: str) -> float:
            command = [sys.executable, "-m", "checker.commands", *line.split(), "--json"]
            began = time.perf_counter()
            ran = subprocess.run(
                command, cwd=root, env=environment, stdout=subprocess.DEVNULL, check=False
            )
            if ran.returncode not in (0, 1):
                raise Unavailable(f"ffq {line} ended with {ran.returncode}")
            return time.perf_counter() - began

        for line in lines:
            yield Measured(line, seconds(line), seconds(line))


def figures(write: bool) -> Iterator[Figure]:
    """Return what each line took, as figures; with `write` it is kept for the page that shows it,
    and for whoever waits for a command that never ran on his machine.
    """
    rows = []
    for row in commands((*LINES, *LONG) if write else LINES):
        rows.append(row)
        goal = _GOALS.get(row.line)
        yield Figure(f"ffq {row.line}, the first time", row.first, "s", goal, at_most=True)
        yield Figure(f"ffq {row.line}, again", row.again, "s")
    if write:
        keep(machine(), rows)
