"""A file of another spec is taken over whole, and goes on from where it was."""

import json
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from checker.commands.main import main
from checker.conformance.validating.validate import validate
from impl import report
from impl.derive.view import Global
from impl.queue import Queue
from impl.sqlite.scribe import write_down
from impl.sqlite.store import Store
from impl.terms.unusable import StoreError
from impl.upgrades.upgrade import upgrade
from spec.language.declared.model import Spec
from spec.language.edited.edits import find
from spec.language.terms.types import Nat
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock
from tests.upgrades.aged import (
    COUNTED,
    FEWER_REASONS,
    LAX,
    MORE_REASONS,
    NAPPING,
    OLD_NAME,
    SINCE_VERSION_2,
    URGENT,
    Patch,
    contents,
    fill,
    goes_on,
    of_one_spec,
    of_version,
    refused,
    taken_over,
    under,
)
from tests.upgrades.older import WHOLE, retyped


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (WHOLE, URGENT, "field urgency is new, and begins as 0"),
        (URGENT, WHOLE, "field urgency is gone: what it held is in the backup alone"),
        (WHOLE, COUNTED, "field visits is new, and begins as 1"),
        (COUNTED, WHOLE, "field visits is gone: what it held is in the backup alone"),
        (WHOLE, LAX, "action heartbeat loses its guard in_time"),
        (LAX, WHOLE, "action heartbeat has a new guard, in_time"),
        (WHOLE, MORE_REASONS, "field reason can be expired"),
        (MORE_REASONS, WHOLE, "field reason cannot be expired"),
        (WHOLE, OLD_NAME, "action give_up is new"),
        (NAPPING, WHOLE, "action nap is gone"),
        (WHOLE, find(WHOLE, "unfair claim"), "actions have the same names, and say something else"),
    ],
)
def test_a_file_goes_over_to_another_spec(
    tmp_path: Path, old: Spec, new: Spec, change: str
) -> None:
    file = tmp_path / "queue.db"
    with under(old):
        fill(file)
        rows = validate(str(file)).rows
    with under(new) as to:
        with pytest.raises(StoreError, match=r"was made with spec .*`ffq queue upgrade"):
            Queue(file)
        assert change in taken_over(file)
        of_one_spec(file, to)
        with Queue(file, clock=HandClock()) as queue:
            assert report.stats(queue).jobs == {"dead": 1, "done": 2, "ready": 2}
            assert report.job(queue, 1).steps == ("looked",)
            assert [past.outcome for past in report.job(queue, 2).history] == ["done"]
            assert not queue.enqueue("work", 1, key="work 1").new
        if new is not OLD_NAME:
            judged = goes_on(file)
            assert judged.jobs == {"dead": 1, "done": 4}
            assert judged.origin == rows
    with under(old):
        assert validate(f"{file}.backup-1").rows == rows


def test_an_action_by_an_older_name_is_known_again(tmp_path: Path, monkeypatch: Patch) -> None:
    file, clock = tmp_path / "queue.db", HandClock()
    with under(OLD_NAME), Queue(file, clock=clock) as queue:
        queue.enqueue("work", 1, max_attempts=1)
        worker = queue.process(WorkerSort)
        with queue.transaction() as t:
            t.take("claim", worker, j=0, world={"known": True}, lasts={"lease": 1_000})
            t.take("give_up", worker, note="boom", lasts={"due": 1_000})
    for module in ("impl.upgrades.upgrade", "impl.report"):
        monkeypatch.setattr(f"{module}.RENAMED", {"give_up": "settle_failed"})
    with upgrade(file, clock=clock) as found:
        assert found.changes == ("action give_up is called settle_failed",)
        found.carry_out()
    with Queue(file, clock=clock) as queue:
        (past,) = report.job(queue, 1).history
        assert (past.outcome, past.note) == ("failed", "boom")
    assert validate(str(file)).finding is None


def test_what_belongs_to_no_job_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "queue.db"

    def written(sql: str) -> None:
        with closing(apsw.Connection(str(file))) as opened:
            write_down(opened, False)
            opened.execute(sql)

    with under(COUNTED):
        fill(file)
    written("UPDATE global SET visits = 3")
    with under(find(COUNTED, "unfair claim")):
        assert "the trace leads to visits = 1, and it is 3" in refused(file)
    written(
        "INSERT INTO trace (actor, action, params, before, after, unseen, at)"
        """ VALUES ('-', 'come', '{}', '{"visits": 1}', '{"visits": 3}', '[]', 0)"""
    )
    for spec in (find(COUNTED, "unfair claim"), find(COUNTED, "unfair look")):
        with under(spec) as to:
            taken_over(file)
            of_one_spec(file, to)
            with closing(Store(to, str(file))) as store:
                assert store.rows()[Global] == {0: {"visits": 3}}
            assert validate(str(file)).finding is None
    with under(spec):
        assert goes_on(file).jobs == {"dead": 1, "done": 4}


def test_a_guard_that_says_something_else_is_a_change(tmp_path: Path) -> None:
    changed = retyped("token", type=Nat(1000))
    with under(changed):
        fill(tmp_path / "queue.db")
    assert taken_over(tmp_path / "queue.db") == ("field token goes up to 200, and went up to 1000",)


def test_what_is_as_it_is_to_be_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path / "queue.db")
    before = (tmp_path / "queue.db").read_bytes()
    with upgrade(tmp_path / "queue.db") as found:
        assert found.changes == ()
    assert (tmp_path / "queue.db").read_bytes() == before
    assert list(tmp_path.glob("*.backup*")) == []


# ---------------------------------------------------------------- from a terminal
def test_the_command_says_what_it_changes_and_does_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "queue.db"
    of_version(2, file)
    assert main(["queue", "list", str(file)]) == 2
    (why,) = capsys.readouterr().err.splitlines()
    assert why.endswith(f"; `ffq queue upgrade {file}` takes it over")
    assert main(["queue", "upgrade", str(file)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        *SINCE_VERSION_2,
        "claims that are open, and whose lease is over: 1",
        f"8 jobs are taken over; what the file was is kept as {file}.backup-1",
        "1 claim was ended",
    ]
    assert main(["queue", "upgrade", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "ok": True, "changes": [], "jobs": 0, "ended": 0, "backup": None,
    }  # fmt: skip
    assert main(["validate", str(file)]) == 0


def test_the_command_says_in_one_line_why_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "queue.db"
    fill(file)
    before = contents(file)
    with under(FEWER_REASONS):
        assert main(["queue", "upgrade", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ffq: {file}: job 3 cannot be taken over: reason cannot be")
    assert len(err.splitlines()) == 1
    assert contents(file) == before
    assert main(["queue", "upgrade", str(tmp_path / "none.db")]) == 2
    assert "No such file" in capsys.readouterr().err
