"""Several variants and questions at once: an exam mostly waits, for leases to run out.

Each question to a variant is an exam of its own, in a process that is told to end with this one,
and then puts in order what it has begun.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from checker.exam.run import RESULTS, askable
from checker.exam.subject import Variant

AT_ONCE = 12
"""A try takes 10 to 20 s, of which 2 to 3 s are spent on a processor."""
_LOOK_S = 0.5
_BAD = 2
"""The exit status of an exam that could not begin."""


def command(variant: Variant, question: str, times: int, folder: Path) -> list[str]:
    """Return what puts one question to one variant."""
    given = [variant.title, "--question", question, "--times", str(times), "--keep", str(folder)]
    return [sys.executable, "-m", "checker.commands", "exam", *given]


def together(
    variants: Sequence[Variant],
    names: Sequence[str],
    times: int,
    folder: Path,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Examine them, and return why some could not be; the results are in the folder."""
    waiting = [(v, question.name) for v in variants for question in askable(v, names)]
    waiting.sort(key=lambda pair: -pair[0].lease)  # what takes long is not left for the end
    number, missing = len(waiting) * times, dict[str, str]()
    running: dict[tuple[str, str], subprocess.Popen[bytes]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                one, name = waiting.pop(0)
                begun = _begun(command(one, name, times, folder), _log(folder, one.title))
                running[one.title, name] = begun
            for (title, name), exam in list(running.items()):
                if exam.poll() is not None:
                    del running[title, name]
                    if exam.returncode == _BAD:
                        missing[title] = _last(folder, title)
                        waiting = [pair for pair in waiting if pair[0].title != title]
            now = ", ".join(f"{title} {name}" for title, name in running)
            say(f"{_answered(folder)} of {number} answers; now {now}")
            time.sleep(_LOOK_S)
    finally:
        for exam in running.values():
            exam.terminate()
        for exam in running.values():
            exam.wait()
    return missing


def _begun(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as said:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            start_new_session=True,  # Ctrl-C is for this process alone
        )  # fmt: skip


def _log(folder: Path, title: str) -> Path:
    return folder / f"{title.replace('/', '-')}.log"


def _last(folder: Path, title: str) -> str:
    lines = _log(folder, title).read_text("utf-8").splitlines()
    return lines[-1].removeprefix("ffq: ") if lines else "it does not say why"


def _answered(folder: Path) -> int:
    file = folder / RESULTS
    return len(file.read_bytes().splitlines()) if file.exists() else 0
