"""An exam that is interrupted, or killed, leaves no process; interrupted, no folder either."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.deep

FFQ = [sys.executable, "-m", "checker.commands", "exam"]


def below(folder: Path) -> list[str]:
    """Return the processes that have this folder among their variables."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if f"EXAM_FOLDER={folder}".encode() in Path("/proc", pid, "environ").read_bytes():
                found.append(Path("/proc", pid, "cmdline").read_bytes().decode())
        except OSError:  # it has ended
            continue
    return found


@pytest.mark.parametrize("subject", ["ffq/sqlite", "litequeue"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_an_exam_that_ends_early(
    number: signal.Signals, subject: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [*FFQ, subject, "--keep", str(tmp_path / "kept"), "--question", "takes-long"]
    exam = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(below(tmp_path)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert len(below(tmp_path)) >= 2  # a client and a worker
    exam.send_signal(number)
    assert exam.wait(20) == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(number, -number)
    until = time.monotonic() + 30
    while below(tmp_path) and time.monotonic() < until:
        time.sleep(0.05)
    assert below(tmp_path) == []
    left = [p.name for p in tmp_path.iterdir() if p.name.startswith("ffq-exam-")]
    # Several variants are told to end when whoever began them is no more.
    assert bool(left) == (number == signal.SIGKILL and "/" in subject)
