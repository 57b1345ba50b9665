"""What a producer may rely on: a job is in the queue once, or the queue says why it is not."""

import json
import math
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from impl.attempt import Attempt, LostClaim, claim
from impl.backoff import Backoff
from impl.files import StoreError
from impl.outcomes import Refused
from impl.queue import OtherBoot, Queue
from impl.requests import MAX_PAYLOAD, BadRequest
from impl.worker import Worker
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def queue(file: Path, clock: HandClock) -> Iterator[Queue]:
    with Queue(file, clock=clock, lease_ms=10_000) as opened:
        yield opened


def rows(file: Path, sql: str, *values: Any) -> list[Any]:
    """Return what another connection reads in the file.

    Not one of the standard library's: two builds of SQLite in one process undo each other's locks.
    """
    with closing(apsw.Connection(str(file))) as other:
        return other.execute(sql, values).fetchall()


def status(file: Path) -> dict[int, str]:
    return dict(rows(file, "SELECT id, status FROM job"))


def claimed(queue: Queue, kind: str = "k") -> Attempt:
    """Return an attempt that nobody will look after, as one of a worker that has died."""
    with queue.transaction() as t:
        attempt = claim(queue, t, queue_worker(queue, t), [kind])
    assert attempt is not None
    return attempt


def queue_worker(queue: Queue, t: Any) -> Any:
    from impl.transaction import newcomer

    ((number,),) = t.execute("INSERT INTO process (sort, pid) VALUES ('Worker', 0) RETURNING id")
    return newcomer(queue.store.design, WorkerSort, number - 1)


def fail(queue: Queue, attempt: Attempt, error: str = "boom") -> None:
    with queue.transaction() as t:
        attempt.fail(t, error)


# ---------------------------------------------------------------- asking


def test_asking_twice_is_asking_once(queue: Queue, file: Path) -> None:
    first = queue.enqueue("k", {"a": 1}, key="order 7")
    again = queue.enqueue("k", {"a": 1}, key="order 7")
    assert (first.id, first.new) == (again.id, True) == (1, not again.new)
    assert rows(file, "SELECT key, kind, payload FROM task") == [("order 7", "k", '{"a": 1}')]


def test_asking_again_when_the_job_is_done_does_not_do_it_again(queue: Queue, file: Path) -> None:
    queue.enqueue("k", key="order 7")
    Worker(queue, {"k": lambda attempt: None}).run(until_empty=True)
    assert not queue.enqueue("k", key="order 7").new
    assert status(file) == {1: "done"}


def test_the_order_of_a_payload_does_not_make_it_another(queue: Queue) -> None:
    queue.enqueue("k", {"a": 1, "b": 2}, key="order 7")
    assert not queue.enqueue("k", {"b": 2, "a": 1}, key="order 7").new


@pytest.mark.parametrize(("kind", "payload"), [("other", 1), ("k", 2)])
def test_a_key_of_another_job_is_refused(queue: Queue, file: Path, kind: str, payload: int) -> None:
    """Taking it for the same would lose the second job in silence."""
    queue.enqueue("k", 1, key="order 7")
    with pytest.raises(BadRequest, match="key 'order 7': is that of job 1, which has another"):
        queue.enqueue(kind, payload, key="order 7")
    assert len(status(file)) == 1


def test_jobs_without_a_key_are_all_different(queue: Queue) -> None:
    assert queue.enqueue("k").key != queue.enqueue("k").key


def test_a_job_is_in_the_queue_exactly_if_its_transaction_is_committed(
    queue: Queue, file: Path
) -> None:
    queue.define("CREATE TABLE orders (id INTEGER PRIMARY KEY) STRICT")
    with queue.transaction() as t:
        t.execute("INSERT INTO orders VALUES (1)")
        queue.enqueue("k", key="1", within=t)
    with pytest.raises(ZeroDivisionError), queue.transaction() as t:
        t.execute("INSERT INTO orders VALUES (2)")
        queue.enqueue("k", key="2", within=t)
        1 / 0  # noqa: B018
    assert rows(file, "SELECT key FROM task") == [("1",)]
    assert rows(file, "SELECT id FROM orders") == [(1,)]


