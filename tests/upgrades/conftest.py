"""A queue with a job of each status, and a clock that stands still until a test moves it."""

from pathlib import Path

import pytest

from impl.queue import Queue
from impl.worker import Worker
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock
from tests.upgrades.exports import ODD, charge, fail


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def file(tmp_path: Path, clock: HandClock) -> Path:
    """Return a queue with a job of each status, and of each way to be dead."""
    file = tmp_path / "queue.db"
    with Queue(file, clock=clock, lease_ms=10_000) as queue:
        queue.enqueue("charge", {"big": 2**70, "small": 1e-9, "odd": ODD}, key=ODD)
        queue.enqueue("fail", max_attempts=1, key="bad")
        queue.cancel(queue.enqueue("other", key="gone").id)
        Worker(queue, {"charge": charge, "fail": fail}).run(until_empty=True)
        queue.announce(lambda job, reason: None)
        queue.retry(2)
        queue.enqueue("charge", ["first", {}], key="ready", max_attempts=5, timeout=7)
        queue.enqueue("charge", key="later", delay=3600)
        queue.enqueue("held", key="claimed")
        worker = queue.process(WorkerSort)
        with queue.transaction() as t:
            queue.line.claim(t, worker, ["held"], 10_000)
    return file
