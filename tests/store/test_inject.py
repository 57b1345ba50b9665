"""A few lines break a worker at a named step, and the queue is none the worse for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from impl.inject import Crash, Faults, HandClock, Moment, SkewedClock, delivered_again
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.terms.outcomes import OutcomeUnknown
from impl.terms.unusable import StoreError
from impl.working.attempt import Attempt, LostClaim, claim
from spec.queue.job import Worker

LEASE_MS = 1_000
EFFECT = "INSERT INTO ledger VALUES (?)"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def opened(tmp_path: Path, clock: HandClock) -> Iterator[Callable[[], Queue]]:
    """Return how to open the queue once more, as another process would."""
    queues = []

    def another() -> Queue:
        queues.append(Queue(tmp_path / "queue.db", lease_ms=LEASE_MS, clock=clock))
        return queues[-1]

    another().define("CREATE TABLE ledger (job TEXT PRIMARY KEY)")
    queues[0].enqueue("pay", key="k")
    yield another
    for queue in queues:
        queue.close()


def claimed(queue: Queue) -> Attempt:
    worker = queue.process(Worker)
    with queue.transaction() as t:
        found = claim(queue, t, worker, ["pay"])
    assert found is not None
    return found


def paid(queue: Queue) -> Attempt:
    """Run one attempt from its claim to its end, and return it."""
    attempt = claimed(queue)
    if attempt.start():
        attempt.write(EFFECT, attempt.key)
    with queue.transaction() as t:
        attempt.finish(t)
    return attempt


def books(queue: Queue) -> tuple[list[tuple[str]], list[tuple[str]]]:
    return queue.query("SELECT job FROM ledger"), queue.query("SELECT status FROM job")


DONE = [("k",)], [("done",)]
STEPS = ("claim", "start", "write_first", "write_second", "record", "settle_done")


@pytest.mark.parametrize("action", STEPS)
@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_a_worker_that_dies_at_any_step_leaves_a_job_that_is_done_once(
    opened: Callable[[], Queue], clock: HandClock, action: str, moment: Moment
) -> None:
    mortal, other = opened(), opened()
    Faults(mortal).crash(action, moment)
    with pytest.raises(Crash, match=f"{moment} {action}"):
        paid(mortal)
    clock.advance(LEASE_MS)
    other.recover()
    if books(other) != DONE:
        paid(other)
    assert books(other) == DONE


def test_a_worker_that_is_paused_past_its_lease_is_refused_when_it_wakes(
    opened: Callable[[], Queue], clock: HandClock
) -> None:
    slow, other = opened(), opened()

    def meanwhile() -> None:
        clock.advance(LEASE_MS)
        assert other.recover() == 1
        assert paid(other).token == (1, 2)

    # The lock for writing cannot be held meanwhile, so it sleeps before a step that only reads.
    Faults(slow).at("start", meanwhile)
    with pytest.raises(LostClaim, match="start of job 1 is refused: leased"):
        paid(slow)
    assert books(other) == DONE


def test_a_worker_that_wakes_while_another_runs_is_refused_by_the_fence(
    opened: Callable[[], Queue], clock: HandClock
) -> None:
    slow, other = opened(), opened()
    stale = claimed(slow)
    stale.start()
    clock.advance(LEASE_MS)
    other.recover()
    claimed(other)
    with pytest.raises(LostClaim, match="refused: fenced"), slow.transaction() as t:
        stale.finish(t)
    assert books(other) == ([], [("claimed",)])


def test_a_lost_answer_to_settling_does_no_harm(
    opened: Callable[[], Queue], clock: HandClock
) -> None:
    queue, other = opened(), opened()
    Faults(queue).lose_reply("settle_done")
    with pytest.raises(OutcomeUnknown, match="the answer to settle_done is lost"):
        paid(queue)
    clock.advance(LEASE_MS)
    assert other.recover() == 0
    assert books(other) == DONE


def test_of_two_deliveries_with_one_token_one_is_accepted(opened: Callable[[], Queue]) -> None:
    queue = opened()
    first = claimed(queue)
    first.start()
    second = delivered_again(first)
    for attempt in (first, second):
        attempt.write(EFFECT, attempt.key)
    with queue.transaction() as t:
        second.finish(t)
    with pytest.raises(LostClaim), queue.transaction() as t:
        first.finish(t)
    assert books(queue) == DONE


def test_a_write_that_the_store_refuses_changes_nothing(opened: Callable[[], Queue]) -> None:
    queue = opened()
    Faults(queue).refuse_write("settle_done", "database or disk is full")
    with pytest.raises(StoreError, match="database or disk is full"):
        paid(queue)
    assert books(queue) == ([], [("claimed",)])


def test_a_fault_happens_at_the_time_that_was_named(opened: Callable[[], Queue]) -> None:
    queue = opened()
    for key in ("l", "m"):
        queue.enqueue("pay", key=key)
    Faults(queue).crash("claim", nth=3)
    assert {paid(queue).key, paid(queue).key} == {"k", "l"}
    with pytest.raises(Crash):
        paid(queue)


def test_a_recoverer_whose_clock_is_ahead_ends_live_claims_and_still_nothing_is_done_twice(
    opened: Callable[[], Queue], clock: HandClock
) -> None:
    """As FM-009 has it: the lease is not honest any more, and the fence holds all the same."""
    queue, other = opened(), opened()
    early = claimed(queue)
    early.start()
    in_file(other.store).clock.machine = SkewedClock(clock, LEASE_MS + 1)
    assert other.recover() == 1
    paid(other)
    with pytest.raises(LostClaim), queue.transaction() as t:
        early.finish(t)
    assert books(other) == DONE


def test_a_recoverer_that_is_slow_finds_the_claim_ended(
    opened: Callable[[], Queue], clock: HandClock
) -> None:
    queue, slow, quick = opened(), opened(), opened()
    claimed(queue)
    clock.advance(LEASE_MS)
    assert slow.query("SELECT lease <= ? FROM job", (slow.clock.now(),)) == [(1,)]
    assert (quick.recover(), slow.recover()) == (1, 0)


@pytest.mark.parametrize("seed", range(12))
def test_a_seed_chooses_where_a_worker_dies_and_always_the_same(
    opened: Callable[[], Queue], clock: HandClock, seed: int
) -> None:
    mortal, other = opened(), opened()
    place = Faults(mortal).crash_anywhere(STEPS, seed)
    assert Faults(opened()).crash_anywhere(STEPS, seed) == place
    with pytest.raises(Crash):
        paid(mortal)
    clock.advance(LEASE_MS)
    other.recover()
    if books(other) != DONE:
        paid(other)
    assert books(other) == DONE
