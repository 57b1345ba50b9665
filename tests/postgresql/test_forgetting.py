"""What is over is forgotten on a server, beside those who put in jobs and go on with theirs."""

from collections.abc import Iterator

import psycopg
import pytest

from checker.conformance.validating.finding import Finding
from checker.conformance.validating.validate import validate
from impl.parts.line import Ask
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.terms.outcomes import Done
from impl.terms.unusable import Busy
from impl.worker import Worker
from impl.working.attempt import LostClaim
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, fail
from tests.stores import address


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def queue(server: Server, clock: HandClock) -> Iterator[Queue]:
    with Queue(address(server), clock=clock, retain=3_600, busy_ms=300) as opened:
        yield opened


def over(queue: Queue, clock: HandClock, jobs: int) -> None:
    for n in range(jobs):
        queue.enqueue("over", n)
    Worker(queue, {"over": lambda _: None}).run(until_empty=True)
    clock.advance(7_200_000)


def test_a_key_with_more_claims_is_not_forgotten_beside_a_job_that_is_being_put_in(
    queue: Queue, clock: HandClock
) -> None:
    """Its number of claims would come too late for the job, whose tokens have to be larger."""
    queue.enqueue("k", key="again", max_attempts=1)
    fail(queue, claimed(queue))
    queue.announce(lambda job, reason: None)
    clock.advance(7_200_000)
    with queue.again() as other:
        with other.transaction() as t:
            other.enqueue("k", key="beside", within=t)
            with pytest.raises(Busy, match="lock timeout"):
                queue.prune(dead=True)
            assert queue.retention.prune_some() == 0  # and the house has time for other things
        assert queue.prune(dead=True) == 1
        assert other.enqueue("k", key="again").new
    assert [claimed(queue).token for _ in range(2)] == [(1, 1), (1, 2)]


def test_whoever_is_at_work_goes_on_over_a_cut(queue: Queue, clock: HandClock) -> None:
    queue.enqueue("k")
    attempt = claimed(queue)
    assert attempt.start()
    over(queue, clock, 3)
    assert queue.prune() == 3
    begins = validate(queue.store.address).origin
    assert begins > 0
    with queue.transaction() as t:
        attempt.finish(t)
    verdict = validate(queue.store.address)
    assert (verdict.origin, verdict.finding) == (begins, None)
    assert verdict.jobs == {"done": 1}


def test_what_was_read_before_a_cut_and_is_gone_since_is_believed(
    queue: Queue, clock: HandClock
) -> None:
    queue.enqueue("k")
    attempt = claimed(queue)
    assert attempt.start()  # which only its next row will list
    over(queue, clock, 4)
    assert queue.recover() == 1
    assert queue.prune() == 4
    with pytest.raises(LostClaim):
        attempt.heartbeat(queue)
    clock.advance(7_200_000)
    with queue.transaction() as t:
        t.take("abandon", attempt.worker)
        assert isinstance(queue.line.claim(t, attempt.worker, ["k"], 10_000), Done)
    verdict = validate(queue.store.address)
    assert (verdict.origin > 0, verdict.finding) == (True, None)


def test_a_step_that_is_missing_after_a_cut_is_found(
    server: Server, queue: Queue, clock: HandClock
) -> None:
    queue.enqueue("k")
    queue.enqueue("k")
    first = claimed(queue)
    assert first.start()
    over(queue, clock, 3)
    assert queue.prune() == 3
    with queue.transaction() as t:
        first.finish(t)
    with server.connect() as other:
        other.execute(f"SET search_path = {queue.store.address.partition('#')[2]}")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            other.execute("DELETE FROM trace WHERE action = 'write_first'")
        other.execute("SET session_replication_role = replica")
        other.execute("DELETE FROM trace WHERE action = 'write_first' AND element = 'job1'")
    finding = validate(queue.store.address).finding
    assert finding == Finding("order", "version 3 of job1 is missing")


def test_nothing_is_cut_while_a_step_is_on_its_way(queue: Queue, clock: HandClock) -> None:
    """It has its number already, which would be before the cut, and is not in the state there."""
    over(queue, clock, 3)
    waits = queue.enqueue("k").id
    with queue.again() as other:
        with other.transaction() as t:
            t.take("cancel", j=waits - 1)
            with pytest.raises(Busy, match="lock timeout"), queue.snapshot(at_rest=True):
                pass
            assert queue.prune() == 3  # and the trace is cut another time
            assert validate(queue.store.address).origin == 0
        with queue.snapshot(at_rest=True) as t:
            last = t.last()
            other.enqueue("k")
            assert t.last() == last < other.query("SELECT max(seq) FROM trace")[0][0]


def test_a_table_of_users_that_refers_to_a_job_meanwhile_keeps_it(
    queue: Queue, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.define("CREATE TABLE bill (job bigint REFERENCES job (id))")
    over(queue, clock, 1)
    find = queue.retention._free

    def refers(ask: Ask, lasts: list[int]) -> list[int]:
        found = find(ask, lasts)
        if ask != queue.store.own:  # and nobody will ask again
            with queue.again() as other, other.transaction() as t:
                t.execute("INSERT INTO bill SELECT id FROM job")
        return found

    monkeypatch.setattr(queue.retention, "_free", refers)
    with pytest.raises(Busy, match=r"violates foreign key .* try again"):
        queue.prune()
    monkeypatch.undo()
    assert queue.prune() == 0
    assert queue.query("SELECT status FROM job") == [("done",)]
