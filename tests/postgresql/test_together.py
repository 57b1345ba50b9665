"""On a server, too, a finish is one statement, and each of its steps has a row of the trace."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from checker.conformance.validating.validate import validate
from impl.derive import fused as fusing
from impl.derive.fused import Fused
from impl.interface import transaction
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import LostClaim
from tests.queue.file.looking import claimed
from tests.stores import address

STEPS = ["write_first", "write_second", "record", "settle_done"]


@pytest.fixture
def queue(server: Server) -> Iterator[Queue]:
    with Queue(address(server)) as opened:
        opened.enqueue("mail")
        yield opened


def test_a_finish_writes_the_row_once_and_the_trace_four_times(queue: Queue) -> None:
    attempt = claimed(queue, "mail")
    attempt.start()
    asked = "SELECT n_tup_upd FROM pg_stat_xact_user_tables WHERE relid = 'job'::regclass"
    with queue.transaction() as t:
        ((before,),) = t.own(asked)
        attempt.finish(t)
        ((after,),) = t.own(asked)
    assert after - before == 1
    taken = queue.store.own("SELECT action FROM trace WHERE element = 'job1' ORDER BY version")
    assert [action for (action,) in taken][-4:] == STEPS
    assert validate(queue.store.address).finding is None


def test_whoever_has_lost_the_claim_is_told_by_which_guard(queue: Queue) -> None:
    attempt = claimed(queue, "mail")
    attempt.start()
    queue.cancel(1)
    with pytest.raises(LostClaim, match="leased"), queue.transaction() as t:
        attempt.finish(t)
    assert validate(queue.store.address).finding is None


WRONG: dict[str, Callable[[Fused], Fused]] = {
    "columns of another step": lambda whole: replace(whole, columns=whole.columns[::-1]),
    "a step that says of no column": lambda whole: replace(whole, columns=(0, *whole.columns[1:])),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_trace_that_says_something_else_is_found(
    what: str, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(of: Any, actions: tuple[str, ...]) -> Fused | None:
        whole = fusing.fused(of, actions)
        return None if whole is None else WRONG[what](whole)

    monkeypatch.setattr(transaction, "fused", wrong)
    Worker(queue, {"mail": lambda attempt: None}).run(until_empty=True)
    assert validate(queue.store.address).finding is not None
