"""What a handler says outside is delivered at least once, in order, under a key of its own."""

from pathlib import Path
from typing import Any

import pytest

from impl.attempt import Attempt
from impl.queue import Queue
from impl.requests import BadRequest
from impl.worker import Worker
from tests.queue.looking import rows


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
    ("topic", "body"), [("a/b", 1), ("", 1), ("mail", float("nan")), ("mail", b"x")]
)
def test_a_message_that_cannot_be_is_refused_at_once(queue: Queue, topic: str, body: Any) -> None:
    queue.enqueue("k")
    refused = []

    def tell(attempt: Attempt) -> None:
        with pytest.raises(BadRequest) as wrong:
            attempt.send(topic, body)
        refused.append(wrong)

    assert Worker(queue, {"k": tell}).run(until_empty=True) == {"done": 1}
    assert len(refused) == 1


def outbox(queue: Queue, *bodies: Any) -> None:
    """Put messages to `mail` into the outbox."""
    queue.enqueue("tell", key="job")

    def tell(attempt: Attempt) -> None:
        for body in bodies:
            attempt.send("mail", body)

    Worker(queue, {"tell": tell}).run(until_empty=True)


def test_messages_are_delivered_in_order_and_once_if_all_is_well(queue: Queue) -> None:
    outbox(queue, 1, 2, 3)
    got: list[Any] = []
    assert queue.deliver({"mail": lambda message: got.append(message.body)}) == 3
    assert queue.deliver({"mail": lambda message: got.append(message.body)}) == 0
    assert got == [1, 2, 3]


def test_a_message_whose_receiver_dies_comes_again_with_its_key(queue: Queue) -> None:
    outbox(queue, 1)
    got = []

    class Killed(BaseException):
        pass

    def die(message: Any) -> None:
        got.append((message.key, message.body))
        raise Killed

    with pytest.raises(Killed):
        queue.deliver({"mail": die})
    queue.deliver({"mail": lambda message: got.append((message.key, message.body))})
    assert got == [("job/mail/1", 1)] * 2


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
    assert "message job/mail/1 was not taken: ConnectionError: no such address" in caplog.text


def test_a_receiver_that_fails_does_not_end_the_worker(queue: Queue, file: Path) -> None:
    queue.enqueue("tell")

    def down(message: Any) -> None:
        raise ConnectionError("down")

    handlers = {"tell": lambda attempt: attempt.send("mail", 1)}
    assert Worker(queue, handlers, receivers={"mail": down}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT sent FROM outbox") == [(0,)]


def test_only_one_process_delivers_at_a_time(queue: Queue, file: Path) -> None:
    outbox(queue, 1)
    again: list[int] = []

    def receive(message: Any) -> None:
        with Queue(file) as other:
            again.append(other.deliver({"mail": lambda message: again.append(99)}))

    assert queue.deliver({"mail": receive}) == 1
    assert again == [0]
