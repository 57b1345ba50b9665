"""The queue on a PostgreSQL server beside a bare claim loop and others, on one server in the same
minutes, each waiting for the disk.

`python -m checker.bench.servers NAME ADDRESS` is one process at work: it says that it is ready,
begins when it is told to, and ends when nothing is left.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from checker.bench import peers
from checker.bench.measure import Figure, Unavailable, median

if TYPE_CHECKING:
    from impl.postgresql.trial.embedded import Connection, Server

PROCESSES = (1, 2, 4, 8)
JOBS = 200
"""For each process."""

SHARE = 0.5
"""Of the jobs per second of the bare loop."""

BATCH = 10

_LOOK = 0.02
"""Seconds between looks at how many jobs are left."""

GOALS = (
    ("this queue", "a bare loop", SHARE),
    ("this queue", "procrastinate", 3.0),
    ("this queue", "pgqueuer", 1.0),
    (f"this queue, {BATCH} at once", f"pgqueuer, {BATCH} at once", 1.0),
)
"""Who is to do at least so many times the jobs of whom."""

LOG_MOST, VERSIONS_MOST = 1200, 2
"""Bytes of log, and versions of rows, for each job."""

_SETTINGS = {"fsync": "on", "autovacuum": "on", "shared_buffers": "'128MB'"}

_BARE = """\
DROP TABLE IF EXISTS bare;
CREATE TABLE bare (id bigint PRIMARY KEY, status text NOT NULL, token int NOT NULL)
  WITH (fillfactor = 50);
