"""Celery on Redis: `task_id` is the key; a process of the pool runs the task."""

from celery import Celery
from celery.result import AsyncResult

from ..handler import GIVEN, STORE, run

NAMES = {"SUCCESS": ["done"], "STARTED": ["claimed"], "FAILURE": ["dead"], "RETRY": ["ready"]}
OTHERWISE = ["absent", "ready", "claimed"]
"""PENDING is also the answer for a task that nobody knows, or that is on its way."""

app = Celery("exam", broker=f"redis+socket://{STORE}", backend=f"redis+socket://{STORE}")
app.conf.update(
    task_acks_late=GIVEN["late"],
    task_reject_on_worker_lost=GIVEN["lost"],
    task_track_started=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": GIVEN["visible"],
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    },
    result_backend_transport_options={"visibility_timeout": GIVEN["visible"]},
)


@app.task(name="job")  # type: ignore[untyped-decorator]
def job(key: str) -> None:
    """Do the work."""
    run(key)


def setup() -> None:
    """Make nothing: the broker does."""


def enqueue(key: str) -> None:
    """Ask for a task."""
    job.apply_async((key,), task_id=key)


def status(key: str) -> list[str]:
    """Return the state of the task."""
    return NAMES.get(AsyncResult(key, app=app).state, OTHERWISE)


def work(name: str) -> None:
    """Work until told to stop."""
    quiet = ["--without-gossip", "--without-mingle", "-l", "INFO"]
    app.worker_main(["worker", "-c", "1", *quiet, "-n", f"{name}@exam"])
