"""What a handler says outside is delivered at least once, and what is not taken holds up nobody."""

import asyncio
import multiprocessing
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from impl.derive.reference import MOST
from impl.parts.outbox import Topic
from impl.parts.speaker import TOO_LONG
from impl.queue import Queue
from impl.report import Unsaid, job, stats
from impl.terms.requests import BadRequest
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.clocks import HandClock
from tests.queue.looking import claimed, rows


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


# ---------------------------------------------------------------- what is never taken


def test_what_is_not_taken_waits_longer_each_time_and_is_given_up_in_the_end(file: Path) -> None:
    clock = HandClock()

    def down(message: Any) -> None:
        raise ConnectionError("down")

    with Queue(file, clock=clock) as queue:
        outbox(queue, 1)
        waits = []
        for tries in range(1, MOST + 1):
            assert queue.deliver({"mail": down}) == 0
            ((tried, due),) = rows(file, "SELECT tries, due FROM outbox")
            assert tried == tries
            if due is not None:
                waits.append(due - queue.clock.now())
                clock.uptime += waits[-1] - 1
                queue.deliver({"mail": down})  # too early
                clock.uptime += 1
        assert due is None
        clock.advance(10 * 24 * 3_600_000)
        assert queue.deliver({"mail": down}) == 0
        counted, shown = stats(queue), job(queue, 1).unsaid
    assert all(500 <= waits[0] <= 1_000 and 1_800_000 <= wait <= 3_600_000 for wait in waits[12:])
    assert rows(file, "SELECT tries FROM outbox") == [(MOST,)]
    assert (counted.unsent, counted.given_up) == (1, 1)
    assert shown == (Unsaid("message job/mail/1 to mail", MOST, True, "ConnectionError: down"),)


def test_a_death_that_nobody_hears_of_is_given_up_in_the_end(file: Path) -> None:
    clock = HandClock()

    def deaf(job: int, reason: str) -> None:
        raise ConnectionError("deaf")

    with Queue(file, clock=clock) as queue:
        queue.enqueue("k")
        queue.cancel(1)
        for _ in range(MOST):
            assert queue.announce(deaf) == 0
            clock.advance(3_600_000)
        assert queue.announce(lambda *_: None) == 0
        assert (stats(queue).notices, stats(queue).given_up) == (1, 1)
        assert job(queue, 1).unsaid == (Unsaid("its death", MOST, True, "ConnectionError: deaf"),)


def test_what_waited_is_tried_after_a_boot_as_without_it(file: Path) -> None:
    clock = HandClock()

    def down(*_: Any) -> None:
        raise ConnectionError("down")

    with Queue(file, clock=clock) as queue:
        outbox(queue, 1)
        queue.enqueue("k")
        queue.cancel(2)
        assert (queue.deliver({"mail": down}), queue.announce(down)) == (0, 0)
    clock.reboot()
    with Queue(file, clock=clock) as queue:
        assert queue.deliver({"mail": lambda message: None}) == 0
        clock.advance(1_000)
        assert queue.deliver({"mail": lambda message: None}) == 1
        assert queue.announce(lambda *_: None) == 1


# ---------------------------------------------------------------- what hangs


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """An event to wait for, which comes when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_a_receiver_that_hangs_holds_up_neither_other_topics_nor_deaths_nor_claims(
    file: Path, never: threading.Event
) -> None:
    said: list[Any] = []

    def tell(attempt: Attempt) -> None:
        for topic in ("hangs", "goes on"):
            attempt.send(topic, attempt.id)

    def told(job: int, reason: str) -> None:
        said.append(f"death of {job}")

    with Queue(file) as queue:  # a lease is longer than this test
        for _ in range(3):
            queue.enqueue("tell")
        queue.enqueue("dies")
        queue.cancel(4)
        receivers: dict[str, Any] = {
            "hangs": lambda message: never.wait(),
            "goes on": lambda message: said.append(message.body),
        }
        worker = Worker(queue, {"tell": tell}, receivers=receivers, on_death=told, grace=0.2)

        def stop_once_all_is_said() -> None:
            while len(said) < 4 and not never.wait(0.02):
                pass
            worker.stop()

        threading.Thread(target=stop_once_all_is_said, daemon=True).start()
        worker.run()
    assert {1, 2, 3, "death of 4"} <= set(said)
    assert rows(file, "SELECT count(*) FROM outbox WHERE NOT sent AND topic = 'hangs'") == [(3,)]


def test_a_receiver_that_hangs_is_left_behind_after_a_lease(
    file: Path, never: threading.Event
) -> None:
    with Queue(file, lease_ms=200) as queue:
        outbox(queue, "hangs", "goes on")
        got: list[Any] = []

        def receive(message: Any) -> None:
            if message.body == "hangs":
                never.wait()
            got.append(message.body)

        assert queue.deliver({"mail": receive}) == 1
        assert got == ["goes on"]
    assert rows(file, "SELECT body, error FROM outbox WHERE NOT sent") == [('"hangs"', TOO_LONG)]


def test_the_house_is_kept_while_a_handler_runs(file: Path) -> None:
    """What another worker has lost is recovered, its death is told, and messages go out."""
    with Queue(file, lease_ms=1_000) as queue:
        outbox(queue, "hello")
        queue.enqueue("lost", max_interrupts=1)
        claimed(queue, "lost")
        queue.enqueue("long")
        heard: list[Any] = []

        def long(attempt: Attempt) -> None:
            late = time.monotonic() + 60
            while len(heard) < 2:
                assert time.monotonic() < late
                time.sleep(0.02)

        worker = Worker(
            queue,
            {"long": long},
            receivers={"mail": lambda message: heard.append(message.body)},
            on_death=lambda job, reason: heard.append((job, reason)),
        )
        assert worker.run(until_empty=True) == {"done": 1}
    assert sorted(map(str, heard)) == ["(2, 'interruptions')", "hello"]


def test_children_of_a_receiver_hold_up_nothing(queue: Queue, file: Path) -> None:
    """Whatever they inherit: they may live for as long as a pool of processes does."""
    outbox(queue, 1, 2)
    children = []

    def starts_a_child(message: Any) -> None:
        child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(3600,))
        child.start()
        children.append(child)

    try:
        assert queue.deliver({"mail": starts_a_child}) == 2
        queue.enqueue("k")
        queue.cancel(2)
        with Queue(file) as other:
            assert other.announce(lambda *_: None) == 1
    finally:
        for child in children:
            child.kill()
    assert rows(file, "SELECT count(*) FROM outbox WHERE NOT sent") == [(0,)]


def test_what_fails_late_does_not_free_what_another_has_taken(queue: Queue, file: Path) -> None:
    outbox(queue, 1)
    topic, now = Topic("mail", lambda message: None), queue.clock.now()
    with queue.transaction() as t:
        (row,) = topic.first(t.own, now)
        first, second = (topic.take(t, row, now) for _ in range(2))
        assert (first.tries, second.tries) == (1, 2)
        topic.failed(t, first, None, "late")
    assert rows(file, "SELECT due, error FROM outbox") == [(now, None)]
