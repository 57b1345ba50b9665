"""awa: a job is unique by its arguments, of which the key is the only one."""

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from awa import AsyncClient, UniqueConflict

from ..handler import GIVEN, STORE, arun

NAMES = {"completed": "done", "failed": "dead", "cancelled": "dead", "running": "claimed"}
loop = asyncio.new_event_loop()
client = AsyncClient(f"postgresql://ffq@{quote(STORE.split('host=')[1], safe='')}/postgres")
ids: dict[str, Any] = {}


@dataclass
class Job:
    """What a job is given."""

    key: str


async def asked(operation: str, *given: Any, **more: Any) -> Any:
    """Ask the queue something."""
    return await getattr(client, operation)(*given, **more)


def setup() -> None:
    """Make the queue."""
    loop.run_until_complete(asked("migrate"))


def enqueue(key: str) -> None:
    """Ask for a job; one with these arguments may be there already."""
    options: Any = {"max_attempts": 3, "unique_opts": {"by_args": True}}
    with suppress(UniqueConflict):
        ids[key] = loop.run_until_complete(asked("insert", Job(key), **options)).id


def status(key: str) -> list[str]:
    """Return the status of the job that was inserted last."""
    return [NAMES.get(str(loop.run_until_complete(asked("get_job", ids[key])).state), "ready")]


def work(name: str) -> None:
    """Work until told to stop."""

    async def main() -> None:
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        client.task(Job)(lambda job: arun(job.args.key))
        await client.start([("default", 1)], **GIVEN)
        await stop.wait()
        await client.shutdown(timeout_ms=2000)

    loop.run_until_complete(main())
