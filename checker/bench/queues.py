"""The reference queue beside raw SQLite and others, on the same disk in the same minutes.

Flushes are counted in runs of their own, under strace, which slows them down: a disk decides how
long a flush takes, and a queue how many there are.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from checker.bench.contender import CONTENDERS
from checker.bench.measure import Figure, Unavailable, median
from checker.bench.raw_sqlite import BATCH
from checker.bench.statements import statements

TASKS = {
    "enqueue": "enqueue",
    "work": "claim, then settle",
    "work-on": "settle and claim the next at once",
    "enqueue-batch": f"enqueue, {BATCH} at once",
    "work-batch": f"claim, then settle, {BATCH} at once",
}
ADDED = {"work": "enqueue", "work-on": "enqueue", "work-batch": "enqueue-batch"}
"""Which task puts in what another one takes out."""

SHARE = 0.6
"""Of the jobs per second of raw SQLite, at as many flushes."""

CHECKPOINTS = 1.05
"""Now and then the log is written back, which flushes as well: that much more is not held
against a goal.
"""

GOALS = {"enqueue": 1.0, "work": 1.0, "work-on": 1.0, "enqueue-batch": 0.01, "work-batch": 0.01}
PEERS_KNOW = ("enqueue", "work")
PEERS = {"huey": "huey", "litequeue": "litequeue", "persist-queue": "persistqueue"}
SHARERS, SHARING = 4, 3.0
"""Processes that want to write at the same time, and for how many seconds."""


def queues(times: int) -> Iterator[Figure]:
    """Count statements; measure flushes for each job and jobs per second, one queue beside the
    other.
    """
    yield from statements()
    missing = [name for name, module in PEERS.items() if not importlib.util.find_spec(module)]
    known = [name for name in CONTENDERS if name.split(",")[0] not in missing]
    jobs = 100 * times
    for task, words in TASKS.items():
        who = known if task in PEERS_KNOW else known[:2]

        busy: dict[str, list[float]] = {name: [] for name in who}

        def rate(name: str, task: str = task, busy: dict[str, list[float]] = busy) -> float:
            seconds, of_processor = _seconds(name, task, jobs)
            busy[name].append(of_processor / jobs * 1_000_000)
            return jobs / seconds

        rates = median(times, *(partial(rate, name) for name in who))
        by_name = dict(zip(who, rates, strict=True))
        for name in who:
            yield Figure(f"{name}: {words}", by_name[name], "jobs/s")
            # The least of them: whatever else a machine does can only add to it.
            yield Figure(f"{name}: {words}, of the processor", min(busy[name]), "us a job")
            goal = GOALS[task] * CHECKPOINTS if name == "this queue" else None
            flushes = _flushes(name, task)
            if flushes is not None:
                yield Figure(f"{name}: {words}", flushes, "flushes a job", goal, at_most=True)
        share = by_name["this queue"] / by_name["raw SQLite"]
        yield Figure(f"this queue / raw SQLite: {words}", share, "times", SHARE)
    yield Figure(f"smallest share of {SHARERS} writers", _smallest_share(), "", 0.15)
    if missing:
        raise Unavailable(f"{', '.join(missing)}: not installed; pip install .[peers]")
    if shutil.which("strace") is None:
        raise Unavailable("strace is missing, so that no flushes are counted")


def _seconds(name: str, task: str, jobs: int, *prefix: str) -> tuple[float, float]:
    """Return how long a contender takes in a file of its own, where the jobs are in already, and
    how much of that its processor.
    """
    with tempfile.TemporaryDirectory(prefix="ffq-bench-", dir=".") as folder:
        if task in ADDED:
            _run(name, ADDED[task], jobs, folder)
        return _run(name, task, jobs, folder, *prefix)


def _run(name: str, task: str, jobs: int, folder: str, *prefix: str) -> tuple[float, float]:
    module = [sys.executable, "-m", "checker.bench.contender"]
    command = [*prefix, *module, name, task, str(jobs), f"{folder}/queue.db"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(said[0]), float(said[1])


def _flushes(name: str, task: str) -> float | None:
    """Return the flushes for each job: what a second hundred jobs cost beyond the first."""
    if shutil.which("strace") is None:
        return None
    counts = []
    for jobs in (BATCH, 5 * BATCH):
        with tempfile.NamedTemporaryFile(prefix="ffq-strace-") as log:
            _seconds(name, task, jobs, "strace", "-f", "-e", "fsync,fdatasync", "-o", log.name)
            counts.append(len(re.findall(r"sync\(", Path(log.name).read_text(encoding="utf-8"))))
    return (counts[1] - counts[0]) / (4 * BATCH)


def _smallest_share() -> float:
    """Return the smallest part of all jobs that one of several enqueuing processes got in."""
    script = """\
import sys, time
from impl.queue import Queue
queue, until, done = Queue(sys.argv[1]), float(sys.argv[2]), 0
time.sleep(max(0, until - float(sys.argv[3]) - time.time()))
while time.time() < until:
    queue.enqueue("job")
    done += 1
print(done)
"""
    with tempfile.TemporaryDirectory(prefix="ffq-bench-", dir=".") as folder:
        file = f"{folder}/queue.db"
        until = str(time.time() + SHARING + 2.0)
        command = [sys.executable, "-c", script, file, until, str(SHARING)]
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(SHARERS)
        ]
        done = [int(process.communicate()[0]) for process in running]
    return min(done) / sum(done)
