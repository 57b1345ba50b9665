"""A file that an older ffq has made, with another schema, is taken over."""

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from checker.conformance.validating.validate import validate
from impl import report
from impl.derive.reference import design
from impl.queue import Queue
from impl.sqlite.file import outline
from impl.terms.unusable import StoreError
from impl.upgrades.upgrade import upgrade
from impl.worker import Worker
from tests.clocks import HandClock
from tests.upgrades.aged import (
    LAX,
    MORE_REASONS,
    SINCE_VERSION_2,
    URGENT,
    fill,
    of_one_spec,
    of_version,
    refused,
    taken_over,
    under,
    work,
)
from tests.upgrades.older import WHOLE


def test_a_file_of_version_2_is_taken_over(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock(boots=2)
    of_version(2, file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("CREATE INDEX mine ON outbox (topic)")
    with pytest.raises(StoreError, match=r"has version 2 of the schema.*`ffq queue upgrade"):
        Queue(file)
    with upgrade(file, clock=clock) as found:
        assert found.changes == SINCE_VERSION_2
        assert (found.jobs, found.lapsed) == (8, 1)
        assert found.carry_out() == f"{file}.backup-1"
    of_one_spec(file, design())
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
        stats = report.stats(queue)
        assert (stats.jobs, stats.unsent, stats.notices) == (
            {"dead": 2, "done": 2, "ready": 4}, 1, 1,
        )  # fmt: skip
        whole = {job.id: report.job(queue, job.id) for job in report.jobs(queue)}
        assert [job.line.key for job in whole.values()] == [
            "first", "second", "bad", "given up", "waiting", "delayed", "given up",
            "left behind",
        ]  # fmt: skip
        assert whole[6].line.due == 1_900_003_600_000
        assert whole[6].payload == {"déjà": "vu"}
        assert (whole[4].retried_as, whole[7].retry_of) == (7, 4)
        assert [past.outcome for past in whole[8].history] == ["interrupted"]
        assert whole[8].steps == ("quote",)
        assert queue.retry(4).id == 7
        assert whole[3].history[0].note == "RuntimeError: no such account"
        assert whole[8].token > (1, 1)
        assert queue.query("SELECT * FROM receipt") == [(1, 7), (2, 7)]
        assert queue.query("SELECT tbl_name FROM sqlite_schema WHERE name = 'mine'") == [
            ("outbox",)
        ]
        sent: list[str] = []
        assert queue.deliver({"mail": lambda message: sent.append(message.key)}) == 1
        assert sent == ["second/mail/1"]
        assert not queue.enqueue("charge", {"account": 1}, key="first").new
        clock.advance(4_000_000)
        done: list[str] = []
        kinds = dict.fromkeys(("charge", "never"), lambda a: done.append(a.key))
        Worker(queue, kinds).run(until_empty=True)
        assert done == ["waiting", "given up", "left behind", "delayed"]
    judged = validate(str(file))  # what came before is of another spec
    assert (judged.finding, judged.origin) == (None, 27)


def test_schema_and_spec_can_change_at_once(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock(boots=2)
    of_version(2, file)
    with under(URGENT) as to:
        with upgrade(file, clock=clock) as found:
            assert set(found.changes) == {*SINCE_VERSION_2, "field urgency is new, and begins as 0"}
            found.carry_out()
        of_one_spec(file, to)
        with Queue(file, clock=clock) as queue:
            assert queue.recover() == 1
            clock.advance(4_000_000)
            kinds = dict.fromkeys(("charge", "never"), lambda a: None)
            assert Worker(queue, kinds).run(until_empty=True) == {"done": 4}
        judged = validate(str(file))
        assert (judged.finding, judged.origin) == (None, 27)


def test_one_change_after_the_other_keeps_each_backup(tmp_path: Path) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    origins: list[int] = []
    for spec in (WHOLE, LAX, URGENT, MORE_REASONS, WHOLE):
        with under(spec):
            if spec is WHOLE and not origins:
                fill(file, clock)
            else:
                taken_over(file)
            with Queue(file, clock=clock) as queue:
                clock.advance(100_000)
                queue.enqueue("work", spec.edits)
                Worker(queue, {"work": work}).run(until_empty=True)
            judged = validate(str(file))
            assert judged.finding is None
            origins.append(judged.origin)
    assert origins == sorted(set(origins))
    assert [len(list(tmp_path.glob(f"queue.db.backup-{n}"))) for n in range(6)] == [
        0,
        1,
        1,
        1,
        1,
        0,
    ]
    with under(WHOLE), Queue(file, clock=clock) as queue:
        attempts = [past for n in range(1, 11) for past in report.job(queue, n).history]
        assert [past.outcome for past in attempts] == ["done"] * 9


def test_what_the_code_says_of_version_2_is_what_its_files_are() -> None:
    """While the spec is still the one of that time, its outline is computed and not remembered."""
    found = outline.read({"spec": "38563507c6881d02a481c841cbe44f79"})
    assert found is not None
    if design().identity["spec"] == "38563507c6881d02a481c841cbe44f79":
        assert found == outline.outline(design())


def test_a_file_of_version_2_and_of_an_unknown_spec_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"
    of_version(2, file)
    with closing(apsw.Connection(str(file))) as other:
        other.execute("UPDATE meta SET value = 'f00' WHERE name = 'spec'")
    assert refused(file) == (
        "was made for a spec that it does not describe (f00); export it with the ffq that made it"
    )
