"""arq: `_job_id` is the key."""

import asyncio
import functools
from typing import Any

from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from arq.jobs import Job
from arq.worker import Worker

from ..handler import GIVEN, STORE, arun

NAMES = {"complete": "done", "in_progress": "claimed", "not_found": "absent"}
SETTINGS = RedisSettings(unix_socket_path=STORE)
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)


async def job(_: Any, key: str) -> None:
    """Do the work."""
    await arun(key)


@functools.cache
def pool() -> ArqRedis:
    """Return the connections of a client."""
    return loop.run_until_complete(create_pool(SETTINGS))


def setup() -> None:
    """See that the store is there."""
    pool()


def enqueue(key: str) -> None:
    """Ask for a job; a second one is refused."""
    loop.run_until_complete(pool().enqueue_job("job", key, _job_id=key))


def status(key: str) -> list[str]:
    """Return the status of the job."""
    asked = Job(key, pool())
    result = loop.run_until_complete(asked.result_info())
    if result is not None:
        return ["done" if result.success else "dead"]
    return [NAMES.get(loop.run_until_complete(asked.status()).value, "ready")]


def work(name: str) -> None:
    """Work until told to stop."""
    worker = Worker(
        [job], redis_settings=SETTINGS, max_jobs=1, poll_delay=0.2, max_tries=5,
        job_timeout=GIVEN["timeout"] or None,  # type: ignore[arg-type]
    )  # fmt: skip
    worker.in_progress_timeout_s = 3  # the 10 s of the product cannot be set
    worker.run()
