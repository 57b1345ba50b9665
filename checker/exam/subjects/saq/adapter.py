"""SAQ: `key` is the key; on Redis, or on PostgreSQL where the address is one."""

import asyncio
import functools
from typing import Any

from redis.asyncio import Redis
from saq import Queue, Worker
from saq.queue.redis import RedisQueue

from ..handler import GIVEN, STORE, arun

NAMES = {"active": "claimed", "aborting": "claimed", "complete": "done"}
NAMES |= {"queued": "ready", "new": "ready", "failed": "dead", "aborted": "dead"}
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)


async def job(_: Any, *, key: str) -> None:
    """Do the work."""
    await arun(key)


async def opened() -> Queue:
    """Open the queue."""
    queue = Queue.from_url(STORE) if "://" in STORE else RedisQueue(Redis(unix_socket_path=STORE))
    await queue.connect()
    return queue


@functools.cache
def known() -> Queue:
    """Return the queue of a client."""
    return loop.run_until_complete(opened())


def setup() -> None:
    """Make the queue."""
    known()


def enqueue(key: str) -> None:
    """Ask for a job."""
    loop.run_until_complete(known().enqueue("job", key=key, kwargs={"key": key}, **GIVEN))


def status(key: str) -> list[str]:
    """Return the status of the job."""
    found = loop.run_until_complete(known().job(key))
    return [NAMES[found.status.value] if found else "absent"]


def work(name: str) -> None:
    """Work until told to stop."""

    async def main() -> None:
        timers: Any = {"sweep": 1, "abort": 1, "schedule": 1}
        await Worker(await opened(), [job], concurrency=1, timers=timers).start()

    loop.run_until_complete(main())
