"""A file of version 3, in which the store wrote the trace itself, is taken over."""

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from checker.conformance.validating.validate import validate
from impl import report
from impl.derive.reference import design
from impl.queue import Queue
from impl.terms.unusable import StoreError
from impl.upgrades.upgrade import upgrade
from impl.worker import Worker
from tests.clocks import HandClock
from tests.upgrades.aged import of_one_spec, of_version, refused


def test_from_then_on_the_database_writes_the_trace(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock(boots=2)
    of_version(3, file)
    with pytest.raises(StoreError, match=r"has version 3 of the schema.*`ffq queue upgrade"):
        Queue(file)
    with upgrade(file, clock=clock) as found:
        assert found.changes[0] == "the schema is of version 7, and was of version 3"
        assert (found.jobs, found.lapsed) == (7, 1)
        found.carry_out()
    of_one_spec(file, design())
    with closing(apsw.Connection(str(file))) as other:
        before = other.execute("SELECT count(*) FROM trace").fetchall()
        with pytest.raises(apsw.SQLError, match="no such function: ffq_steps"):
            other.execute("UPDATE job SET status = 'done' WHERE id = 5")
    assert before == [(17,)]
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
        clock.advance(4_000_000)
        clock.date += 4_000_000
        kinds = dict.fromkeys(("work", "fail", "held"), lambda a: None)
        assert Worker(queue, kinds).run(until_empty=True) == {"done": 4}
        assert report.stats(queue).jobs == {"dead": 2, "done": 5}
        assert queue.query("SELECT max(seq) > 17 + 4 * 5 FROM trace") == [(1,)]
    assert validate(str(file)).finding is None


@pytest.mark.parametrize(
    "taken", ["CREATE TABLE job_is_changed (x)", "CREATE INDEX job_is_put_in ON outbox (topic)"]
)
def test_what_has_the_name_of_a_trigger_by_chance_is_not_taken_away(
    tmp_path: Path, taken: str
) -> None:
    file = tmp_path / "queue.db"
    of_version(3, file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute(taken)
    assert "has something called 'job_is_" in refused(file)
