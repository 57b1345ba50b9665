"""What becomes of a job when the process of its worker is stopped, paused or killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from impl.queue import Queue
from impl.terms.unusable import StoreError

Start = Callable[..., subprocess.Popen[str]]
PATIENCE = 60.0
"""Seconds after which a test gives up on a process; none is expected to take so long."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def queue(file: Path) -> Iterator[Queue]:
    with Queue(file, lease_ms=500) as opened:
        opened.define("CREATE TABLE effects (job INTEGER NOT NULL, token INTEGER NOT NULL) STRICT")
        yield opened


@pytest.fixture
def start(file: Path) -> Iterator[Start]:
    with ExitStack() as ends:

        def begin(grace: float = 60, lease_ms: int = 500) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "tests.worker.queue_process"]
            command += [str(file), str(lease_ms), str(grace)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            ends.callback(end, process)
            return process

        yield begin


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def entered(process: subprocess.Popen[str]) -> int:
    """Wait until the worker is inside the handler, and return the job."""
    assert process.stdout is not None
    word, job = process.stdout.readline().split()
    assert word == "entered"
    return int(job)


def tally(process: subprocess.Popen[str]) -> dict[str, int]:
    """Wait for the worker to end by itself, and return how its attempts ended."""
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    found: dict[str, int] = json.loads(out.splitlines()[-1])
    return found


def rows(file: Path, sql: str) -> list[Any]:
    with closing(apsw.Connection(str(file))) as other:
        return other.execute(sql).fetchall()


def until(true: Callable[[], bool]) -> None:
    late = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < late
        time.sleep(0.02)


def pause(process: subprocess.Popen[str], file: Path) -> None:
    """Stop the process where it holds no lock: there all others would have to wait for it."""

    def paused_without_a_lock() -> bool:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            with Queue(file, busy_ms=20) as other, other.transaction():
                return True
        except StoreError:
            os.kill(process.pid, signal.SIGCONT)
            return False

    until(paused_without_a_lock)


def test_a_worker_that_is_told_to_stop_finishes_its_job(
    queue: Queue, file: Path, start: Start
) -> None:
    for _ in range(2):
        queue.enqueue("step", 0.5)
    worker = start()
    assert entered(worker) == 1
    worker.send_signal(signal.SIGTERM)
    assert tally(worker) == {"done": 1}
    assert rows(file, "SELECT status, interrupts FROM job") == [("done", 0), ("ready", 0)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_cannot_finish_in_its_grace_gives_the_job_back(
    queue: Queue, file: Path, start: Start, number: signal.Signals
) -> None:
    queue.enqueue("step", 3600)
    worker = start(grace=0.2)
    entered(worker)
    worker.send_signal(number)
    assert tally(worker) == {"released": 1}
    assert rows(file, "SELECT status, interrupts, fails FROM job") == [("ready", 1, 0)]
    assert rows(file, "SELECT due NOT NULL, lease FROM job") == [(1, None)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_whose_receiver_hangs_can_be_stopped(
    queue: Queue, file: Path, start: Start, number: signal.Signals
) -> None:
    queue.enqueue("tell")
    worker = start(grace=0.2, lease_ms=3_600_000)
    assert entered(worker) == 1
    worker.send_signal(number)
    assert tally(worker) == {"done": 1}
    assert rows(file, "SELECT sent, tries FROM outbox") == [(0, 1)]


def test_a_worker_that_is_killed_loses_no_job(queue: Queue, file: Path, start: Start) -> None:
    queue.enqueue("step", 0.5)
    first = start()
    entered(first)
    first.kill()
    first.wait()
    assert rows(file, "SELECT status FROM job") == [("claimed",)]
    second = start()
    assert entered(second) == 1
    assert tally(second) == {"done": 1}
    assert rows(file, "SELECT status, token, interrupts FROM job") == [("done", 2, 1)]
    assert rows(file, "SELECT job, token FROM effects") == [(1, 2)]


def test_a_worker_that_was_paused_past_its_lease_is_refused(
    queue: Queue, file: Path, start: Start
) -> None:
    """The one that wakes up believes that it has the job. The other one has done it meanwhile."""
    queue.enqueue("step", 0.5)
    slow = start()
    entered(slow)
    pause(slow, file)
    fast = start()
    assert entered(fast) == 1
    assert tally(fast) == {"done": 1}
    os.kill(slow.pid, signal.SIGCONT)
    assert tally(slow) == {"lost": 1}
    assert rows(file, "SELECT status, token, interrupts FROM job") == [("done", 2, 1)]
    assert rows(file, "SELECT job, token FROM effects") == [(1, 2)]


@pytest.mark.deep
def test_a_killed_worker_does_not_keep_the_gate_shut(
    queue: Queue, file: Path, start: Start
) -> None:
    for _ in range(200):
        queue.enqueue("step", 0)
    worker = start()
    until(lambda: rows(file, "SELECT count(*) > 20 FROM effects") == [(1,)])
    worker.kill()  # wherever it is
    worker.wait()
    queue.busy_ms = 5_000
    assert queue.enqueue("step", 0).new
    assert sum(tally(start()).values()) > 0
    assert rows(file, "SELECT DISTINCT status FROM job") == [("done",)]
    assert rows(file, "SELECT count(*), count(DISTINCT job) FROM effects") == [(201, 201)]
