"""What a producer may rely on: a job is in the queue once, or the queue says why it is not."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from impl.attempt import Attempt, claim
from impl.queue import Queue
from impl.requests import MAX_PAYLOAD, BadRequest
from impl.worker import Worker
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock
from tests.queue.looking import claimed, rows, status

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
        with pytest.raises(
            BadRequest, match="one is open already on this queue; end it first, or pass"
        ):
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
