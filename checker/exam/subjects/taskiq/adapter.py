"""taskiq on Redis: `task_id` is the key; a process below the worker runs the task."""

import asyncio
import functools
import sys

from taskiq import AsyncBroker
from taskiq.kicker import AsyncKicker
from taskiq_redis import ListQueueBroker, RedisAsyncResultBackend, RedisStreamBroker

from ..handler import GIVEN, STORE, arun

URL = f"unix://{STORE}"
loop = asyncio.new_event_loop()
results = RedisAsyncResultBackend(URL)


def made() -> AsyncBroker:
    """Return the broker of this variant."""
    if not GIVEN["stream"]:
        return ListQueueBroker(URL).with_result_backend(results)
    how = {"idle_timeout": 2500, "xread_block": 500, "xread_count": 1}
    stream = RedisStreamBroker(URL, consumer_id="0", **how)
    return stream.with_result_backend(results)


broker = made()


@broker.task(task_name="job")
async def job(key: str) -> None:
    """Do the work."""
    await arun(key)


@functools.cache
def setup() -> None:
    """See that the store is there."""
    loop.run_until_complete(broker.startup())


def enqueue(key: str) -> None:
    """Ask for a task."""
    loop.run_until_complete(AsyncKicker("job", broker, {}).with_task_id(key).kiq(key))


def status(key: str) -> list[str]:
    """Return the result, if there is one: waiting, running and lost look alike."""
    if not loop.run_until_complete(results.is_result_ready(key)):
        return ["absent", "ready", "claimed"]
    return ["dead" if loop.run_until_complete(results.get_result(key)).is_err else "done"]


def work(name: str) -> None:
    """Work until told to stop."""
    from taskiq.__main__ import main

    how = ["--workers", "1", "--max-async-tasks", "1", "--no-configure-logging"]
    sys.argv = ["taskiq", "worker", f"{__name__}:broker", *how]
    main()
