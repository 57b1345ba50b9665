"""What a producer may rely on: a job is in the queue once, or the queue says why it is not."""

import json
import math
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from impl import report
from impl.queue import Queue
from impl.sqlite.scribe import write_down
from impl.terms.requests import MAX_PAYLOAD, BadRequest
from impl.worker import Worker
from impl.working.attempt import Attempt, claim
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, rows, status
from tests.stores import in_a_file

ON_BOTH = True

# ---------------------------------------------------------------- asking


def test_asking_twice_is_asking_once(queue: Queue, file: Path) -> None:
    first = queue.enqueue("k", {"a": 1}, key="order 7")
    again = queue.enqueue("k", {"a": 1}, key="order 7")
    assert (first.id, first.new) == (again.id, True) == (1, not again.new)
    assert rows(file, "SELECT key, kind, payload FROM job") == [("order 7", "k", '{"a": 1}')]


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


def test_payloads_that_json_tells_apart_are_not_one(queue: Queue) -> None:
    """Python holds 1, 1.0 and True to be equal."""
    for n, payload in enumerate((True, 1, 1.0)):
        queue.enqueue("k", [payload], key=f"order {n}")
        for other in (True, 1, 1.0):
            if type(other) is type(payload):
                assert not queue.enqueue("k", [other], key=f"order {n}").new
            else:
                with pytest.raises(BadRequest, match="which has another kind or payload"):
                    queue.enqueue("k", [other], key=f"order {n}")


@in_a_file
def test_a_key_whose_payload_is_damaged_is_known_as_that_of_another_job(
    queue: Queue, file: Path
) -> None:
    queue.enqueue("k", 1, key="order 7")
    with closing(apsw.Connection(str(file))) as other:
        write_down(other, False)
        other.pragma("ignore_check_constraints", True)
        other.execute("UPDATE job SET payload = CAST(x'ff' AS TEXT)")
    with pytest.raises(BadRequest, match="key 'order 7': is that of job 1"):
        queue.enqueue("k", 1, key="order 7")


def test_jobs_without_a_key_are_all_different(queue: Queue) -> None:
    assert queue.enqueue("k").key != queue.enqueue("k").key


@in_a_file
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
    assert rows(file, "SELECT key FROM job") == [("1",)]
    assert rows(file, "SELECT id FROM orders") == [(1,)]


def test_a_transaction_within_a_transaction_is_refused_at_once(queue: Queue) -> None:
    with queue.transaction() as t:
        with pytest.raises(
            BadRequest, match="one is open already on this queue; end it first, or pass"
        ):
            queue.enqueue("k")
        queue.enqueue("k", within=t)


@in_a_file
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
        ({1: "a"}, "payload of 'k': has a key of type int, and JSON has text there; make it a str"),
        ([{"a": {None: 1}}], "payload of 'k': has a key of type NoneType"),
        ({True: 1, "true": 2}, "payload of 'k': has a key of type bool"),
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


@pytest.mark.parametrize("innermost", [1, [], {}, "x"])
def test_a_payload_that_is_nested_deep_can_be_taken_out_again_or_is_refused(
    queue: Queue, file: Path, innermost: Any
) -> None:
    """Wherever it is read: a handler may be deeper in calls than the producer was."""
    deepest: Any = innermost
    for n in range(100 - isinstance(innermost, list | dict)):
        deepest = {"a": deepest} if n % 2 else [deepest]
    queue.enqueue("k", deepest)
    for more in ([deepest], {"a": deepest}, (deepest,)):
        with pytest.raises(BadRequest, match="is nested deeper than 100 levels; flatten it"):
            queue.enqueue("k", more)
    with pytest.raises(BadRequest, match="nested too deep"):
        queue.enqueue("k", _wrapped(deepest, 1_000))
    assert claimed(queue).payload == deepest
    assert len(status(file)) == 1


def _wrapped(inner: Any, levels: int) -> Any:
    for _ in range(levels):
        inner = [inner]
    return inner


def test_the_largest_payload_is_taken_and_comes_back_as_it_was(queue: Queue) -> None:
    largest = "x" * (MAX_PAYLOAD - 2)
    queue.enqueue("k", largest)
    assert claimed(queue).payload == largest


@in_a_file
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
        ({"kind": 5}, "kind: is of type int; make it a str"),
        ({"key": b"k"}, "key: is of type bytes; make it a str"),
        ({"timeout": "5"}, "timeout: is of type str; give it in seconds"),
        ({"timeout": True}, "timeout: is of type bool"),
        ({"delay": None}, "delay: is of type NoneType"),
        ({"max_attempts": 2.5}, "max_attempts: is of type float; make it an int"),
        ({"max_attempts": True}, "max_attempts: is of type bool"),
        ({"max_interrupts": "3"}, "max_interrupts: is of type str"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(
    queue: Queue, file: Path, given: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        queue.enqueue(**({"kind": "k"} | given))
    assert str(refused.value).startswith(why)
    assert rows(file, "SELECT count(*) FROM job") == [(0,)]


@pytest.mark.parametrize("job", [0, -1, 2**63 - 1, 2**63, 10**30])
def test_a_number_that_no_job_has_is_not_in_the_queue(queue: Queue, job: int) -> None:
    queue.enqueue("k")
    for ask in (queue.cancel, queue.retry, lambda n: report.job(queue, n)):
        with pytest.raises(BadRequest, match=f"^job {job}: is not in the queue"):
            ask(job)
    assert len(report.jobs(queue, most=10**30)) == 1


@pytest.mark.parametrize("job", ["1", 1.0, True, None, b"1"])
def test_what_is_no_number_is_refused_as_one(queue: Queue, file: Path, job: Any) -> None:
    queue.enqueue("k")
    for ask in (queue.cancel, queue.retry, lambda n: report.job(queue, n)):
        with pytest.raises(BadRequest, match=f"^job: is of type {type(job).__name__}; make it an"):
            ask(job)
    assert status(file) == {1: "ready"}


@pytest.mark.parametrize("lease_ms", [0, -1, 2.5, "5", None, True, 10**30])
def test_a_lease_that_makes_no_sense_is_refused(tmp_path: Path, lease_ms: Any) -> None:
    with pytest.raises(BadRequest, match=r"^lease_ms: is "):
        Queue(tmp_path / "new.db", lease_ms=lease_ms)
    assert not (tmp_path / "new.db").exists()


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
