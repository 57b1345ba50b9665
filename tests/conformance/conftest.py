"""A real run in a file, which tests only copy."""

from pathlib import Path

import pytest

from impl.inject import HandClock
from impl.queue import Queue
from impl.working.attempt import LostClaim
from spec.queue.job import Worker as WorkerSort
from tests.conformance.tampering import LEASE, QUICK, claimed, settle


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a queue with 16 rows of trace: the tests below count on each of them."""
    file, clock = tmp_path_factory.mktemp("run") / "queue.db", HandClock()
    with Queue(file, clock=clock, lease_ms=LEASE, backoff=QUICK) as queue:
        for n in (1, 2, 3):
            queue.enqueue("k", n, max_attempts=1)  # rows 1, 2 and 3
        slow, quick = queue.process(WorkerSort), queue.process(WorkerSort)
        late = claimed(queue, slow)  # row 4: job 1
        clock.advance(LEASE)
        assert queue.recover() == 1  # row 5
        clock.advance(1)
        first = claimed(queue, quick)  # row 6: job 2 was due before job 1 came back
        settle(queue, first.finish)  # rows 7 to 10
        with pytest.raises(LostClaim):
            settle(queue, late.finish)
        late.abandon()
        failing = claimed(queue, slow)  # row 11: job 3
        settle(queue, lambda t: failing.fail(t, "boom"))  # row 12
        assert queue.announce(lambda job, reason: None) == 1  # row 13
        last = claimed(queue, quick)  # row 14: job 1 once more
        settle(queue, lambda t: last.release(t, "stopping"))  # row 15
        claimed(queue, quick)  # row 16
    return file
