"""Processes in each other's way: what each of a few real situations comes to, in counts and sizes.

Nothing here is a time: who waits how long depends on the machine, what is lost does not.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from impl.inject import HandClock
from impl.queue import Queue
from impl.sqlite.file.files import LOG_BYTES
from impl.terms.unusable import StoreError
from impl.working.attempt import Attempt, LostClaim, claim
from spec.queue.job import Worker

# Another program, with another SQLite, which knows of no gate.
_OTHER = """\
import sqlite3, sys
opened = sqlite3.connect(sys.argv[1], isolation_level=None)
opened.execute(sys.argv[2])
opened.execute("SELECT count(*) FROM job").fetchall()
print("begun", flush=True)
sys.stdin.readline()
try:
    opened.execute("UPDATE meta SET value = value")
    print("written", flush=True)
except sqlite3.OperationalError as refused:
    print(refused.sqlite_errorname, flush=True)
"""

_COUNT = """\
import sys
from impl.queue import Queue
with Queue(sys.argv[1], busy_ms=60_000) as queue:
    print("begun", flush=True)
    sys.stdin.readline()
    for _ in range(int(sys.argv[2])):
        with queue.transaction() as t:
            ((n,),) = t.execute("SELECT n FROM counter")
            t.execute("UPDATE counter SET n = ?", (n + 1,))
print("ended", flush=True)
"""

WRITERS, TIMES = 3, 40
_BUSY_MS, _LEASE_MS = 100, 1_000
_STEPS = 160
_PAYLOAD = "x" * 60_000
_MOST = LOG_BYTES + 2 * len(_PAYLOAD)
"""What the log may take: its limit, and the step that goes over it."""


@dataclass(frozen=True)
class Contended:
    """A situation, what came of it, and whether that is as it has to be."""

    what: str
    came: str
    ok: bool


def situations() -> Iterator[Contended]:
    """Yield what each situation comes to."""
    for situation in (_locked, _stale, _writers, _starved, _grows):
        with tempfile.TemporaryDirectory(prefix="ffq-contention-") as folder:
            file = Path(folder) / "queue.db"
            with Queue(file, busy_ms=_BUSY_MS) as queue:
                yield from situation(queue, file)


@contextmanager
def _process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        try:
            yield process
        finally:
            process.kill()


def _go_on(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate("\n", timeout=60)
    return said.strip()


def _locked(queue: Queue, file: Path) -> Iterator[Contended]:
    with _process(_OTHER, file, "BEGIN IMMEDIATE"):
        try:
            queue.enqueue("step")
            came = "written"
        except StoreError:
            came = "refused"
    ((jobs,),) = queue.query("SELECT count(*) FROM job")
    yield Contended(
        "a writer, while another program keeps the store locked (BUSY)",
        f"{came}; {jobs} jobs are in", came == "refused" and jobs == 0,
    )  # fmt: skip


def _stale(queue: Queue, file: Path) -> Iterator[Contended]:
    with _process(_OTHER, file, "BEGIN") as other:
        queue.enqueue("step")
        came = _go_on(other)
    ok = came == "SQLITE_BUSY_SNAPSHOT"
    yield Contended("a program that reads first, and writes after somebody else", came, ok)


def _writers(queue: Queue, file: Path) -> Iterator[Contended]:
    queue.define("CREATE TABLE counter (n INTEGER NOT NULL) STRICT")
    queue.define("INSERT INTO counter VALUES (0)")
    command = [sys.executable, "-c", _COUNT, str(file), str(TIMES)]
    pipe = subprocess.PIPE
    begun = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(WRITERS)]
    for process in begun:
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
    for process in begun:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ended = sum(process.communicate(timeout=60)[0] == "ended\n" for process in begun)
    ((n,),) = queue.query("SELECT n FROM counter")
    yield Contended(
        f"{WRITERS} processes that read and then write, {TIMES} times each, through the queue",
        f"{n} of {WRITERS * TIMES} counted, {WRITERS - ended} processes refused",
        (n, ended) == (WRITERS * TIMES, WRITERS),
    )


def _starved(_: Queue, file: Path) -> Iterator[Contended]:
    clock = HandClock()
    with Queue(
        file.with_name("starved.db"), busy_ms=_BUSY_MS, lease_ms=_LEASE_MS, clock=clock
    ) as queue:
        queue.enqueue("step")
        early = _claimed(queue)
        with _process(_OTHER, queue.store.path, "BEGIN IMMEDIATE"):
            try:
                early.heartbeat(queue)
                came = "renewed"
            except StoreError:
                came = "not renewed"
        clock.advance(2 * _LEASE_MS)
        queue.recover()
        second, late = _claimed(queue), "settled"
        with queue.transaction() as t:
            second.finish(t)
        try:
            with queue.transaction() as t:
                early.finish(t)
        except LostClaim:
            late = "refused"
        rows = queue.query("SELECT status FROM job")
    yield Contended(
        "a heartbeat, while another program writes for longer than the lease",
        f"{came}; the next claim settles the job, the first is {late}",
        (came, late, rows) == ("not renewed", "refused", [("done",)]),
    )


def _claimed(queue: Queue) -> Attempt:
    worker = queue.process(Worker)
    with queue.transaction() as t:
        attempt = claim(queue, t, worker, ["step"])
    assert attempt is not None and attempt.start()
    return attempt


def _grows(queue: Queue, file: Path) -> Iterator[Contended]:
    log = file.with_name(f"{file.name}-wal")
    most = _fill(queue, log, _STEPS)
    yield Contended(
        f"the log, while {_STEPS} jobs of {len(_PAYLOAD):,} bytes are put in",
        f"{_mib(most)} at the most", most <= _MOST,
    )  # fmt: skip
    with _process(_OTHER, file, "BEGIN"):
        grown = _fill(queue, log, _STEPS)
    # Not to a tenth: how the pages fall differs a little from one run to the next.
    times = f"over {grown // LOG_BYTES} times its limit"
    yield Contended("the log, while a reader stays", times, grown > 2 * LOG_BYTES)
    _fill(queue, log, 3)
    after = log.stat().st_size
    yield Contended("the log, three jobs after it has gone", _mib(after), after <= LOG_BYTES)


def _fill(queue: Queue, log: Path, count: int) -> int:
    sizes = []
    for _ in range(count):
        queue.enqueue("step", _PAYLOAD)
        sizes.append(log.stat().st_size)
    return max(sizes)


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
