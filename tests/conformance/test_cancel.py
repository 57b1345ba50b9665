"""A job that its client gives up, with its worker at any point of the work, in the spec and in the
store at once.
"""

from collections.abc import Iterator

import pytest

from checker.conformance.beside_spec import Replay
from checker.search.compiled import explore
from impl.derive.design import derive
from spec.language import forget, require
from spec.language.edited.edits import instead
from spec.queue import SCOPES
from spec.queue.cancel import Cancelled
from spec.queue.job import Status, Worker, end_claim, fenced, leased
from spec.queue.notices import Notice
from spec.queue.outside.effects import written

WHOLE = SCOPES["whole"]
CLAIMED = "send enqueue fall_due claim start"
RECORDED = f"{CLAIMED} write_first write_second record"


class Run:
    """The first worker, recoverer and job of a scope, taking steps by name."""

    def __init__(self) -> None:
        self.replay = Replay(derive(WHOLE))

    def step(self, action: str) -> str | None:
        params = WHOLE.spec.actions[action].params
        return self.replay.step(self.replay.steps.find(action, {p.name: 0 for p in params}))

    def take(self, actions: str) -> None:
        for action in actions.split():
            assert self.step(action) is None, action

    def __getitem__(self, field: str) -> object:
        pairs = zip(WHOLE.places, self.replay.state, strict=True)
        return next(value for place, value in pairs if place.field.name == field)


@pytest.fixture
def run() -> Iterator[Run]:
    run = Run()
    yield run
    run.replay.store.close()


@pytest.mark.parametrize(
    ("before", "letter", "interrupts"),
    [
        ("send enqueue", "nothing", 0),
        ("send enqueue fall_due claim", "nothing", 1),
        (f"{CLAIMED} write_first", "half", 1),
        (f"{CLAIMED} write_first write_second", "both", 1),
        (RECORDED, "applied", 1),
        (f"{RECORDED} expire look", "applied", 1),
        ("send enqueue fall_due claim settle_failed", "nothing", 0),
        ("send enqueue fall_due claim settle_released fall_due claim", "nothing", 2),
    ],
)
def test_a_cancelled_job_is_dead_and_tells_what_was_written(
    run: Run, before: str, letter: str, interrupts: int
) -> None:
    run.take(f"{before} cancel")
    assert (run["status"], run["reason"], run["lease"]) == ("dead", "cancelled", "none")
    assert (run["letter"], run["notice"]) == (letter, "due")
    assert run["interrupts"] == interrupts
    assert run.step("cancel") == "open"
    run.take("notify")


@pytest.mark.parametrize(
    ("before", "late"),
    [
        ("send enqueue fall_due claim", "start heartbeat settle_failed settle_released"),
        (CLAIMED, "write_first settle_done"),
        (f"{CLAIMED} write_first", "write_second settle_done"),
        (f"{CLAIMED} write_first write_second", "record settle_failed"),
        (RECORDED, "settle_done settle_failed settle_released heartbeat"),
    ],
)
def test_what_a_worker_asks_of_a_cancelled_job_is_refused(run: Run, before: str, late: str) -> None:
    run.take(f"{before} cancel")
    for action in late.split():
        assert run.step(action) == "leased"
    run.take("abandon")
    assert run["pc"] == "idle"


def test_nobody_claims_a_cancelled_job(run: Run) -> None:
    run.take("send enqueue cancel")
    assert run.step("claim") == "ready"


def test_a_recoverer_that_saw_the_lease_expired_does_not_end_the_claim_again(run: Run) -> None:
    run.take("send enqueue fall_due claim expire look cancel")
    assert run.step("recover") == "expired"
    assert run["interrupts"] == 1


def test_a_job_that_is_done_or_dead_or_not_there_is_not_cancelled(run: Run) -> None:
    assert run.step("cancel") == "open"
    run.take(f"{RECORDED} settle_done")
    assert run.step("cancel") == "open"
    assert run["reason"] == "none"


@pytest.mark.deep
def test_a_worker_that_settles_a_job_as_cancelled_is_caught_by_one_claim_alone() -> None:
    def settle_released(s, w: Worker) -> None:  # type: ignore[no-untyped-def]
        """The worker gives the job up, and says that the client did."""
        j = s.job[w]
        require(leased=leased(s, j), fenced=fenced(s, w))  # type: ignore[no-untyped-call]
        s.interrupts[j] = s.interrupts[j] + 1
        end_claim(s, j, Status.dead, Cancelled)  # type: ignore[no-untyped-call]
        s.letter[j] = written(s, j)  # type: ignore[no-untyped-call]
        s.notice[j] = Notice.due
        forget(w)

    found = explore(WHOLE.on(instead(WHOLE.spec, "settle_released", settle_released)))
    assert found.violations == {"only_clients_cancel": 5}
