"""Several variants at once: an exam mostly waits, for leases to run out.

Each is an exam of its own, in a process that is told to end with this one, and then puts in order
what it has begun.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from checker.exam.run import RESULTS, askable
from checker.exam.subject import Variant

AT_ONCE = 4
_LOOK_S = 0.5
_BAD = 2
"""The exit status of an exam that could not begin."""


def command(variant: Variant, names: Sequence[str], times: int, folder: Path) -> list[str]:
    """Return what examines one variant."""
    asked = [part for name in names for part in ("--question", name)]
    given = [variant.title, "--times", str(times), "--keep", str(folder), *asked]
    return [sys.executable, "-m", "checker.commands", "exam", *given]


def together(
    variants: Sequence[Variant],
    names: Sequence[str],
    times: int,
    folder: Path,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Examine them, and return why some could not be; the results are in the folder."""
    waiting, missing = list(variants), dict[str, str]()
    running: dict[str, subprocess.Popen[bytes]] = {}
    number = sum(len(list(askable(v, names))) for v in variants) * times
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                one = waiting.pop(0)
                running[one.title] = _begun(command(one, names, times, folder), _log(folder, one))
            for title, exam in list(running.items()):
                if exam.poll() is not None:
                    del running[title]
                    if exam.returncode == _BAD:
                        missing[title] = _last(folder, title)
            say(f"{_answered(folder)} of {number} answers; now {', '.join(running)}")
            time.sleep(_LOOK_S)
    finally:
        for exam in running.values():
            exam.terminate()
        for exam in running.values():
            exam.wait()
    return missing


def _begun(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as said:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            start_new_session=True,  # Ctrl-C is for this process alone
        )  # fmt: skip


def _log(folder: Path, variant: Variant) -> Path:
    return folder / f"{variant.title.replace('/', '-')}.log"


def _last(folder: Path, title: str) -> str:
    lines = (folder / f"{title.replace('/', '-')}.log").read_text("utf-8").splitlines()
    return lines[-1].removeprefix("ffq: ") if lines else "it does not say why"


def _answered(folder: Path) -> int:
    file = folder / RESULTS
    return len(file.read_bytes().splitlines()) if file.exists() else 0
