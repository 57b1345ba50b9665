"""A queue without one of its guards is found out by the run that it leaves behind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from checker.conformance.validating.validate import validate
from impl.derive.reference import design, stepping_as
from impl.inject import HandClock
from impl.queue import Queue
from impl.working.attempt import Attempt
from spec.language.edited.edits import without
from spec.queue.job import Worker as WorkerSort
from tests.conformance.tampering import LEASE, claim_one, claimed, finding, settle


def leave_out(monkeypatch: pytest.MonkeyPatch, *guards: str) -> None:
    """Let queues do without these guards, while the spec that they are held to has them."""
    spec = design().scope.spec
    for guard in guards:
        spec = without(spec, guard)
    faulty = stepping_as(spec)
    monkeypatch.setattr("impl.queue.design", lambda: faulty)


def test_a_stale_settle_is_found_at_the_fence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = ("write_first", "write_second", "record", "settle_done")
    leave_out(monkeypatch, *(f"{action}.fenced" for action in last))
    file, clock = tmp_path / "queue.db", HandClock()
    with Queue(file, clock=clock, lease_ms=LEASE) as queue:
        queue.enqueue("k")  # row 1
        late = claimed(queue, queue.process(WorkerSort))  # row 2
        clock.advance(LEASE)
        queue.recover()  # row 3
        claimed(queue, queue.process(WorkerSort))  # row 4
        settle(queue, late.finish)  # which is wrong, from row 5 on
    found = finding(str(file))
    assert found.position is not None
    assert (found.position.seq, found.position.call) == (5, "write_first(worker1)")
    assert (found.kind, found.what) == ("guard", "fenced is false")
    assert found.values == {
        "token[job1]": 2, "job[worker1]": "job1", "held[worker1]": 1,
        "epoch[job1]": 0, "held_epoch[worker1]": 0,
    }  # fmt: skip
    assert found.possible == ("abandon(worker1)",)


def begin_late(queue: Queue, clock: HandClock, attempt: Attempt) -> None:
    clock.advance(LEASE)
    queue.recover()
    clock.advance(1)
    claim_one(queue, queue.process(WorkerSort))  # job 2 was due before job 1 came back
    claim_one(queue, queue.process(WorkerSort))
    attempt.start()
    attempt.abandon()


def walk_away(queue: Queue, clock: HandClock, attempt: Attempt) -> None:
    attempt.abandon()


@pytest.mark.parametrize(
    ("do", "guard", "call"),
    [(begin_late, "start.fenced", "start"), (walk_away, "abandon.lost", "abandon")],
)
def test_what_leaves_no_row_is_found_once_its_worker_has_written_again(
    do: Callable[[Queue, HandClock, Attempt], None],
    guard: str,
    call: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave_out(monkeypatch, guard)
    file, clock = tmp_path / "queue.db", HandClock()
    with Queue(file, clock=clock, lease_ms=LEASE) as queue:
        queue.enqueue("k")
        queue.enqueue("k")
        worker = queue.process(WorkerSort)
        do(queue, clock, claim_one(queue, worker))
        assert validate(str(file)).finding is None
        queue.enqueue("k")
        claim_one(queue, worker)
    found = finding(str(file))
    assert found.position is not None
    assert (found.position.call, found.kind) == (f"{call}(worker1)", "guard")
    assert found.what == f"{guard.split('.')[1]} is false"
