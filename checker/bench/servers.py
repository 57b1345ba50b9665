"""The queue on a PostgreSQL server beside a bare claim loop, on one server in the same minutes.

`python -m checker.bench.servers NAME ADDRESS` is one process at work: it says that it is ready,
begins when it is told to, and ends when nothing is left.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from checker.bench.measure import Figure, Unavailable, median

if TYPE_CHECKING:
    from impl.postgresql.trial.embedded import Connection, Server

PROCESSES = (1, 2, 4, 8)
JOBS = 200
"""For each process."""

SHARE = 0.5
"""Of the jobs per second of the bare loop."""

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
  (SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE relname IN ('job', 'bare'))"""


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
    with running as server:
        for processes in PROCESSES:
            yield from _beside(server, times, processes)


def _beside(server: Server, times: int, processes: int) -> Iterator[Figure]:
    spent: dict[str, Spent] = {}

    def rate(name: str) -> float:
        seconds, spent[name] = _worked(server, name, processes)
        return processes * JOBS / seconds

    found = median(times, *(partial(rate, name) for name in CONTENDERS))
    rates = dict(zip(CONTENDERS, found, strict=True))
    for name, jobs in rates.items():
        yield Figure(f"{name} on PostgreSQL, {processes} at work", jobs, "jobs/s")
        yield Figure(f"{name}, {processes} at work", spent[name].flushes, "flushes a job")
    share = rates["this queue"] / rates["a bare loop"]
    yield Figure(f"this queue / a bare loop: {processes} at work", share, "times", SHARE)
    if processes == PROCESSES[0]:
        bare, ours = spent["a bare loop"], spent["this queue"]
        yield Figure("a bare loop: log", bare.log, "bytes a job")
        yield Figure("this queue on PostgreSQL: log", ours.log, "bytes a job", LOG_MOST, True)
        yield Figure("a bare loop: versions of rows", bare.versions, "a job")
        versions = "this queue on PostgreSQL: versions of rows"
        yield Figure(versions, ours.versions, "a job", VERSIONS_MOST, True)


def _worked(server: Server, name: str, processes: int) -> tuple[float, Spent]:
    """Return how long so many processes take for all jobs, and what the server spent on each."""
    jobs = processes * JOBS
    address = f"postgresql://ffq@/postgres?host={server.folder}"
    with server.connect() as connection:
        CONTENDERS[name][0](connection, address, jobs)
        running = [_begun(name, address) for _ in range(processes)]
        before, began = _spent(connection), time.monotonic()
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in running:
            process.wait()
        seconds = time.monotonic() - began
        left = [process.returncode for process in running]
        assert not any(left), f"{name}: a process ended with {max(left)}"
        after = _spent(connection)
    each = [(now - then) / jobs for now, then in zip(after, before, strict=True)]
    return seconds, Spent(*each)


def _begun(name: str, address: str) -> subprocess.Popen[str]:
    """Return a process that is ready to work."""
    command = [sys.executable, "-m", "checker.bench.servers", name, address]
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


_Fill = Callable[["Connection", str, int], None]
CONTENDERS: dict[str, tuple[_Fill, Callable[[str], Callable[[], None]]]] = {
    "a bare loop": (_fill_bare, _bare),
    "this queue": (_fill_ours, _ours),
}
"""By name, how its jobs are put in, and who works on them."""


def main() -> None:
    """Be one process at work."""
    name, address = sys.argv[1:]
    work = CONTENDERS[name][1](address)
    print("ready", flush=True)
    sys.stdin.readline()
    work()


if __name__ == "__main__":
    main()
