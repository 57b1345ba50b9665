"""Async handlers, and several jobs at once: the same claims, deadlines and fences."""

import asyncio
import contextlib
import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest

from impl.pool import Pool
from impl.queue import Queue
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt
from impl.working.coroutines import Cancelled, EventLoop
from tests.queue.file.looking import rows
from tests.worker.looking import enter, notes
from tests.worker.test_calls import waits_and_yields

ON_BOTH = True


async def fine(attempt: Attempt) -> None:
    await asyncio.sleep(0)
    enter(attempt, "entry")


async def hangs(attempt: Attempt) -> None:
    await asyncio.sleep(60)


def test_an_async_handler_is_awaited(queue: Queue, file: Path) -> None:
    queue.enqueue("k")
    assert Worker(queue, {"k": fine}).run(until_empty=True) == {"done": 1}
    assert rows(file, "SELECT what FROM ledger") == [("entry",)]


def test_steps_and_results_work_in_an_async_handler(queue: Queue, file: Path) -> None:
    queue.enqueue("k", max_attempts=2)

    async def careful(attempt: Attempt) -> None:
        attempt.once("step", ("INSERT INTO ledger VALUES (?)", ("step",)))
        await asyncio.sleep(0)
        if attempt.result("seen", lambda: attempt.number) == attempt.number:
            raise RuntimeError("the first time")
        enter(attempt, "entry")

    assert Worker(queue, {"k": careful}).run(until_empty=True) == {"failed": 1, "done": 1}
    assert rows(file, "SELECT what FROM ledger") == [("step",), ("entry",)]


@pytest.mark.parametrize(
    "raised", [RuntimeError, SystemExit, KeyboardInterrupt, asyncio.CancelledError, StopIteration]
)
def test_what_an_async_handler_raises_is_a_failure(
    queue: Queue, file: Path, raised: type[BaseException]
) -> None:
    queue.enqueue("k", max_attempts=1)
    queue.enqueue("fine")

    async def fails(attempt: Attempt) -> None:
        raise raised("no")

    handlers = {"k": fails, "fine": fine}
    assert Worker(queue, handlers).run(until_empty=True) == {"failed": 1, "done": 1}
    ((_, why),) = [note for note in notes(file) if note[0] == "settle_failed"]
    assert why is not None
    assert re.match(r"(RuntimeError|SystemExit|KeyboardInterrupt|Cancelled)", why)


def test_an_async_handler_is_cancelled_at_its_deadline(queue: Queue, file: Path) -> None:
    queue.enqueue("k", timeout=0.2, max_attempts=1)
    seen: list[type[BaseException]] = []

    async def watched(attempt: Attempt) -> None:
        try:
            await hangs(attempt)
        except BaseException as raised:
            seen.append(type(raised))
            raise

    assert Worker(queue, {"k": watched}).run(until_empty=True) == {"failed": 1}
    assert seen == [asyncio.CancelledError]
    assert notes(file) == [("settle_failed", "took too long")]


def test_an_async_handler_that_swallows_its_cancellation_is_cancelled_again(
    queue: Queue, file: Path
) -> None:
    queue.enqueue("k", timeout=0.2, max_attempts=1)

    async def stubborn(attempt: Attempt) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await hangs(attempt)
        await hangs(attempt)

    assert Worker(queue, {"k": stubborn}).run(until_empty=True) == {"failed": 1}
    assert notes(file) == [("settle_failed", "took too long")]


def test_a_coroutine_that_is_cancelled_before_its_first_step_has_ended() -> None:
    loop, go_on = EventLoop(), threading.Event()

    async def hold_up() -> None:
        go_on.wait(30)

    async def late() -> None:
        raise AssertionError("it was cancelled before")

    try:
        first = loop.begin(hold_up)
        second = loop.begin(late)
        second.cancel()
        go_on.set()
        first.wait()
        with pytest.raises(Cancelled):
            second.wait()
    finally:
        loop.close()


