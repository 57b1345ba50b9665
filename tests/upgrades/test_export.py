"""What is exported can be taken in anew, and nothing is taken in that no queue has exported."""

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.commands.main import main
from checker.conformance.validate import validate
from impl import report
from impl.derive.view import Global
from impl.queue import Queue
from impl.sqlite.files import StoreError
from impl.sqlite.scribe import write_down
from impl.sqlite.store import Store
from impl.terms.requests import BadRequest
from impl.upgrades.export import exported
from impl.upgrades.intake import Taken, take_in
from impl.worker import Worker
from impl.working.attempt import Attempt
from spec.language.expr import Const
from spec.language.model import Field
from spec.language.types import Nat
from spec.queue.job import Job
from spec.queue.job import Worker as WorkerSort
from tests.clocks import HandClock
from tests.upgrades.aged import COUNTED, under
from tests.upgrades.older import more

ODD = 'é ☃ \x7f\u202e "quoted" 𝄞'


def charge(attempt: Attempt) -> None:
    attempt.once("said")
    attempt.result("quote", lambda: {"amount": 7, "odd": ODD})
    attempt.send("mail", {"to": ODD})


def fail(attempt: Attempt) -> None:
    raise RuntimeError("no such account")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def file(tmp_path: Path, clock: HandClock) -> Path:
    """Return a queue with a job of each status, and of each way to be dead."""
    file = tmp_path / "queue.db"
    with Queue(file, clock=clock, lease_ms=10_000) as queue:
        queue.enqueue("charge", {"big": 2**70, "small": 1e-9, "odd": ODD}, key=ODD)
        queue.enqueue("fail", max_attempts=1, key="bad")
        queue.cancel(queue.enqueue("other", key="gone").id)
        Worker(queue, {"charge": charge, "fail": fail}).run(until_empty=True)
        queue.announce(lambda job, reason: None)
        queue.retry(2)
        queue.enqueue("charge", ["first", {}], key="ready", max_attempts=5, timeout=7)
        queue.enqueue("charge", key="later", delay=3600)
        queue.enqueue("held", key="claimed")
        worker = queue.process(WorkerSort)
        with queue.transaction() as t:
            queue.line.claim(t, worker, ["held"], 10_000)
    return file


def lines_of(file: Path, clock: HandClock) -> list[str]:
    with Queue(file, clock=clock) as queue:
        return list(exported(queue))


def taken_in(file: Path, lines: Sequence[str]) -> Taken:
    return take_in(file, (f"{line}\n".encode(errors="surrogatepass") for line in lines))


def refused(file: Path, lines: Sequence[str]) -> str:
    """Return why lines are not taken in, and see that nothing is left of them."""
    before = sorted(file.parent.iterdir())
    with pytest.raises(BadRequest) as wrong:
        taken_in(file, lines)
    assert sorted(file.parent.iterdir()) == before
    (text,) = str(wrong.value).splitlines()
    return text


def jobs(file: Path, clock: HandClock) -> list[Any]:
    """Return what users see of jobs, but for their tokens and what only a trace tells."""
    with Queue(file, clock=clock) as queue:
        found = [report.job(queue, line.id) for line in report.jobs(queue)]
    return [
        (w.line, w.payload, w.fails, w.interrupts, w.reason, w.letter, w.retry_of, w.retried_as,
         w.steps)
        for w in found
    ]  # fmt: skip


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
        other.pragma("ignore_check_constraints", 1)
        other.execute("UPDATE job SET payload = CAST(X'22FF22' AS TEXT) WHERE id = 4")
    with pytest.raises(StoreError, match="job 4 cannot be read"):
        lines_of(file, clock)


# ---------------------------------------------------------------- what is refused
def test_a_file_that_is_there_is_left_alone(file: Path, clock: HandClock) -> None:
    lines, before = lines_of(file, clock), file.read_bytes()
    with pytest.raises(StoreError, match="exists, and is not overwritten"):
        taken_in(file, lines)
    assert file.read_bytes() == before


def changed(line: str, **values: Any) -> str:
    said = json.loads(line)
    state = values.pop("state", {})
    return json.dumps(said | values | ({"state": said["state"] | state} if state else {}))


HEADER, FIRST, STEP, RESULT, DEAD, AGAIN, READY, MESSAGE, END = 0, 1, 2, 3, 4, 6, 7, -2, -1


