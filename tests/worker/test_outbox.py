"""What a handler says outside is delivered at least once, and what is not taken holds up nobody."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from impl.queue import Queue
from impl.terms.requests import BadRequest
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.queue.file.looking import rows
from tests.stores import in_a_file
from tests.worker.looking import outbox

ON_BOTH = True


def test_each_message_has_a_key_of_its_own(queue: Queue, file: Path) -> None:
    queue.enqueue("k", key="order 7")

    def tell(attempt: Attempt) -> None:
        attempt.send("mail", "one")
        attempt.send("mail", "two")
        attempt.send("chat", "three")
        attempt.send("chat", "four", key="mine")

    Worker(queue, {"k": tell}).run(until_empty=True)
    assert rows(file, "SELECT key, topic, body FROM outbox ORDER BY id") == [
        ("order 7/mail/1", "mail", '"one"'),
        ("order 7/mail/2", "mail", '"two"'),
        ("order 7/chat/1", "chat", '"three"'),
        ("mine", "chat", '"four"'),
    ]


@pytest.mark.parametrize(
    ("topic", "body", "key"),
    [
        ("a/b", 1, None),
        ("", 1, None),
        (7, 1, None),
        ("mail", float("nan"), None),
        ("mail", b"x", None),
        ("mail", {1: 2}, None),
        ("mail", 1, ""),
        ("mail", 1, 7),
    ],
)
def test_a_message_that_cannot_be_is_refused_at_once(
    queue: Queue, topic: Any, body: Any, key: Any
) -> None:
    queue.enqueue("k")
    refused = []

    def tell(attempt: Attempt) -> None:
        with pytest.raises(BadRequest) as wrong:
            attempt.send(topic, body, key)
        refused.append(wrong)

    assert Worker(queue, {"k": tell}).run(until_empty=True) == {"done": 1}
    assert len(refused) == 1


def test_a_key_of_a_message_is_that_of_one_topic(queue: Queue, file: Path) -> None:
    queue.enqueue("k")

    def tell(attempt: Attempt) -> None:
        attempt.send("mail", "by mail", key="order 7")
        attempt.send("sms", "by sms", key="order 7")

    assert Worker(queue, {"k": tell}).run(until_empty=True) == {"done": 1}
    got: list[Any] = []
    receivers = {topic: lambda message: got.append(message.body) for topic in ("mail", "sms")}
    assert queue.deliver(receivers) == 2
    assert got == ["by mail", "by sms"]


@in_a_file
def test_another_message_under_a_known_key_fails_the_attempt(queue: Queue, file: Path) -> None:
    """Taking it for the same would lose it in silence; the same one is said once."""
    for body in ("first", "first", "second", True, 1):
        queue.enqueue("k", body, max_attempts=1)

    def tell(attempt: Attempt) -> None:
        attempt.write("INSERT INTO ledger VALUES (?)", f"job {attempt.id}")
        kept = "a" if isinstance(attempt.payload, str) else "b"
        attempt.send("mail", {"to": "Ann", "text": attempt.payload}, key=kept)

    assert Worker(queue, {"k": tell}).run(until_empty=True) == {"done": 3, "failed": 2}
    assert rows(file, "SELECT key, body ->> 'text' FROM outbox") == [("a", "first"), ("b", 1)]
    assert rows(file, "SELECT what FROM ledger") == [("job 1",), ("job 2",), ("job 4",)]
    said = rows(file, "SELECT note FROM trace WHERE action = 'settle_failed' ORDER BY seq")
    fact = "the outbox has another message to this topic under this key; choose a key of its own"
    assert said == [(f"BadRequest: message '{key}' to 'mail': {fact}",) for key in "ab"]


def test_messages_are_delivered_in_order_and_once_if_all_is_well(queue: Queue) -> None:
    outbox(queue, 1, 2, 3)
    got: list[Any] = []
    assert queue.deliver({"mail": lambda message: got.append(message.body)}) == 3
    assert queue.deliver({"mail": lambda message: got.append(message.body)}) == 0
    assert got == [1, 2, 3]


DIES = """\
import os, sys
from impl.queue import Queue
with Queue(sys.argv[1], lease_ms=1_000) as queue:
    queue.deliver({"mail": lambda message: os._exit(9)})
"""


def test_a_message_whose_receiver_dies_comes_again_with_its_key(queue: Queue, file: Path) -> None:
    outbox(queue, 1)
    died = subprocess.run([sys.executable, "-c", DIES, str(file)], check=False)
    assert died.returncode == 9
    got: list[Any] = []
    late = time.monotonic() + 60
    while not got:
        assert time.monotonic() < late
        queue.deliver({"mail": lambda message: got.append((message.key, message.body))})
    assert got == [("job/mail/1", 1)]
    assert rows(file, "SELECT sent, tries FROM outbox") == [(1, 2)]


def test_a_message_that_is_never_taken_does_not_hold_up_the_others(
    queue: Queue, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox(queue, "bad", 2, 3, "bad", 5)
    got: list[Any] = []

    def receive(message: Any) -> None:
        if message.body == "bad":
            raise ConnectionError("no such address")
        got.append(message.body)

    for _ in range(4):
        queue.deliver({"mail": receive})
    assert got == [2, 3, 5]
    assert rows(file, "SELECT count(*) FROM outbox WHERE NOT sent") == [(2,)]
    assert (
        "message job/mail/1 was not taken, at try 1: ConnectionError: no such address"
        in caplog.text
    )


def test_a_receiver_that_fails_does_not_end_the_worker(queue: Queue, file: Path) -> None:
    queue.enqueue("tell")

    def down(message: Any) -> None:
        raise ConnectionError("down")

    handlers = {"tell": lambda attempt: attempt.send("mail", 1)}
    assert Worker(queue, handlers, receivers={"mail": down}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT sent FROM outbox") == [(0,)]


def test_a_message_that_is_being_delivered_is_nobody_elses(queue: Queue, file: Path) -> None:
    outbox(queue, 1)
    again: list[int] = []

    def receive(message: Any) -> None:
        with Queue(file) as other:
            again.append(other.deliver({"mail": lambda message: again.append(99)}))

    assert queue.deliver({"mail": receive}) == 1
    assert again == [0]


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError()])
def test_whatever_a_receiver_raises_keeps_its_message_and_ends_nobody(
    queue: Queue, file: Path, error: BaseException
) -> None:
    outbox(queue, "bad", "good")
    got: list[Any] = []

    def receive(message: Any) -> None:
        if message.body == "bad":
            raise error
        got.append(message.body)

    Worker(queue, {}, receivers={"mail": receive}).run(until_empty=True)
    assert got == ["good"]
    assert rows(file, "SELECT body FROM outbox WHERE NOT sent") == [('"bad"',)]


def test_a_receiver_that_waits_to_be_awaited_has_not_taken_its_message(
    queue: Queue, file: Path
) -> None:
    outbox(queue, 1)

    async def receive(message: Any) -> None:
        raise AssertionError("nobody awaits it")

    receivers: dict[str, Any] = {"mail": receive}
    assert queue.deliver(receivers) == 0
    ((error,),) = rows(file, "SELECT error FROM outbox WHERE NOT sent")
    assert error.startswith("NotRun: returned a coroutine, which nobody runs")
