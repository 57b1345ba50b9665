"""Procrastinate: `queueing_lock` is the key; who is stalled is retried by a task of the user's."""

from contextlib import suppress
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector, exceptions

from ..handler import GIVEN, STORE, arun

NAMES = {
    "todo": "ready", "doing": "claimed", "succeeded": "done",
    "failed": "dead", "cancelled": "dead", "aborted": "dead",
}  # fmt: skip
SQL = "SELECT status FROM procrastinate_jobs WHERE args->>'key' = %s ORDER BY id"
app = App(connector=PsycopgConnector(conninfo=STORE))


@app.task(name="job")
async def job(key: str) -> None:
    """Do the work."""
    await arun(key)


if GIVEN["sweep"]:

    @app.periodic(cron="* * * * * */1")
    @app.task(queueing_lock="sweep", queue="sweep")
    async def sweep(timestamp: int) -> None:
        """Put back what is stalled, as the documentation shows it."""
        for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=2):
            await app.job_manager.retry_job(stalled)


def setup() -> None:
    """Make the queue."""
    with app.open():
        app.schema_manager.apply_schema()


def enqueue(key: str) -> None:
    """Ask for a job; one of this key may be waiting already."""
    with app.open(), suppress(exceptions.AlreadyEnqueued):
        job.configure(queueing_lock=key).defer(key=key)


def status(key: str) -> list[str]:
    """Return the status of the jobs of this key."""
    with psycopg.connect(STORE) as connection:
        rows: list[Any] = connection.execute(SQL, (key,)).fetchall()
    return sorted({NAMES[row[0]] for row in rows}) or ["absent"]


def work(name: str) -> None:
    """Work until told to stop; there is room for the task that looks for stalled jobs."""
    timers: Any = {"update_heartbeat_interval": 0.5, "stalled_worker_timeout": 2}
    with app.open():
        app.run_worker(name=name, concurrency=1 + GIVEN["sweep"], **timers)
