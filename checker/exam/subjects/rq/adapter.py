"""RQ: the ID of a job is its key; a work horse runs each job in a process of its own."""

from contextlib import suppress

import redis
from rq import Queue, Retry, Worker
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job

from ..handler import GIVEN, STORE, run

NAMES = {"finished": "done", "started": "claimed", "failed": "dead", "stopped": "dead"}


def connect() -> redis.Redis:
    """Return a connection."""
    return redis.Redis(unix_socket_path=STORE)


def setup() -> None:
    """See that the store is there."""
    connect().ping()


def enqueue(key: str) -> None:
    """Ask for a job; a second one is refused if this variant does."""
    retry = Retry(max=GIVEN["retry"]) if GIVEN["retry"] else None
    queue = Queue(connection=connect())
    with suppress(DuplicateJobError):
        queue.enqueue(run, key, job_id=key, retry=retry, unique=GIVEN["unique"])


def status(key: str) -> list[str]:
    """Return the status of the job."""
    try:
        found = Job.fetch(key, connection=connect()).get_status()
    except NoSuchJobError:
        return ["absent"]
    return [NAMES.get(str(found.value), "ready")]


class Quick(Worker):
    """A worker whose executions expire soon: the 60 s of the product cannot be set."""

    def get_heartbeat_ttl(self, *_: object, **__: object) -> int:
        """Return the seconds after which an execution counts as lost."""
        return 3


def work(name: str) -> None:
    """Work until told to stop."""
    worker = Quick(
        ["default"], name=name, connection=connect(), worker_ttl=16, maintenance_interval=1,
        job_monitoring_interval=1,
    )  # fmt: skip
    worker.work(with_scheduler=True)
