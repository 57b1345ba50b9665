"""Huey: a task is taken out of the queue when a worker begins with it."""

from typing import Any

import huey as product

from ..handler import FOLDER, GIVEN, STORE, run

if STORE:
    huey = product.RedisHuey("exam", url=f"unix://{STORE}", store_none=True)
else:
    huey = product.SqliteHuey("exam", filename=f"{FOLDER}/huey.db", store_none=True)


@huey.task(retries=3, name="job")  # type: ignore[untyped-decorator]
def job(key: str) -> None:
    """Do the work."""
    run(key)


def setup() -> None:
    """Make the queue."""
    huey.storage.queue_size()


def enqueue(key: str) -> None:
    """Ask for a job; its ID is known to the one who asks."""
    task = job.s(key)
    task.id = key
    huey.enqueue(task)


def status(key: str) -> list[str]:
    """Return what is known: results that nobody has fetched, and what waits."""
    raw: Any = huey.storage.peek_data(key)
    if raw is not product.constants.EmptyData:
        return ["dead" if b"Error" in bytes(raw) else "done"]
    items = [*huey.storage.enqueued_items(), *huey.storage.scheduled_items()]
    waits = any(huey.deserialize_task(bytes(item)).id == key for item in items)
    return ["ready"] if waits else ["absent"]


def work(name: str) -> None:
    """Work until told to stop."""
    huey.create_consumer(workers=1, max_delay=0.5, health_check_interval=1, **GIVEN).run()
