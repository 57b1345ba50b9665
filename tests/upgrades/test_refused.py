"""Where a file cannot be taken over, it is said why, and nothing is changed."""

from contextlib import closing
from pathlib import Path
from random import Random

import apsw
import pytest

from checker.conformance.validating.validate import validate
from impl import report
from impl.derive.reference import design
from impl.derive.tables import VERSION
from impl.queue import Queue
from impl.sqlite.scribe import write_down
from impl.terms.unusable import StoreError
from impl.upgrades.upgrade import upgrade
from spec.language.declared.model import Field
from spec.language.terms.expr import Const
from spec.queue.job import Job
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock
from tests.upgrades.aged import (
    FEWER_REASONS,
    LAX,
    TRUSTING,
    URGENT,
    fill,
    goes_on,
    of_one_spec,
    of_version,
    refused,
    taken_over,
    under,
)
from tests.upgrades.older import forge, more, retyped


def test_a_value_that_the_new_spec_does_not_know_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "queue.db")
    with under(FEWER_REASONS):
        assert refused(tmp_path / "queue.db") == (
            'job 3 cannot be taken over: reason cannot be "cancelled"; '
            "put that right with the ffq that made it"
        )


def test_a_row_that_breaks_an_invariant_of_the_new_spec_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(TRUSTING):
        fill(file)
    forge(str(file), 1, first=0)
    assert refused(file).startswith(
        "job 1 cannot be taken over: breaks INV-008 no_hidden_partial_update; "
    )


