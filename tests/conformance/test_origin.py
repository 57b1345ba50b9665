"""A run is followed from a recorded state as well as from the beginning, and what no row says there
is chosen so that what must hold does hold.
"""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from checker.conformance.validating.finding import Finding
from checker.conformance.validating.validate import Verdict, validate
from impl.derive import origin
from impl.derive.origin import Rows, Unfit
from impl.derive.reference import design
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.terms.clock import Clock
from impl.terms.unusable import StoreError
from impl.worker import Worker
from impl.working.attempt import claim
from tests.clocks import HandClock

(JOB,) = design().tables
READY: dict[str, Any] = dict(JOB.initial) | {
    "status": "ready", "due": "waiting", "about": 0, "keeps_out": 0,
}  # fmt: skip
DONE = dict(JOB.initial) | {
    "status": "done", "token": 1, "first": 1, "second": 1, "recorded": True,
}  # fmt: skip


def record_the_present(file: Path, clock: Clock | None = None) -> int:
    """Let the trace be followed from where its tables are now; return after which row that is."""
    with Queue(file, clock=clock) as queue, queue.transaction() as t:
        rows = Rows(queue.store.design, JOB)
        states = [
            rows.recorded(element, rows.whole(row))
            for element, row in in_file(queue.store).rows()[JOB.sort].items()
        ]
        origin.write(t.own, t.last(), states)
        return t.last()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a queue with a done job, a dead one and one that waits."""
    file = tmp_path / "queue.db"
    with Queue(file) as queue:
        queue.enqueue("k", 1)
        Worker(queue, {"k": lambda a: None}).run(until_empty=True)
        queue.cancel(queue.enqueue("other").id)
        queue.enqueue("k", 2)
    return file


def wrong(verdict: Verdict) -> Finding:
    assert verdict.finding is not None
    return verdict.finding


def test_what_no_row_says_is_chosen_so_that_invariants_hold() -> None:
    rows = Rows(design(), JOB)
    hidden = {"entered", "applied", "request"}
    ready, done = (rows.whole(row) for row in (READY, DONE))
    assert {name: ready[name] for name in hidden} == {
        "entered": False, "applied": 0, "request": "sent",
    }  # fmt: skip
    assert {name: done[name] for name in hidden} == {
        "entered": True, "applied": 1, "request": "sent",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "fact"),
    [
        (READY | {"status": "lost"}, 'status cannot be "lost"'),
        (READY | {"status": "absent"}, 'status cannot be "absent"'),
        (READY | {"token": 201}, "token cannot be 201"),
        (READY | {"token": True}, "token cannot be true"),
        (READY | {"recorded": 1}, "recorded cannot be 1"),
        (READY | {"lease": "live"}, "breaks INV-002 a_claim_is_one_record"),
        (DONE | {"recorded": False}, "breaks INV-009 the_record_tells_the_truth"),
    ],
)
def test_a_row_that_no_run_leads_to_is_refused(row: dict[str, Any], fact: str) -> None:
    with pytest.raises(Unfit) as unfit:
        Rows(design(), JOB).whole(row)
    assert str(unfit.value) == fact


def test_a_run_is_followed_from_a_recorded_state(file: Path) -> None:
    whole = validate(str(file))
    after = record_the_present(file)
    begun = validate(str(file))
    assert (begun.origin, begun.rows, begun.finding) == (after, 0, None)
    with Queue(file) as queue:
        Worker(queue, {"k": lambda a: None}).run(until_empty=True)
    more = validate(str(file))
    assert (more.finding, more.origin, more.jobs) == (None, after, {"dead": 1, "done": 2})
    assert more.rows > 0
    assert whole.rows == after


def test_a_worker_that_claimed_before_the_origin_can_be_taken_for_dead_after_it(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    with Queue(tmp_path / "q.db", clock=clock, lease_ms=1_000) as queue:
        queue.enqueue("k")
        worker = Worker(queue, {"k": lambda a: None})
        with queue.transaction() as t:
            assert claim(queue, t, worker.process, ["k"]) is not None
        clock.advance(1_000)
        record_the_present(tmp_path / "q.db", clock)
        assert queue.recover() == 1
    assert validate(str(tmp_path / "q.db")).finding is None


@pytest.mark.parametrize(
    ("element", "state", "what"),
    [
        ("job2", {"status": "done"}, "breaks INV-007 done_was_run(job2)"),
        ("job2", {"status": "lost"}, "status cannot be 'lost'"),
        ("job2", {"held": 1}, "held cannot be 1"),
        ("job2", [], "is no state of an element"),
        ("jobs", {}, "is no state of an element"),
    ],
)
def test_a_recorded_state_that_cannot_be_is_found(
    file: Path, element: str, state: Any, what: str
) -> None:
    after = record_the_present(file)
    with closing(apsw.Connection(str(file))) as other:
        change = "UPDATE origin SET element = ?, state = ? WHERE element = 'job2'"
        other.execute(change, (element, json.dumps(state)))
    found = wrong(validate(str(file)))
    assert found.what == what
    assert found.text()[0] == f"the state recorded after row {after}, {element}: {what}"


def test_a_recorded_state_that_differs_from_the_tables_is_found(file: Path) -> None:
    record_the_present(file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("DELETE FROM origin WHERE element = 'job3'")
    assert wrong(validate(str(file))).what == "status[job3]"


@pytest.mark.parametrize("damage", ["UPDATE meta SET value = 'x' WHERE name = 'origin'",
    "PRAGMA ignore_check_constraints = 1; UPDATE origin SET state = '{'"])  # fmt: skip
def test_an_origin_that_cannot_be_read_is_refused_in_one_line(file: Path, damage: str) -> None:
    record_the_present(file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute(damage)
    with pytest.raises(StoreError) as refused:
        validate(str(file))
    assert "\n" not in str(refused.value)