def test_a_transaction_within_a_transaction_is_refused_at_once(queue: Queue) -> None:
    with queue.transaction() as t:
        with pytest.raises(BadRequest, match="one is open already; pass that one on"):
            queue.enqueue("k")
        queue.enqueue("k", within=t)


def test_a_request_with_a_key_is_traced_with_what_the_client_did(queue: Queue, file: Path) -> None:
    queue.enqueue("k", key="order 7")
    ((action, unseen),) = rows(file, "SELECT action, unseen FROM trace")
    assert action == "enqueue"
    assert [step[1] for step in json.loads(unseen)] == ["send"]


# ---------------------------------------------------------------- what cannot be asked


def cyclic() -> list[Any]:
    inner: list[Any] = []
    inner.append(inner)
    return inner


def deep(levels: int) -> list[Any]:
    return [deep(levels - 1)] if levels else []


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (math.nan, "payload of 'k': Out of range float values are not JSON compliant"),
        ({"a": [1, math.inf]}, "payload of 'k': Out of range float values"),
        (object(), "payload of 'k': Object of type object is not JSON serializable"),
        ({1, 2}, "payload of 'k': Object of type set is not"),
        (b"bytes", "payload of 'k': Object of type bytes is not"),
        (cyclic(), "payload of 'k': Circular reference detected"),
        ("\ud800", "payload of 'k': has text that is no Unicode; decode it first"),
        ("x" * MAX_PAYLOAD, f"payload of 'k': has {MAX_PAYLOAD + 2} bytes, and 65536 are allowed"),
    ],
)
def test_a_payload_that_is_no_json_is_refused(
    queue: Queue, file: Path, payload: Any, why: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        queue.enqueue("k", payload)
    assert str(refused.value).startswith(why)
    assert rows(file, "SELECT count(*) FROM job") == [(0,)]


def test_a_payload_that_is_nested_deep_is_taken_whole_or_refused(queue: Queue) -> None:
    with pytest.raises(BadRequest, match="nested too deep"):
        queue.enqueue("k", deep(900) and _wrapped(deep(900), 200))
    queue.enqueue("k", deep(90))
    assert claimed(queue).payload == deep(90)


def _wrapped(inner: Any, levels: int) -> Any:
    for _ in range(levels):
        inner = [inner]
    return inner


def test_the_largest_payload_is_taken_and_comes_back_as_it_was(queue: Queue) -> None:
    largest = "x" * (MAX_PAYLOAD - 2)
    queue.enqueue("k", largest)
    assert claimed(queue).payload == largest


def test_a_payload_comes_back_as_json_gives_it(queue: Queue) -> None:
    payload: dict[str, Any] = {"é\0'; DROP TABLE job --": [None, True, 1, 1.5, "\U0001f600", {}]}
    queue.enqueue("k'; --", payload, key="'\0\"")
    attempt = claimed(queue, "k'; --")
    assert (attempt.payload, attempt.key) == (payload, "'\0\"")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"kind": ""}, "kind: is empty"),
        ({"key": ""}, "key: is empty"),
        ({"key": "k" * 501}, "key: has 501 bytes, and 500 are allowed"),
        ({"key": "\udcff"}, "key: has text that is no Unicode"),
        ({"timeout": 0}, "timeout: is 0 seconds"),
        ({"timeout": math.nan}, "timeout: is nan seconds"),
        ({"timeout": math.inf}, "timeout: is inf seconds"),
        ({"delay": -1}, "delay: is -1 seconds; choose 0 to 1000000000"),
        ({"delay": math.nan}, "delay: is nan seconds"),
        ({"max_attempts": 0}, "max_attempts: is 0; choose 1 to 100"),
        ({"max_attempts": 101}, "max_attempts: is 101; choose 1 to 100"),
        ({"max_interrupts": 0}, "max_interrupts: is 0; choose 1 to 100"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(
    queue: Queue, file: Path, given: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        queue.enqueue(**({"kind": "k"} | given))
    assert str(refused.value).startswith(why)
    assert rows(file, "SELECT count(*) FROM job") == [(0,)]


@pytest.mark.parametrize("path", [":memory:"])
def test_a_queue_that_no_other_process_can_see_is_refused(path: str) -> None:
    with pytest.raises(BadRequest, match="is no file, which processes could share"):
        Queue(path)


# ---------------------------------------------------------------- when


def test_a_job_is_not_claimed_before_its_delay_is_over(queue: Queue, clock: HandClock) -> None:
    queue.enqueue("k", delay=60)
    worker = queue.process(WorkerSort)

    def try_claim() -> Attempt | None:
        with queue.transaction() as t:
            return claim(queue, t, worker, ["k"])

    clock.advance(59_999)
    assert try_claim() is None
    clock.advance(1)
    assert try_claim() is not None


def test_jobs_are_claimed_in_the_order_in_which_they_are_due(
    queue: Queue, clock: HandClock
) -> None:
    for name, delay in (("late", 2), ("first", 0), ("second", 0), ("middle", 1)):
        queue.enqueue("k", key=name, delay=delay)
    clock.advance(5_000)
    assert [claimed(queue).key for _ in range(4)] == ["first", "second", "middle", "late"]


# ---------------------------------------------------------------- budgets


def test_each_job_has_budgets_of_its_own(queue: Queue, clock: HandClock, file: Path) -> None:
    for name, attempts in (("once", 1), ("twice", 2)):
        queue.enqueue("k", key=name, max_attempts=attempts)
    fail(queue, claimed(queue))
    assert status(file) == {1: "dead", 2: "ready"}
    fail(queue, claimed(queue))
    assert status(file)[2] == "ready"
    clock.advance(10_000)
    fail(queue, claimed(queue))
    assert rows(file, "SELECT fails, status, reason FROM job ORDER BY id") == [
        (1, "dead", "failures"),
        (2, "dead", "failures"),
    ]


def test_attempts_that_are_cut_short_have_a_budget_of_their_own(
    queue: Queue, clock: HandClock, file: Path
) -> None:
    queue.enqueue("k", max_attempts=1, max_interrupts=2)
    for _ in range(2):
        claimed(queue)
        clock.advance(10_000)
        assert queue.recover() == 1
    assert rows(file, "SELECT status, reason, fails, interrupts FROM job") == [
        ("dead", "interruptions", 0, 2)
    ]
    assert rows(file, "SELECT due, lease_until, deadline FROM task") == [(None, None, None)]


def test_a_failed_job_waits_longer_each_time(queue: Queue, clock: HandClock, file: Path) -> None:
    """Half of 1, 2, 4, ... seconds, and the other half by chance."""
    queue.enqueue("k", max_attempts=100)
    for whole in (1_000, 2_000, 4_000, 8_000):
        fail(queue, claimed(queue))
        ((due,),) = rows(file, "SELECT due FROM task")
        assert whole // 2 <= due - clock.date <= whole
        clock.date = due


def test_waits_are_spread_and_end_at_the_longest() -> None:
    paced = Backoff(first_ms=100, most_ms=5_000)
    chance = random.Random(1)  # seeded
    waits = [paced.wait_ms(1, 0, chance) for _ in range(1_000)]
    assert (min(waits), max(waits)) == (50, 100)
    assert all(2_500 <= paced.wait_ms(99, 0, chance) <= 5_000 for _ in range(100))


def test_retries_beyond_the_budget_wait_whole_windows_longer() -> None:
    paced = Backoff(first_ms=0, budget=10, window_ms=60_000)
    chance = random.Random(1)
    waits = [paced.wait_ms(1, lately, chance) for lately in (0, 9, 10, 19, 20)]
    assert waits == [0, 0, 60_000, 60_000, 120_000]


def test_the_retry_budget_counts_the_failures_of_all_jobs(file: Path) -> None:
    paced = Backoff(first_ms=0, budget=3, window_ms=60_000)
    with Queue(file, backoff=paced) as queue:  # by the real clock, which the trace has too
        for _ in range(4):
            queue.enqueue("k")
        attempts = [claimed(queue) for _ in range(4)]
        before = queue.clock.wall()
        for attempt in attempts:
            fail(queue, attempt)
    waits = [due - before for (due,) in rows(file, "SELECT due FROM task ORDER BY id")]
    assert [wait >= 60_000 for wait in waits] == [False, False, True, True]


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"first_ms": -1}, {"window_ms": -1}])
def test_a_backoff_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadRequest, match="choose at least"):
        Backoff(**wrong)