CREATE INDEX bare_ready ON bare (id) WHERE status = 'ready';
"""
_CLAIM = """\
UPDATE bare SET status = 'claimed', token = token + 1
WHERE status = 'ready' AND id = (
  SELECT id FROM bare WHERE status = 'ready' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, token"""
_SETTLE = "UPDATE bare SET status = 'done' WHERE id = %s AND status = 'claimed' AND token = %s"

_SPENT = """\
SELECT
  (SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'),
  pg_current_wal_lsn() - '0/0'::pg_lsn,
  (SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables
   WHERE relname IN ('job', 'bare', 'procrastinate_jobs', 'pgqueuer'))"""


@dataclass(frozen=True)
class Spent:
    """What a server has spent on jobs: flushes of its log, bytes of it, versions of their rows."""

    flushes: float
    log: float
    versions: float


def servers(times: int) -> Iterator[Figure]:
    """Measure claims and settles of empty jobs per second, each waited for, by one process and by
    several, and what they cost the server.
    """
    try:
        from impl.postgresql.trial.embedded import NoServer, Server
    except ImportError:
        raise Unavailable("psycopg: not installed; pip install .[postgresql]") from None
    try:
        running = Server(settings=_SETTINGS)
    except NoServer as why:
        raise Unavailable(str(why)) from None
    contenders, missing = _contenders()
    with running as server:
        for processes in PROCESSES:
            yield from _beside(server, times, processes, contenders)
    if missing:
        raise Unavailable("; ".join(missing))


def _beside(
    server: Server, times: int, processes: int, contenders: Mapping[str, Contender]
) -> Iterator[Figure]:
    spent: dict[str, Spent] = {}

    def rate(name: str) -> float:
        seconds, spent[name] = _worked(server, name, contenders[name], processes)
        return processes * JOBS / seconds

    found = median(times, *(partial(rate, name) for name in contenders))
    rates = dict(zip(contenders, found, strict=True))
    for name, jobs in rates.items():
        yield Figure(f"{name} on PostgreSQL, {processes} at work", jobs, "jobs/s")
        yield Figure(f"{name}, {processes} at work", spent[name].flushes, "flushes a job")
    for one, other, goal in GOALS:
        if other in rates:
            share = rates[one] / rates[other]
            yield Figure(f"{one} / {other}: {processes} at work", share, "times", goal)
    if processes == PROCESSES[0]:
        bare, ours = spent["a bare loop"], spent["this queue"]
        yield Figure("a bare loop: log", bare.log, "bytes a job")
        yield Figure("this queue on PostgreSQL: log", ours.log, "bytes a job", LOG_MOST, True)
        yield Figure("a bare loop: versions of rows", bare.versions, "a job")
        versions = "this queue on PostgreSQL: versions of rows"
        yield Figure(versions, ours.versions, "a job", VERSIONS_MOST, True)


def _worked(server: Server, name: str, contender: Contender, processes: int) -> tuple[float, Spent]:
    """Return how long so many processes take for all jobs, and what the server spent on each."""
    jobs = processes * JOBS
    address = f"postgresql://ffq@/postgres?host={server.folder}"
    with server.connect() as connection:
        contender.fill(connection, address, jobs)
        running = [_begun(name, contender.works(address)) for _ in range(processes)]
        before, began = _spent(connection), time.monotonic()
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        # How long a process takes to end is nobody's job.
        while connection.execute(contender.left.encode()).fetchone() != (0,):
            ended = [process.poll() for process in running]
            assert None in ended, f"{name}: all processes ended with {ended}, and jobs are left"
            time.sleep(_LOOK)
        seconds = time.monotonic() - began
        left = [process.wait() for process in running]
        assert not any(left), f"{name}: a process ended with {max(left)}"
        after = _spent(connection)  # which a session tells at its end, if not before
    each = [(now - then) / jobs for now, then in zip(after, before, strict=True)]
    return seconds, Spent(*each)


def _begun(name: str, command: Sequence[str]) -> subprocess.Popen[str]:
    """Return a process that is ready to work."""
    begun = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert begun.stdout is not None
    assert begun.stdout.readline() == "ready\n", f"{name}: a process did not begin"
    return begun


def _spent(connection: Connection) -> tuple[float, ...]:
    """Return what the server says that it has spent so far."""
    connection.execute("SELECT pg_stat_clear_snapshot()")
    ((flushes, log, versions),) = connection.execute(_SPENT).fetchall()
    return float(flushes or 0), float(log), float(versions or 0)


# ---------------------------------------------------------------- who is measured
def _fill_bare(connection: Connection, address: str, jobs: int) -> None:
    connection.execute(_BARE)
    connection.execute(
        "INSERT INTO bare SELECT n, 'ready', 0 FROM generate_series(1, %s) n", (jobs,)
    )


def _bare(address: str) -> Callable[[], None]:
    """Return a loop that claims a job and settles it, and keeps nothing of what happened."""
    from impl.postgresql.trial.embedded import Connection

    connection = Connection.connect(address, autocommit=True, prepare_threshold=1)

    def work() -> None:
        while found := connection.execute(_CLAIM).fetchall():
            connection.execute(_SETTLE, found[0])

    return work


def _fill_ours(connection: Connection, address: str, jobs: int) -> None:
    from impl.queue import Queue

    connection.execute("DROP SCHEMA IF EXISTS ffq CASCADE")
    with Queue(address) as queue, queue.transaction() as t:
        for _ in range(jobs):
            queue.enqueue("job", within=t)


def _ours(address: str) -> Callable[[], None]:
    """Return a worker of the reference queue, whose jobs do nothing."""
    from impl.queue import Queue
    from impl.worker import Worker

    worker = Worker(Queue(address), {"job": lambda attempt: None})

    def work() -> None:
        worker.run(until_empty=True)

    return work


def _ours_at_once(address: str) -> Callable[[], None]:
    """Return what claims so many jobs in one transaction, and makes them done in another."""
    from impl.queue import Queue
    from impl.working.attempt import claim
    from spec.queue.job import Worker as WorkerSort

    queue = Queue(address)
    workers = [queue.process(WorkerSort) for _ in range(BATCH)]

    def work() -> None:
        while True:
            with queue.transaction() as t:
                found = [claim(queue, t, worker, ["job"]) for worker in workers]
            attempts = [attempt for attempt in found if attempt is not None]
            if not attempts:
                return
            for attempt in attempts:
                attempt.start()
            with queue.transaction() as t:
                for attempt in attempts:
                    attempt.finish(t)

    return work


_WORKS: dict[str, Callable[[str], Callable[[], None]]] = {
    "a bare loop": _bare,
    "this queue": _ours,
    f"this queue, {BATCH} at once": _ours_at_once,
}
"""Who works in a process of ours, by name."""

_PRODUCTS: dict[str, tuple[str, tuple[int, ...]]] = {
    "procrastinate": (
        "SELECT count(*) FROM peer.procrastinate_jobs WHERE status IN ('todo', 'doing')", (1,),
    ),
    "pgqueuer": ("SELECT count(*) FROM peer.pgqueuer", (1, BATCH)),
}  # fmt: skip
"""Others: what counts the jobs that are left, and how many jobs each takes at once."""


@dataclass(frozen=True)
class Contender:
    """How jobs are put in, the command of a process that works on them, and the query that counts
    those that are left.
    """

    fill: Callable[[Connection, str, int], None]
    works: Callable[[str], Sequence[str]]
    left: str


def _contenders() -> tuple[dict[str, Contender], list[str]]:
    """Return who is measured, by name, and of others why they cannot be had."""
    from checker.exam.environments import Unavailable as CannotBeHad
    from checker.exam.environments import python
    from checker.exam.subject import subjects
    from checker.shown.streams import say

    def own(name: str) -> Callable[[str], Sequence[str]]:
        return lambda address: [sys.executable, "-m", "checker.bench.servers", name, address]

    ours = "SELECT count(*) FROM ffq.job WHERE status <> 'done'"
    found = {name: Contender(_fill_ours, own(name), ours) for name in _WORKS}
    bare = "SELECT count(*) FROM bare WHERE status <> 'done'"
    found["a bare loop"] = Contender(_fill_bare, own("a bare loop"), bare)
    missing = []
    for product, (left, sizes) in _PRODUCTS.items():
        try:
            interpreter = str(python(subjects()[product], say))
        except CannotBeHad as why:
            missing.append(str(why))
            continue
        for size in sizes:
            name = product if size == 1 else f"{product}, {size} at once"
            command = [interpreter, "-P", str(Path(peers.__file__)), product]
            found[name] = _peer(command, size, left)
    return found, missing


def _peer(command: list[str], size: int, left: str) -> Contender:
    def fill(connection: Connection, address: str, jobs: int) -> None:
        subprocess.run([*command, "fill", address, str(jobs)], check=True, capture_output=True)

    return Contender(fill, lambda address: [*command, "work", address, str(size)], left)


def main() -> None:
    """Be one process at work."""
    name, address = sys.argv[1:]
    work = _WORKS[name](address)
    print("ready", flush=True)
    sys.stdin.readline()
    work()


if __name__ == "__main__":
    main()
