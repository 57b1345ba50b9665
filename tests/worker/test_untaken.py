"""Messages and deaths that nobody takes, and receivers that hang."""

import multiprocessing
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
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, rows
from tests.stores import in_a_file
from tests.worker.looking import outbox

ON_BOTH = True

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


@in_a_file
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
        taken = [
            item
            for _ in range(2)
            for row in topic.first(t.own, now)
            for item in topic.take(t, row, now)
        ]
        first, second = taken
        assert (first.tries, second.tries) == (1, 2)
        topic.failed(t, first, None, "late")
    assert rows(file, "SELECT due, error FROM outbox") == [(now, None)]