def test_an_invariant_more_is_a_change_of_the_tables(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(TRUSTING):
        fill(file)
    with pytest.raises(StoreError, match=r"if an older ffq made it, `ffq queue upgrade"):
        Queue(file)
    assert taken_over(file) == ("the tables are to be made in another way",)
    of_one_spec(file, design())
    assert goes_on(file).origin == 0


def test_a_field_of_another_kind_is_refused(tmp_path: Path) -> None:
    with under(more(Field("urgency", Job, bool, Const(False, bool), "durable", "whether soon"))):
        fill(tmp_path / "queue.db")
    with under(URGENT):
        assert "job 1 cannot be taken over: urgency has another type" in refused(
            tmp_path / "queue.db"
        )


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        ("UPDATE job SET max_fails = 5 WHERE id = 5",
         "the trace leads to max_fails[job5] = 3, and it is 5"),
        ("DELETE FROM trace WHERE seq = 2", "row 2 of the trace is missing"),
        ("UPDATE trace SET before = '{\"status[job1]\": \"dead\"}' WHERE seq = 4",
         "row 4 of the trace has status[job1] = 'dead' before it, and it was "),
        ("UPDATE trace SET after = '[]' WHERE seq = 1", "row 1 of the trace cannot be read"),
        ("DELETE FROM job WHERE id = 4", "the trace leads to status[job4] = 'ready', "),
        ("UPDATE meta SET value = '{}' WHERE name = 'outline'",
         "was made for a spec that it does not describe"),
        ("DROP TABLE trace", "has no table trace"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, damage: str, fact: str) -> None:
    file = tmp_path / "queue.db"
    with under(LAX):
        fill(file)
    with closing(apsw.Connection(str(file))) as other:
        for trigger in ("rewritten", "shortened"):
            other.execute(f"DROP TRIGGER trace_is_not_{trigger}")
        other.pragma("ignore_check_constraints", 1)
        write_down(other, False)
        other.execute(damage)
    assert fact in refused(file)


def claimed(file: Path, clock: HandClock) -> None:
    """Leave a job behind that is claimed, and nobody to hold the file."""
    with Queue(file, clock=clock, lease_ms=10_000) as queue:
        queue.enqueue("work")
        worker = queue.process(WorkerSort)
        with queue.transaction() as t:
            queue.line.claim(t, worker, ["work"], 10_000)


def test_a_claim_whose_lease_runs_is_waited_for(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    with under(LAX):
        claimed(file, clock)
    clock.advance(4_000)
    assert refused(file, clock=clock) == (
        "job 1 is claimed, and its lease runs for 6.0 s; "
        "let its worker finish, or wait until it is over"
    )


@pytest.mark.parametrize("over", ["the lease has run out", "the machine was started anew"])
def test_a_claim_whose_lease_is_over_is_taken_over_and_ends_as_others_do(
    tmp_path: Path, over: str
) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    with under(LAX):
        claimed(file, clock)
    if over == "the lease has run out":
        clock.advance(10_000)
    else:
        clock.reboot()
    with upgrade(file, clock=clock) as found:
        assert (found.jobs, found.lapsed) == (1, 1)
        found.carry_out()
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
        (past,) = report.job(queue, 1).history
        assert past.outcome == "interrupted"
    assert validate(str(file)).finding is None


@pytest.mark.parametrize("version", [1, VERSION + 1])
def test_a_schema_of_another_time_is_refused(tmp_path: Path, version: int) -> None:
    fill(tmp_path / "queue.db")
    with closing(apsw.Connection(str(tmp_path / "queue.db"))) as other:
        other.pragma("user_version", version)
    remedy = "an older ffq" if version == 1 else "a newer ffq"
    fact = f"has version {version} of the schema, and this ffq knows {VERSION}; use {remedy}"
    assert refused(tmp_path / "queue.db") == fact


def test_a_table_of_the_users_that_would_keep_the_queue_from_writing_is_refused(
    tmp_path: Path,
) -> None:
    """A key was unique in version 2, so that a foreign key could name it."""
    file = tmp_path / "queue.db"
    of_version(2, file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("CREATE TABLE invoice (key TEXT REFERENCES task (key))")
    assert refused(file) == (
        "has the table 'invoice', which belongs to 'task', and there is none now; "
        "let it belong to job, with the ffq that made the file"
    )


def test_an_index_of_the_users_on_a_table_that_there_is_no_more_is_refused(tmp_path: Path) -> None:
    """What is in it now is in another one, and nobody but its owner knows what it is for."""
    file = tmp_path / "queue.db"
    of_version(3, file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("CREATE INDEX mine ON task (kind)")
    assert refused(file) == (
        "has the index 'mine', which belongs to 'task', and there is none now; "
        "let it belong to job, with the ffq that made the file"
    )


@pytest.mark.parametrize(("version", "name"), [(2, "origin"), (2, "paused"), (3, "paused")])
def test_a_name_that_the_user_has_taken_is_refused(tmp_path: Path, version: int, name: str) -> None:
    file = tmp_path / "queue.db"
    of_version(version, file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute(f"CREATE TABLE {name} (place TEXT)")
    assert refused(file) == (
        f"has something called '{name}', and so is a table of the new schema; "
        "rename it with the ffq that made the file"
    )


def test_a_trigger_of_the_users_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    of_version(2, file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("CREATE TRIGGER mine AFTER INSERT ON task BEGIN SELECT 1; END")
    assert refused(file) == (
        "has a trigger 'mine' on the table task, where there may be none; "
        "drop it with the ffq that made the file"
    )


def test_what_the_spec_says_in_prose_is_no_difference(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    with under(retyped("token", doc="how often it was claimed")):
        fill(file)
    with Queue(file, clock=HandClock()) as queue:
        assert report.stats(queue).jobs == {"dead": 1, "done": 2, "ready": 2}
    with upgrade(file) as found:
        assert found.changes == ()


@pytest.mark.parametrize("seed", range(4))
def test_of_damage_it_is_said_in_one_line(tmp_path: Path, seed: int) -> None:
    chance, whole = Random(seed), tmp_path / "whole.db"
    of_version(2, whole)
    for n in range(40):
        file, damaged = tmp_path / f"{n}.db", bytearray(whole.read_bytes())
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        try:
            with upgrade(file, clock=HandClock(boots=2)) as found:
                found.carry_out()
        except StoreError as wrong:
            assert len(str(wrong).splitlines()) == 1
            assert file.read_bytes() == damaged
            assert not list(tmp_path.glob(f"{n}.db.backup*"))
