"""Other queues on PostgreSQL, each in the environment of its product, which is not ours.

`python peers.py NAME fill ADDRESS JOBS` puts jobs in that do nothing, in a schema of its own, and
`python peers.py NAME work ADDRESS BATCH` works until none is left.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import timedelta

import psycopg

SCHEMA = "peer"


def within(address: str) -> str:
    """Return an address by which nothing is found but what is in the schema of the peer."""
    return f"{address}{'&' if '?' in address else '?'}options=-csearch_path%3D{SCHEMA}"


def ready() -> None:
    """Say so, and begin when told to."""
    print("ready", flush=True)
    sys.stdin.readline()


def fill_procrastinate(address: str, jobs: int) -> None:
    """Put jobs in as its own schema has them."""
    from procrastinate.schema import SchemaManager

    insert = """\
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, attempts)
SELECT 'default', 'job', 0, '{}', 0 FROM generate_series(1, %s)"""
    with psycopg.connect(within(address), autocommit=True) as connection:
        connection.execute(SchemaManager.get_schema().encode())
        connection.execute(insert, (jobs,))


def work_procrastinate(address: str, batch: int) -> None:
    """Run its worker, one job at a time, until there is none."""
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=within(address)))

    @app.task(name="job")
    async def job() -> None:
        pass

    async def work() -> None:
        async with app.open_async():
            ready()
            await app.run_worker_async(wait=False, concurrency=batch, install_signal_handlers=False)

    asyncio.run(work())


def fill_pgqueuer(address: str, jobs: int) -> None:
    """Put jobs in by its own means."""
    from pgqueuer import PgQueuer
    from pgqueuer.db import PsycopgDriver

    async def fill() -> None:
        to = within(address)
        async with await psycopg.AsyncConnection.connect(to, autocommit=True) as connection:
            queries = PgQueuer(PsycopgDriver(connection)).qm.queries
            await queries.install()
            await queries.enqueue(["job"] * jobs, [b"{}"] * jobs, [0] * jobs)

    asyncio.run(fill())


def work_pgqueuer(address: str, batch: int) -> None:
    """Run its worker, so many jobs at a time, until there is none."""
    from pgqueuer import PgQueuer
    from pgqueuer.db import PsycopgDriver
    from pgqueuer.types import QueueExecutionMode

    async def work() -> None:
        to = within(address)
        async with await psycopg.AsyncConnection.connect(to, autocommit=True) as connection:
            queue = PgQueuer(PsycopgDriver(connection))

            @queue.entrypoint("job")
            async def job(found: object) -> None:
                pass

            ready()
            await queue.qm.run(
                timedelta(seconds=1), batch_size=batch, mode=QueueExecutionMode.drain
            )

    asyncio.run(work())


PEERS = {
    "procrastinate": (fill_procrastinate, work_procrastinate),
    "pgqueuer": (fill_pgqueuer, work_pgqueuer),
}


def main() -> None:
    """Do what the command line says."""
    name, what, address, number = sys.argv[1:]
    logging.disable()  # what they say of it is not what is measured
    fill, work = PEERS[name]
    if what == "fill":
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())
            connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        fill(address, int(number))
    else:
        work(address, int(number))


if __name__ == "__main__":
    main()
