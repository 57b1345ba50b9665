"""What no two rows may have is taken by one of two who ask for it at once, on a real server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from checker.conformance.validating.merged import merged
from impl.derive.design import derive
from impl.postgresql.text.statements import statement
from impl.postgresql.trace import Ends, Row
from impl.postgresql.trial.database import Database
from impl.postgresql.trial.embedded import Server
from impl.postgresql.trial.session import Session
from impl.terms.outcomes import Done, Refused, Traced, Unseen
from spec.queue import SCOPES
from spec.queue.job import Job
from tests.postgresql.waiting import waits

IDLE = {"pc": "idle", "job": None, "held": 0, "held_epoch": 0}


@pytest.fixture
def two(server: Server) -> Iterator[tuple[Session, Session]]:
    """Return two sessions on a database with two jobs that are ready, and one permit for both."""
    with closing(Database(derive(SCOPES["permits"]), server)) as database:
        for j in range(2):
            assert isinstance(database.take("enqueue", {"j": j}, {}, {}), Done)
        yield database.session(), database.session()


def claim(session: Session, job: int) -> Done | Refused:
    return session.take("claim", {"w": job, "j": job, "p": 0}, IDLE)


@pytest.mark.parametrize("committed", [True, False])
def test_of_two_claims_at_once_one_gets_the_permit(
    server: Server, two: tuple[Session, Session], committed: bool
) -> None:
    one, other = two
    one.begin("READ COMMITTED")
    other.begin("READ COMMITTED")
    assert isinstance(claim(one, 0), Done)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(claim, other, 1)  # sees no claim, and waits for the index
        waits(server, late)
        one.commit() if committed else one.roll_back()
        outcome = late.result(10)
    assert outcome == Refused("free") if committed else isinstance(outcome, Done)
    other.commit()  # the transaction goes on, whatever became of the step
    rows = other.rows()[Job].values()
    assert sorted(str(row["status"]) for row in rows) == ["claimed", "ready"]


def test_who_had_a_slot_before_whom_is_in_the_order_of_writing() -> None:
    """A worker has read job 1 as it was before it made room, and has written that down late. So in
    one line the step that makes room comes late as well, and who came after it later still.
    """
    rows = [
        _row(1, "job1", 2, "worker1", 1, {"keeps_out[job1]": "subject1"}),
        _row(2, "job3", 1, "worker2", 1, {}),
        _row(3, "job2", 1, "job2", 1, {}, {"keeps_out[job2]": "subject1"}),
        _row(4, "job3", 2, "worker2", 2, {}, unseen=(Unseen(1, "look", {}, {}, "job1"),)),
    ]
    begun = Ends({"job1": 1}, {})

    def line(slots: tuple[str, ...]) -> list[str]:
        found = [e for e in merged(rows, 0, begun, slots) if isinstance(e, Traced)]
        return [row.actor for row in found]

    assert line(()).index("job2") < line(()).index("job1"), "no row or process says otherwise"
    assert line(("keeps_out",)) == ["job3", "job1", "job2", "job3"]


def _row(
    seq: int,
    element: str,
    version: int,
    process: str,
    nth: int,
    before: dict[str, str],
    after: dict[str, str] | None = None,
    unseen: tuple[Unseen, ...] = (),
) -> Row:
    said = Traced(seq, element, "step", {}, before, after or {}, unseen, None)
    return Row(element, version, process, nth, said)


def test_only_a_step_that_asks_for_a_slot_contends() -> None:
    said = {n: statement(t) for n, t in derive(SCOPES["unique"]).transitions.items()}
    assert {name for name, s in said.items() if s and s.contends} == {"enqueue"}
