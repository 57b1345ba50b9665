"""DBOS: the workflow ID is the key; the work is one step, so that it is not done again."""

import functools
import threading
from typing import Any

from dbos import DBOS, DBOSClient

from ..handler import GIVEN, STORE, run

NAMES = {"ENQUEUED": "ready", "PENDING": "claimed", "SUCCESS": "done"}
URL = STORE.replace("postgresql://", "postgresql+psycopg://")
ASKED: Any = {"queue_name": "jobs", "workflow_name": "job", "app_version": "1"}


def configure(name: str) -> None:
    """Say who this process is."""
    config: Any = {"name": "exam", "system_database_url": URL, "application_version": "1"}
    config |= {"run_admin_server": False, **({"executor_id": name} if GIVEN["own_id"] else {})}
    DBOS(config=config)


@functools.cache
def client() -> DBOSClient:
    """Return a client of the queue."""
    return DBOSClient(system_database_url=URL)


def setup() -> None:
    """Make the queue."""
    configure("setup")
    DBOS.launch()
    DBOS.register_queue("jobs", worker_concurrency=1, polling_interval_sec=0.2)
    DBOS.destroy()


def enqueue(key: str) -> None:
    """Ask for a job; a workflow of this ID that is there already is the same."""
    client().enqueue({**ASKED, "workflow_id": key}, key)


def status(key: str) -> list[str]:
    """Return the status of the workflow."""
    found = client().list_workflows(workflow_ids=[key])
    return [NAMES.get(found[0].status, "dead")] if found else ["absent"]


def work(name: str) -> None:
    """Work until killed; who starts takes up what was begun under its executor ID."""
    configure(name)
    step = DBOS.step()(run)

    @DBOS.workflow(name="job", max_recovery_attempts=3)
    def job(key: str) -> None:
        step(key)

    DBOS.launch()
    threading.Event().wait()