@pytest.mark.parametrize(
    ("at", "values", "fact"),
    [
        (HEADER, {"format": "ffq trace"}, "line 1: is not the beginning of an export"),
        (HEADER, {"version": 2}, "line 1: has version 2, and this ffq reads version 1"),
        (HEADER, {"epoch": 0}, "line 1: epoch: is 0; choose 1 to 9007199254740992"),
        (HEADER, {"fields": "status"}, "line 1: has fields that are no list of names"),
        (HEADER, {"fields": ["status"]}, "line 2: has a state without just the fields of line 1"),
        (FIRST, {"job": 0}, "line 2: job: is 0; choose 1 to 1099511627775"),
        (DEAD, {"job": 1}, "line 5: job: is 1; choose 2 to 1099511627775"),
        (DEAD, {"key": ODD}, "line 5: has the key"),
        (FIRST, {"key": ""}, "line 2: key is no text, or empty"),
        (FIRST, {"key": "\ud800"}, "line 2: key has text that is no Unicode"),
        (FIRST, {"more": 1}, "line 2: has 'more', which nobody knows"),
        (FIRST, {"due": 5}, "line 2: is due just while it is not ready"),
        (READY, {"due": None}, "line 8: is due just while it is not ready"),
        (READY, {"due": 1.5}, "line 8: due: is of type float"),
        (READY, {"timeout_ms": 0}, "line 8: timeout_ms: is 0"),
        (READY, {"payload": "x" * 70_000}, "line 8: payload: has 70002 bytes"),
        (READY, {"retry_of": 1}, "line 8: is a retry of job 1, which is not dead"),
        (FIRST, {"state": {"status": "lost"}},
         'line 2: has a state that no job can be in: status cannot be "lost"'),
        (FIRST, {"state": {"status": []}}, "line 2: has a state that no job can be in"),
        (FIRST, {"state": {"token": 2}},
         "line 2: has a state that no job can be in: breaks INV-025 every_claim_has_an_outcome"),
        (FIRST, {"state": {"recorded": False}},
         "line 2: has a state that no job can be in: breaks INV-009 the_record_tells_the_truth"),
        (AGAIN, {"key": "else"}, "line 7: is a retry of job 2, which is not dead, or has another"),
        (READY, {"retry_of": 2, "key": "bad"}, "line 8: has job 2 to do again, as a line before"),
        (RESULT, {"what": "once"}, "line 4: is done once, and has a result"),
        (RESULT, {"what": "none"}, "line 4: is neither once nor result, but 'none'"),
        (RESULT, {"what": "once", "checkpoint": "said", "result": None},
         "line 4: has 'said' of job 1, as a line before it has"),
        (STEP, {"job": 9}, "line 3: is of job 9, of which no line before it tells"),
        (MESSAGE, {"job": 2}, "line 11: is of job 2, whose effect is not committed"),
        (MESSAGE, {"body": {"a": {}}, "topic": 5}, "line 11: topic is no text, or empty"),
        (END, {"end": 3}, "line 12: says that there were 3 lines, and not 11"),
        (END, {"end": 11, "more": 1}, "line 12: has 'more', which nobody knows"),
    ],
)  # fmt: skip
def test_a_line_that_nobody_exported_is_refused(
    file: Path, tmp_path: Path, clock: HandClock, at: int, values: dict[str, Any], fact: str
) -> None:
    lines = lines_of(file, clock)
    lines[at] = changed(lines[at], **values)
    assert refused(tmp_path / "other.db", lines).startswith(fact)


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ("[]", "is no JSON object"),
        ("{}", "is no job, checkpoint, message or end"),
        ("[" * 100_000, "is nested too deep"),
        ('{"job": NaN}', "is no JSON: NaN is no number"),
        ('{"job": 1, "job": 2}', "is no JSON: a name comes twice"),
        ('{"job": ' + "9" * 5_000 + "}", "is no JSON"),
        ('{"job": "' + "x" * 2**20 + '"}', "has more than 1048576 bytes"),
        ("\udcff", "is no JSON"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused(
    file: Path, tmp_path: Path, clock: HandClock, line: str, fact: str
) -> None:
    lines = lines_of(file, clock)
    lines[2] = line
    assert refused(tmp_path / "other.db", lines).startswith(f"line 3: {fact}")


def test_an_export_that_was_cut_off_is_refused(
    file: Path, tmp_path: Path, clock: HandClock
) -> None:
    lines = lines_of(file, clock)
    for count in range(len(lines)):
        fact = f"line {count + 1}: is missing: the export was cut off; export anew"
        assert refused(tmp_path / "other.db", lines[:count]) == fact
    more = [*lines, lines[-1]]
    assert refused(tmp_path / "other.db", more) == "line 13: comes after the end; leave it out"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["ready", "claimed", "done", "dead", "none", "live", "job1", 0, 1, 2**63]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, lines: Sequence[str]) -> list[str]:
    """Return the lines with some of them changed, left out, doubled or moved."""
    made = list(lines)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(made) - 1))
        how = draw(st.sampled_from(["value", "state", "name", "cut", "drop", "double", "swap"]))
        said: Any = None
        try:
            said = json.loads(made[at])
        except ValueError:
            how = "drop"
        if how == "value":
            said[draw(st.sampled_from(sorted(said)))] = draw(VALUES)
            made[at] = json.dumps(said)
        elif how == "state" and isinstance(said.get("state"), dict) and said["state"]:
            said["state"][draw(st.sampled_from(sorted(said["state"])))] = draw(VALUES)
            made[at] = json.dumps(said)
        elif how == "name":
            said[draw(st.text(max_size=3))] = said.pop(draw(st.sampled_from(sorted(said))))
            made[at] = json.dumps(said)
        elif how == "cut":
            made[at] = made[at][: draw(st.integers(0, len(made[at])))]
        elif how == "double":
            made.insert(at, made[at])
        elif how == "swap":
            other = draw(st.integers(0, len(made) - 1))
            made[at], made[other] = made[other], made[at]
        elif len(made) > 1:
            del made[at]
    return made


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_is_done_to_an_export_it_is_a_queue_or_one_line(
    file: Path, tmp_path: Path, clock: HandClock, data: st.DataObject
) -> None:
    lines, other = data.draw(spoilt(lines_of(file, clock))), tmp_path / "other.db"
    try:
        taken_in(other, lines)
    except BadRequest as wrong:
        assert str(wrong).startswith("line ")
        assert len(str(wrong).splitlines()) == 1
        assert not other.exists()
    else:
        with Queue(other, clock=clock) as queue:
            queue.recover()
        assert validate(str(other)).finding is None
        for beside in tmp_path.glob("other.db*"):
            beside.unlink()


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