def test_a_job_is_not_settled_before_its_async_handler_has_cleaned_up(queue: Queue) -> None:
    queue.enqueue("k", timeout=0.2, max_attempts=1)
    order: list[str] = []

    async def tidy(attempt: Attempt) -> None:
        try:
            await hangs(attempt)
        finally:
            await asyncio.sleep(0.3)
            order.append("clean")

    worker = Worker(queue, {"k": tidy}, on_step=lambda attempt, step: order.append(step))
    assert worker.run(until_empty=True) == {"failed": 1}
    assert order == ["begun", "clean", "failed"]


def test_an_async_generator_is_no_handler(queue: Queue) -> None:
    why = "handler of 'k': is a generator function, which returns before it has run"
    with pytest.raises(BadRequest, match=why):
        Worker(queue, {"k": waits_and_yields})  # type: ignore[dict-item]


# ---------------------------------------------------------------- several at once
def test_a_pool_runs_as_many_jobs_at_once_as_it_has_workers(queue: Queue, file: Path) -> None:
    for _ in range(4):
        queue.enqueue("k")
    inside: list[int] = []
    all_in = asyncio.Event()

    async def meets(attempt: Attempt) -> None:
        inside.append(attempt.id)
        if len(inside) == 4:
            all_in.set()
        await asyncio.wait_for(all_in.wait(), 30)
        enter(attempt, str(attempt.id))

    assert Pool(queue, {"k": meets}, workers=4).run(until_empty=True) == {"done": 4}
    assert sorted(inside) == [1, 2, 3, 4]
    assert rows(file, "SELECT count(*) FROM ledger") == [(4,)]
    assert rows(file, "SELECT count(*) FROM process WHERE sort = 'Worker'") == [(4,)]


def test_plain_handlers_of_a_pool_run_beside_each_other(queue: Queue) -> None:
    for _ in range(3):
        queue.enqueue("k")
    barrier = threading.Barrier(3)

    def meets(attempt: Attempt) -> None:
        barrier.wait(30)

    pool = Pool(queue, {"k": meets}, workers=3)
    assert pool.run(until_empty=True) == {"done": 3}


def test_a_signal_stops_all_workers_of_a_pool(queue: Queue, file: Path) -> None:
    for _ in range(3):
        queue.enqueue("k")
    begun = threading.Semaphore(0)

    def tell(attempt: Attempt, step: str) -> None:
        if step == "begun":
            begun.release()

    def stop_when_begun() -> None:
        for _ in range(2):
            begun.acquire()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop_when_begun).start()
    pool = Pool(queue, {"k": hangs}, workers=2, on_step=tell, grace=0.2)
    assert pool.run() == {"released": 2}
    assert notes(file) == [("settle_released", "stopping")] * 2


def test_one_worker_of_a_pool_tells_of_deaths(queue: Queue) -> None:
    queue.enqueue("k", max_attempts=1)
    told: list[tuple[int, str]] = []

    async def fails(attempt: Attempt) -> None:
        raise RuntimeError("no")

    def tell(job: int, reason: str) -> None:
        told.append((job, reason))

    pool = Pool(queue, {"k": fails}, workers=3, on_death=tell)
    assert pool.run(until_empty=True) == {"failed": 1}
    assert told == [(1, "failures")]


def test_a_pool_of_none_is_refused(queue: Queue) -> None:
    with pytest.raises(BadRequest, match="workers: is 0; a pool needs one or more"):
        Pool(queue, {"k": fine}, workers=0)


def test_what_ends_one_worker_of_a_pool_ends_the_pool(queue: Queue) -> None:
    queue.enqueue("k")

    def broken(attempt: Attempt, step: str) -> None:
        raise StoreError("it", "is gone", "look")

    started = time.monotonic()
    with pytest.raises(StoreError, match="is gone"):
        Pool(queue, {"k": fine}, workers=3, on_step=broken).run()
    assert time.monotonic() - started < 30
