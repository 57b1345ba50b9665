"""The queue itself over a promotion: with a standby that is waited for nothing answered is lost."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from checker.conformance.validating.validate import validate
from checker.failover.taken import LAZY
from impl.postgresql.trial.standby import Pair
from impl.queue import Queue
from impl.terms.outcomes import OutcomeUnknown
from tests.stores import address

pytestmark = pytest.mark.deep


def promoted(pair: Pair, place: str) -> str:
    """Let the standby take over; return where the queue is now."""
    pair.primary.kill()
    pair.promote()
    return place.replace(str(pair.primary.folder), str(pair.standby.folder))


@pytest.mark.parametrize(("synchronous", "kept"), [(True, ["early", "late"]), (False, ["early"])])
def test_what_was_answered_is_there_if_the_standby_was_waited_for(
    synchronous: bool, kept: list[str]
) -> None:
    with Pair(synchronous, LAZY) as pair:
        place = address(pair.primary)
        with Queue(place) as queue:
            epoch = queue.epoch
            queue.enqueue("k", key="early")
            pair.catch_up()
            if not synchronous:
                pair.hold_back()
            queue.enqueue("k", key="late")
            now = promoted(pair, place)
        with Queue(now) as queue:
            assert [key for (key,) in queue.query("SELECT key FROM job ORDER BY id")] == kept
            assert queue.epoch > epoch
        assert validate(now).finding is None


def cancel_the_wait(pair: Pair) -> None:
    asked = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    with pair.primary.connect() as c:
        while c.execute(asked).fetchone() is None:
            time.sleep(0.005)


def test_a_wait_that_is_cancelled_is_no_answer() -> None:
    with Pair(True, LAZY) as pair, ThreadPoolExecutor(1) as aside:
        place = address(pair.primary)
        with Queue(place) as queue:
            queue.enqueue("k", key="early")
            pair.hold_back()
            cancelled = aside.submit(cancel_the_wait, pair)
            with pytest.raises(OutcomeUnknown, match="a standby has not confirmed it"):
                queue.enqueue("k", key="late")
            cancelled.result()
            assert queue.query("SELECT key FROM job ORDER BY id") == [("early",), ("late",)]
            now = promoted(pair, place)
        with Queue(now) as queue:
            assert queue.query("SELECT key FROM job ORDER BY id") == [("early",)]