# ---------------------------------------------------------------- recovery


def test_a_claim_is_ended_once_its_lease_has_run_out(
    queue: Queue, clock: HandClock, file: Path
) -> None:
    queue.enqueue("k")
    attempt = claimed(queue)
    clock.advance(9_999)
    assert queue.recover() == 0
    clock.advance(1)
    assert queue.recover() == 1
    assert rows(file, "SELECT status, lease, interrupts FROM job") == [("ready", "none", 1)]
    with queue.transaction() as t, pytest.raises(LostClaim, match="is refused: leased"):
        attempt.fail(t, "late")


def test_a_heartbeat_keeps_the_claim(queue: Queue, clock: HandClock) -> None:
    queue.enqueue("k")
    attempt = claimed(queue)
    for _ in range(5):
        clock.advance(9_999)
        attempt.heartbeat(queue)
        assert queue.recover() == 0


def test_heartbeats_do_not_outlive_the_deadline(queue: Queue, clock: HandClock, file: Path) -> None:
    """A handler that hangs in a live process loses its claim as one of a dead process does."""
    queue.enqueue("k", timeout=15)
    attempt = claimed(queue)
    clock.advance(9_000)
    attempt.heartbeat(queue)
    clock.advance(6_000)  # the deadline has passed, and the lease has not
    assert (queue.recover(), queue.recover()) == (0, 0)
    assert rows(file, "SELECT count(*) FROM trace WHERE action = 'pass_deadline'") == [(1,)]
    with pytest.raises(LostClaim) as lost:
        attempt.heartbeat(queue)
    assert lost.value.guard == "in_time"
    clock.advance(4_000)
    assert queue.recover() == 1
    assert rows(file, "SELECT count(*) FROM trace WHERE action = 'pass_deadline'") == [(1,)]


