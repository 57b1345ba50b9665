"""What is exported can be taken in anew."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from checker.commands.main import main
from checker.conformance.validating.validate import validate
from impl import report
from impl.derive.view import Global
from impl.queue import Queue
from impl.sqlite.scribe import write_down
from impl.sqlite.store import Store
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError
from impl.upgrades.export import exported
from impl.upgrades.intake import Taken
from impl.worker import Worker
from spec.language.declared.model import Field
from spec.language.terms.expr import Const
from spec.language.terms.types import Nat
from spec.queue.job import Job
from tests.clocks import HandClock
from tests.upgrades.aged import COUNTED, under
from tests.upgrades.exports import ODD, charge, jobs, lines_of, taken_in
from tests.upgrades.older import more


# ---------------------------------------------------------------- there and back
def test_what_is_taken_in_is_what_was_there(file: Path, tmp_path: Path, clock: HandClock) -> None:
    clock.advance(10_000)
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
    lines = lines_of(file, clock)
    assert all(line.isascii() and line.isprintable() for line in lines)
    other = tmp_path / "other.db"
    assert taken_in(other, lines) == Taken(jobs=7, steps=2, messages=1)
    assert jobs(other, clock) == jobs(file, clock)
    with Queue(file, clock=clock) as first, Queue(other, clock=clock) as queue:
        sent: list[Any] = []
        assert queue.deliver({"mail": sent.append}) == 1
        assert [(m.key, m.body) for m in sent] == [(f"{ODD}/mail/1", {"to": ODD})]
        stats = report.stats(queue)
        assert stats.notices == report.stats(first).notices
    again = lines_of(other, clock)
    assert [json.loads(line) for line in lines[1:-2]] == [json.loads(line) for line in again[1:-1]]


def test_what_is_paused_is_paused_in_the_new_queue_too(
    file: Path, tmp_path: Path, clock: HandClock
) -> None:
    with Queue(file, clock=clock) as queue:
        queue.enqueue(ODD)
        queue.pause(ODD)
        clock.date += 3_600_000  # somebody has put the wall clock right
        before = report.stats(queue).kinds[ODD].pause
    taken_in(tmp_path / "other.db", lines_of(file, clock))
    with Queue(tmp_path / "other.db", clock=clock) as queue:
        assert queue.line.first(queue.store.own, [ODD]) == []
        assert report.stats(queue).kinds[ODD].pause == before is not None
        assert queue.resume(ODD)


def test_asking_twice_is_asking_once_in_the_new_queue_too(
    file: Path, tmp_path: Path, clock: HandClock
) -> None:
    other = tmp_path / "other.db"
    taken_in(other, lines_of(file, clock))
    with Queue(other, clock=clock) as queue:
        assert not queue.enqueue("fail", key="bad").new
        assert not queue.retry(2).new
        with pytest.raises(BadRequest, match="another kind or payload"):
            queue.enqueue("charge", "else", key=ODD)


def test_tokens_stay_above_those_that_were_handed_out(
    file: Path, tmp_path: Path, clock: HandClock
) -> None:
    clock.reboot()
    lines, other = lines_of(file, clock), tmp_path / "other.db"
    with Queue(file, clock=clock) as queue:
        highest = max(report.job(queue, line.id).token for line in report.jobs(queue))
    assert highest[0] > 1
    taken_in(other, lines)
    with Queue(other, clock=HandClock()) as queue:
        assert queue.epoch > highest[0]


def test_a_claim_counts_as_interrupted_for_nobody_knows_its_worker(
    file: Path, tmp_path: Path, clock: HandClock
) -> None:
    other = tmp_path / "other.db"
    taken_in(other, lines_of(file, clock))
    with Queue(other, clock=clock) as queue:
        assert report.job(queue, 7).line.status == "claimed"
        assert queue.recover() == 1
        whole = report.job(queue, 7)
        assert (whole.line.status, whole.interrupts) == ("ready", (1, 10))
    assert validate(str(other)).finding is None


def test_the_new_queue_is_worked_off_and_is_a_behaviour_of_the_spec(
    file: Path, tmp_path: Path, clock: HandClock
) -> None:
    other = tmp_path / "other.db"
    taken_in(other, lines_of(file, clock))
    assert validate(str(other)).finding is None
    clock.advance(4_000_000)
    with Queue(other, clock=clock) as queue:
        handlers = {"charge": charge, "fail": charge, "held": charge}
        assert Worker(queue, handlers).run(until_empty=True) == {"done": 4}
    judged = validate(str(other))
    assert (judged.finding, judged.jobs) == (None, {"dead": 2, "done": 5})


def test_a_field_more_begins_as_in_the_spec_and_one_less_is_left_out(
    file: Path, tmp_path: Path, clock: HandClock
) -> None:
    urgent = more(Field("urgency", Job, Nat(3), Const(2, Nat(3)), "durable", "how soon"))
    lines = lines_of(file, clock)
    with under(urgent):
        taken_in(tmp_path / "more.db", lines)
        with Queue(tmp_path / "more.db", clock=clock) as queue:
            assert queue.query("SELECT DISTINCT urgency FROM job") == [(2,)]
        lines = lines_of(tmp_path / "more.db", clock)
    assert taken_in(tmp_path / "less.db", lines).jobs == 7
    assert validate(str(tmp_path / "less.db")).finding is None


def test_what_belongs_to_no_job_is_exported_too(
    file: Path, tmp_path: Path, clock: HandClock
) -> None:
    lines = lines_of(file, clock)
    again = tmp_path / "again.db"
    with under(COUNTED) as counted:
        taken_in(tmp_path / "more.db", lines)  # of a queue that has nothing of the kind
        with closing(apsw.Connection(str(tmp_path / "more.db"))) as opened:
            assert opened.execute("SELECT id, visits FROM global").fetchall() == [(1, 1)]
            write_down(opened, False)
            opened.execute("UPDATE global SET visits = 3")
        lines = lines_of(tmp_path / "more.db", clock)
        assert json.loads(lines[0])["global"] == {"visits": 3}
        taken_in(again, lines)
        with closing(Store(counted, str(again))) as store:
            assert store.rows()[Global] == {0: {"visits": 3}}
        assert validate(str(again)).finding is None
        for wrong in (4, "three", None):
            header = json.dumps(json.loads(lines[0]) | {"global": {"visits": wrong}})
            with pytest.raises(BadRequest, match="line 1: has a state that no queue can be in"):
                taken_in(tmp_path / "no.db", [header, *lines[1:]])
    assert taken_in(tmp_path / "less.db", lines).jobs == 7


def test_an_export_is_of_one_moment(file: Path, tmp_path: Path, clock: HandClock) -> None:
    with Queue(file, clock=clock) as queue, Queue(file, clock=clock) as other:
        lines = exported(queue)
        some = [next(lines) for _ in range(3)]
        other.enqueue("later", key="meanwhile")
        whole = [*some, *lines]
    assert "meanwhile" not in "".join(whole)
    assert taken_in(tmp_path / "other.db", whole).jobs == 7


def test_a_payload_that_cannot_be_read_is_told_of(file: Path, clock: HandClock) -> None:
    with closing(apsw.Connection(str(file))) as other:
        write_down(other, False)
        other.pragma("ignore_check_constraints", 1)
        other.execute("UPDATE job SET payload = CAST(X'22FF22' AS TEXT) WHERE id = 4")
    with pytest.raises(StoreError, match="job 4 cannot be read"):
        lines_of(file, clock)


# ---------------------------------------------------------------- from a terminal
def test_from_file_to_file(
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, other = str(tmp_path / "jobs.jsonl"), str(tmp_path / "other.db")
    assert main(["queue", "export", str(file), "--out", out]) == 0
    assert main(["queue", "export", str(file)]) == 0
    (told, *lines) = capsys.readouterr().out.splitlines()
    assert told == f"12 lines are in {out}"
    for said, kept in zip(lines, Path(out).read_text("utf-8").splitlines(), strict=True):
        assert json.loads(said) | {"due": 0} == json.loads(kept) | {"due": 0}
    assert main(["queue", "import", other, out]) == 0
    assert capsys.readouterr().out == f"7 jobs and 1 message are in {other}\n"
    with monkeypatch.context() as patch, open(out, encoding="utf-8") as stdin:
        patch.setattr("sys.stdin", stdin)
        assert main(["queue", "import", str(tmp_path / "piped.db"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "ok": True, "jobs": 7, "messages": 1, "ended": 1,
    }  # fmt: skip
    for again in (["export", str(file), "--out", out], ["import", other, out]):
        assert main(["queue", *again]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "exists" in line
