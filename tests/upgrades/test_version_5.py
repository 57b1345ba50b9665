"""A file of version 5, whose moments were beside its timers and by two clocks, is taken over."""

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

PAUSE, DELAY = 48_651, 3_600_000
"""How long the job that has failed waits, by the file, and the one that is for later, in ms."""


def due(queue: Queue) -> list[str]:
    now = queue.clock.now()
    return [key for (key,) in queue.query("SELECT key FROM job WHERE due <= ? ORDER BY id", (now,))]


def test_a_job_is_due_when_it_was_by_whatever_clock(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    of_version(5, file)
    with pytest.raises(StoreError, match=r"has version 5 of the schema.*`ffq queue upgrade"):
        Queue(file)
    assert refused(file, clock).startswith("job 6 is claimed, and its lease runs for 30.0 s")
    clock.advance(30_000)
    with upgrade(file, clock=clock) as found:
        assert found.changes[0] == "the schema is of version 7, and was of version 5"
        assert (found.jobs, found.lapsed) == (6, 1)
        found.carry_out()
    of_one_spec(file, design())
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
        clock.advance(PAUSE - 30_000 - 1)
        assert due(queue) == ["ready", "held"]
        clock.advance(1)
        assert due(queue) == ["failed", "ready", "held"]
        clock.advance(DELAY - PAUSE - 1)
        assert due(queue) == ["failed", "ready", "held"]
        clock.advance(1)
        assert due(queue) == ["failed", "delayed", "ready", "held"]
        kinds = dict.fromkeys(("work", "fail", "held"), lambda a: None)
        assert Worker(queue, kinds).run(until_empty=True) == {"done": 4}
        assert report.stats(queue).jobs == {"dead": 1, "done": 5}
    judged = validate(str(file))
    assert (judged.finding, judged.origin) == (None, 17)


def test_after_a_boot_only_what_was_for_later_waits(tmp_path: Path) -> None:
    """The clock of the boot by which a pause was measured is gone."""
    file, clock = tmp_path / "queue.db", HandClock(boots=2, uptime=5_000)
    of_version(5, file)
    with upgrade(file, clock=clock) as found:
        found.carry_out()
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
        assert due(queue) == ["failed", "ready", "held"]
        clock.advance(DELAY - 1)
        assert "delayed" not in due(queue)
        clock.advance(1)
        assert "delayed" in due(queue)


@pytest.mark.parametrize("table", ["failures", "paused", "ended"])
def test_what_the_user_has_called_as_a_table_that_is_new_is_not_taken_away(
    tmp_path: Path, table: str
) -> None:
    file = tmp_path / "queue.db"
    of_version(5, file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute(f"CREATE TABLE {table} (mine)")
    fact = f"has something called '{table}', and so is a table of the new schema; "
    assert refused(file, HandClock()).startswith(fact)


# ---------------------------------------------------------------- where nothing could be forgotten
CLAIMED_BEFORE = [(1, 0), (2, 0), (3, 0), (4, 1), (5, 2), (6, 0), (7, 0)]
"""Job 4 does job 3 again, and job 5 both; each of these was claimed once."""


def test_what_is_over_ended_when_it_was_taken_over(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    of_version(5, file, "retried")
    with upgrade(file, clock=clock) as found:
        found.carry_out()
    of_one_spec(file, design())
    with Queue(file, clock=clock, retain=3_600) as queue:
        assert queue.query("SELECT id, claimed_before FROM job ORDER BY id") == CLAIMED_BEFORE
        ended = queue.query("SELECT job, how FROM ended ORDER BY job")
        assert ended == [(1, "done"), (2, "done"), (6, "cancelled")]
        assert queue.deliver({"mail": lambda message: None}) == 2
        tokens = []
        Worker(queue, {"fail": lambda a: tokens.append(a.token)}).run(until_empty=True)
        assert tokens == [(queue.epoch, 3)]
        clock.advance(3_500_000)
        assert queue.prune() == 0
        clock.advance(200_000)
        assert queue.prune() == 6
        assert queue.query("SELECT id FROM job") == [(7,)]
    assert validate(str(file)).finding is None
