"""The same queue on the oldest server that can keep one, which tells less of what it writes."""

from collections.abc import Iterator

import pytest

from checker.conformance.validating.validate import validate
from checker.evidence.detection.alarms import alarms
from impl.derive.reference import design
from impl.postgresql.connection import OLDEST
from impl.postgresql.text.statements import statement
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.clocks import HandClock
from tests.queue.file.looking import claimed
from tests.stores import address
from tests.worker.looking import AT_ONCE

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def oldest() -> Iterator[Server]:
    with Server(oldest=True) as running:
        yield running


def test_no_statement_for_it_asks_how_a_row_was() -> None:
    said = [s for t in design().transitions.values() if (s := statement(t, old=False))]
    assert len(said) > 20
    assert not any(word in s.text for s in said for word in ("old.", "new."))


def test_work_of_every_kind_is_done_and_is_a_behaviour_of_the_spec(oldest: Server) -> None:
    assert oldest.version.startswith(str(OLDEST))
    place, clock = address(oldest), HandClock()
    died: list[int] = []
    with Queue(place, clock=clock, lease_ms=10_000, retain=3_600, backoff=AT_ONCE) as queue:
        for n in range(3):
            queue.enqueue("pay", n)
        queue.enqueue("fail", max_attempts=2)
        queue.cancel(queue.enqueue("pay").id)

        def fail(_: Attempt) -> None:
            raise ValueError("no")

        def pay(attempt: Attempt) -> None:
            attempt.once("looked")
            attempt.result("quote", lambda: 7)
            attempt.send("mail", attempt.payload)

        worker = Worker(
            queue, {"pay": pay, "fail": fail}, receivers={"mail": lambda _: None},
            on_death=lambda job, _: died.append(job),
        )  # fmt: skip
        assert worker.run(until_empty=True) == {"done": 3, "failed": 2}
        queue.enqueue("k")
        attempt = claimed(queue)
        assert attempt.start()
        attempt.heartbeat(queue)
        clock.advance(7_200_000)
        assert queue.recover() == 1
        assert queue.prune() == 4
        assert queue.retry(4).new
        assert len(died) == 2
    verdict = validate(place)
    assert (verdict.origin > 0, verdict.finding) == (True, None)
    assert verdict.jobs == {"dead": 1, "ready": 2}
    assert alarms(place) == []