def test_a_stale_settle_is_refused_by_the_fence(queue: Queue, clock: HandClock, file: Path) -> None:
    queue.enqueue("k")
    slow = claimed(queue)
    clock.advance(10_000)
    queue.recover()
    fast = claimed(queue)
    assert slow.token < fast.token
    assert (slow.token, fast.token) == ((1, 1), (1, 2))
    with pytest.raises(LostClaim, match="start of job 1 is refused: fenced"):
        slow.start()
    assert fast.start()
    with queue.transaction() as t:
        fast.finish(t)
    for settle in (slow.finish, lambda t: slow.fail(t, "x"), lambda t: slow.release(t, "x")):
        with queue.transaction() as t, pytest.raises(LostClaim):
            settle(t)
    assert status(file) == {1: "done"}


def test_two_that_recover_at_once_end_each_claim_once(
    queue: Queue, clock: HandClock, file: Path
) -> None:
    for _ in range(20):
        queue.enqueue("k")
        claimed(queue)
    clock.advance(10_000)
    ended: list[int] = []
    start = threading.Barrier(2)

    def recover() -> None:
        with Queue(file, clock=clock, lease_ms=10_000) as other:
            start.wait()
            ended.append(other.recover())

    threads = [threading.Thread(target=recover) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(ended) == 20
    assert rows(file, "SELECT DISTINCT status, interrupts FROM job") == [("ready", 1)]
    assert rows(file, "SELECT count(*) FROM trace WHERE action = 'recover'") == [(20,)]


def test_a_recoverer_that_comes_too_late_changes_nothing(
    queue: Queue, clock: HandClock, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It saw the lease expired; before it writes, a heartbeat comes, or another recoverer."""
    queue.enqueue("k")
    attempt = claimed(queue)
    clock.advance(10_000)
    look = queue._recovery._late

    def late_look() -> list[int]:
        seen = look()
        attempt.heartbeat(queue)
        return seen

    monkeypatch.setattr(queue._recovery, "_late", late_look)
    assert queue.recover() == 0
    assert status(file) == {1: "claimed"}


# ---------------------------------------------------------------- boots


def test_a_new_boot_ends_all_leases_and_begins_an_epoch(file: Path, clock: HandClock) -> None:
    """The uptime of the new boot is less than that of the lease: it says nothing any more."""
    with Queue(file, clock=clock, lease_ms=10_000) as before:
        before.enqueue("k")
        before.enqueue("k")
        first = claimed(before)
        clock.reboot()
        with Queue(file, clock=clock, lease_ms=10_000) as after:
            assert (before.epoch, after.epoch) == (1, 2)
            assert rows(file, "SELECT lease FROM job WHERE id = 1") == [("expired",)]
            assert after.recover() == 1
            clock.advance(1)
            tokens = [claimed(after).token for _ in range(2)]
            assert sorted(tokens) == [(2, 1), (2, 2)]
            assert all(token > first.token for token in tokens)
            clock.advance(10_000)
            for use in (before.recover, lambda: before.enqueue("k"), before.again):
                with pytest.raises(OtherBoot, match="has seen another boot"):
                    use()
                assert len(status(file)) == 2
    assert dict(rows(file, "SELECT name, value FROM meta"))["boot"] == "boot 2"


def test_one_boot_is_one_epoch_however_often_it_is_seen(file: Path, clock: HandClock) -> None:
    for _ in range(3):
        with Queue(file, clock=clock) as queue:
            assert queue.epoch == 1


@pytest.mark.parametrize("again", range(5))
def test_those_that_see_a_new_boot_at_once_begin_one_epoch(
    file: Path, clock: HandClock, again: int
) -> None:
    """Nor does one find the store locked while another opens it, or is the last to close it."""
    Queue(file, clock=clock).close()
    clock.reboot()
    epochs: list[int] = []
    start = threading.Barrier(4)

    def see() -> None:
        start.wait()
        with Queue(file, clock=clock) as queue:
            epochs.append(queue.epoch)

    threads = [threading.Thread(target=see) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert epochs == [2, 2, 2, 2]


def test_a_system_that_cannot_tell_its_boots_is_refused(file: Path) -> None:
    class Nowhere(HandClock):
        def boot(self) -> str:
            raise OSError(2, "No such file or directory")

    with pytest.raises(StoreError, match="cannot tell boots apart: No such file"):
        Queue(file, clock=Nowhere())


# ---------------------------------------------------------------- the dead


def dead_job(queue: Queue, handler: Callable[[Attempt], None], **given: Any) -> int:
    job = queue.enqueue("k", max_attempts=1, **given).id
    Worker(queue, {"k": handler}).run(until_empty=True)
    return job


def boom(attempt: Attempt) -> None:
    raise RuntimeError("boom")


def test_a_dead_job_is_retried_as_a_new_one_and_once(queue: Queue, file: Path) -> None:
    job = dead_job(queue, boom, payload=[1], key="order 7", timeout=5)
    again = queue.retry(job)
    assert (again.new, queue.retry(job)) == (True, queue.retry(job))
    assert not queue.retry(job).new
    assert status(file) == {1: "dead", 2: "ready"}
    assert rows(file, "SELECT kind, payload, timeout_ms, retry_of FROM task WHERE id = 2") == [
        ("k", "[1]", 5000, 1)
    ]
    assert rows(file, "SELECT fails, max_fails, token FROM job WHERE id = 2") == [(0, 1, 0)]


def test_a_retry_of_a_retry_is_known_outside_by_the_first_key(queue: Queue) -> None:
    job = dead_job(queue, boom, key="order 7")
    keys = []

    def see(attempt: Attempt) -> None:
        keys.append(attempt.key)
        raise RuntimeError("boom")

    for _ in range(3):
        job = queue.retry(job).id
        Worker(queue, {"k": see}).run(until_empty=True)
    assert keys == ["order 7"] * 3


def test_a_retry_does_not_repeat_the_steps_that_are_done(queue: Queue, file: Path) -> None:
    queue.define("CREATE TABLE ledger (what TEXT) STRICT")
    asked: list[int] = []

    def half(attempt: Attempt) -> None:
        attempt.once("debit", ("INSERT INTO ledger VALUES (?)", ("debit",)))
        asked.append(attempt.result("price", lambda: len(asked) + 41))
        if attempt.id == 1:
            raise RuntimeError("the credit fails")

    job = dead_job(queue, half)
    assert rows(file, "SELECT letter FROM job") == [("half",)]
    queue.retry(job)
    Worker(queue, {"k": half}).run(until_empty=True)
    assert status(file) == {1: "dead", 2: "done"}
    assert rows(file, "SELECT what FROM ledger") == [("debit",)]
    assert asked == [41, 41]


@pytest.mark.parametrize("state", ["ready", "claimed", "done"])
def test_only_a_dead_job_is_retried(queue: Queue, file: Path, state: str) -> None:
    queue.enqueue("k")
    if state == "claimed":
        claimed(queue)
    if state == "done":
        Worker(queue, {"k": lambda attempt: None}).run(until_empty=True)
    with pytest.raises(BadRequest, match=f"job 1: is {state}; only a dead job can be retried"):
        queue.retry(1)
    with pytest.raises(BadRequest, match="job 7: is not in the queue"):
        queue.retry(7)
    assert len(status(file)) == 1


def test_a_dead_job_whose_effect_was_made_is_not_retried(
    queue: Queue, clock: HandClock, file: Path
) -> None:
    """Workers of this queue record and settle in one step; the spec knows others."""
    queue.enqueue("k", max_interrupts=1)
    attempt = claimed(queue)
    attempt.start()
    with queue.transaction() as t:
        for action in ("write_first", "write_second", "record"):
            assert not isinstance(t.take(action, attempt.worker), Refused)
    clock.advance(10_000)
    queue.recover()
    assert rows(file, "SELECT status, letter FROM job") == [("dead", "applied")]
    with pytest.raises(BadRequest, match="its effect was made before it died"):
        queue.retry(1)


def test_a_job_that_waits_is_cancelled(queue: Queue, file: Path) -> None:
    queue.enqueue("k")
    queue.cancel(1)
    assert rows(file, "SELECT status, reason, interrupts FROM job") == [("dead", "cancelled", 0)]
    assert Worker(queue, {"k": boom}).run(until_empty=True) == {}
    with pytest.raises(BadRequest, match="job 1: is done or dead; nothing is left"):
        queue.cancel(1)
    with pytest.raises(BadRequest, match="job 2: is not in the queue"):
        queue.cancel(2)


def test_a_job_that_is_cancelled_can_be_settled_no_more(queue: Queue, file: Path) -> None:
    queue.define("CREATE TABLE ledger (what TEXT) STRICT")
    queue.enqueue("k")

    def cancelled(attempt: Attempt) -> None:
        attempt.write("INSERT INTO ledger VALUES ('done')")
        with Queue(file, clock=queue.clock) as client:
            client.cancel(attempt.id)

    assert Worker(queue, {"k": cancelled}).run(until_empty=True) == {"lost": 1}
    assert rows(file, "SELECT status, reason, interrupts FROM job") == [("dead", "cancelled", 1)]
    assert rows(file, "SELECT count(*) FROM ledger") == [(0,)]
    assert rows(file, "SELECT due, lease_until, deadline FROM task") == [(None, None, None)]
    assert queue.recover() == 0


def test_each_death_is_announced_with_its_reason(queue: Queue, file: Path) -> None:
    dead_job(queue, boom)
    told: list[tuple[int, str]] = []
    assert queue.announce(lambda *death: told.append(death)) == 1
    assert queue.announce(lambda *death: told.append(death)) == 0
    assert told == [(1, "failures")]
    assert rows(file, "SELECT notice FROM job") == [("sent",)]


def test_a_notice_that_nobody_took_is_given_again(queue: Queue, file: Path) -> None:
    dead_job(queue, boom)

    def deaf(job: int, reason: str) -> None:
        raise ConnectionError("nobody there")

    assert queue.announce(deaf) == 0
    assert rows(file, "SELECT notice FROM job") == [("due",)]
    assert queue.announce(lambda *_: None) == 1
