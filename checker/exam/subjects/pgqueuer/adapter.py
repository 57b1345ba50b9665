"""PgQueuer: `dedupe_key` is the key; what has ended leaves the table, and stands in a log."""

import asyncio
import signal
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
from pgqueuer import PgQueuer
from pgqueuer.db import PsycopgDriver
from pgqueuer.errors import DuplicateJobError

from ..handler import GIVEN, STORE, arun

NAMES = {"queued": "ready", "picked": "claimed", "successful": "done"}
SQL = "SELECT status::text FROM pgqueuer_log WHERE job_id = %s ORDER BY id DESC LIMIT 1"
ids: dict[str, Any] = {}


async def asked(operation: str, *given: Any, **more: Any) -> Any:
    """Ask the queue something."""
    async with await psycopg.AsyncConnection.connect(STORE, autocommit=True) as connection:
        return await getattr(PgQueuer(PsycopgDriver(connection)).qm.queries, operation)(
            *given, **more
        )


def setup() -> None:
    """Make the queue."""
    asyncio.run(asked("install"))


def enqueue(key: str) -> None:
    """Ask for a job; one of this key may be there already."""
    with suppress(DuplicateJobError):
        ids[key] = asyncio.run(asked("enqueue", "job", key.encode(), dedupe_key=key))[0]


def status(key: str) -> list[str]:
    """Return the status that stands last in the log: what has ended leaves the table."""
    with psycopg.connect(STORE) as connection:
        found = connection.execute(SQL, (ids.get(key),)).fetchone()
    return ["absent" if found is None else NAMES.get(found[0], "dead")]


def work(name: str) -> None:
    """Work until told to stop."""

    async def job(found: Any) -> None:
        await arun(found.payload.decode())

    async def main() -> None:
        connection = await psycopg.AsyncConnection.connect(STORE, autocommit=True)
        queue, second = PgQueuer(PsycopgDriver(connection)), timedelta(seconds=1)
        queue.entrypoint("job", **GIVEN)(job)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, queue.shutdown.set)
        await queue.run(second, batch_size=1, max_concurrent_tasks=2, heartbeat_timeout=2 * second)

    asyncio.run(main())
