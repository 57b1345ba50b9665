"""Nothing is taken in that no queue has exported, and nothing is left of what is refused."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.conformance.validating.validate import validate
from impl.queue import Queue
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError
from tests.clocks import HandClock
from tests.upgrades.exports import ODD, lines_of, refused, taken_in


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
    ("values", "fact"),
    [
        ({"paused": ""}, "line 2: paused is no text, or empty"),
        ({"paused": 7}, "line 2: paused is no text, or empty"),
        ({"since": "now"}, "line 2: since: is of type str"),
        ({"user": ""}, "line 2: user is no text, or empty"),
        ({"pid": -1}, "line 2: pid: is -1"),
        ({"by": "me"}, "line 2: has 'by', which nobody knows"),
        ({}, "line 3: has the paused kind 'k', as a line before it has"),
    ],
)
def test_a_pause_that_nobody_exported_is_refused(
    file: Path, tmp_path: Path, clock: HandClock, values: dict[str, Any], fact: str
) -> None:
    header, *others = lines_of(file, clock)
    pause = json.dumps({"paused": "k", "since": 1, "user": "ann", "pid": 7} | values)
    assert refused(tmp_path / "other.db", [header, pause, pause, *others]).startswith(fact)


@pytest.mark.parametrize(
    ("values", "fact"),
    [
        ({"schedule": "epoch"}, "line 2: is no schedule, but 'epoch'"),
        ({"served": "now"}, "line 2: served: is of type str"),
        ({"by": "me"}, "line 2: has 'by', which nobody knows"),
        ({}, "line 3: has the schedule 'every 60 s: k', as a line before it has"),
    ],
)
def test_a_schedule_that_nobody_exported_is_refused(
    file: Path, tmp_path: Path, clock: HandClock, values: dict[str, Any], fact: str
) -> None:
    header, *others = lines_of(file, clock)
    served = json.dumps({"schedule": "every 60 s: k", "served": 7} | values)
    assert refused(tmp_path / "other.db", [header, served, served, *others]).startswith(fact)


@pytest.mark.parametrize(
    ("at", "values", "fact"),
    [
        (HEADER, {"format": "ffq trace"}, "line 1: is not the beginning of an export"),
        (HEADER, {"version": 3}, "line 1: has version 3, and this ffq reads 1 and 2"),
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
        (DEAD, {"state": {"about": "job1"}}, "line 5: has a state that no job can be in: about"),
        (DEAD, {"state": {"about": None}}, "line 5: is about what no job can be about"),
        (DEAD, {"state": {"about": "subject1"}}, "line 5: is about what no job can be about"),
        (DEAD, {"state": {"about": "subject3"}, "unique": "x"}, "line 5: is about what no job can"),
        (DEAD, {"state": {"about": "subject1"}, "unique": "x"},
         "line 5: is about subject1, and another job is not"),
        (READY, {"state": {"about": "subject4", "keeps_out": "subject4"}, "unique": "x"},
         "line 8: is about subject4, and another job is not"),
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
        ("{}", "is no paused kind, schedule, job, checkpoint, message or end"),
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


def test_an_export_of_before_is_taken_in_and_its_jobs_are_about_themselves(
    file: Path, tmp_path: Path, clock: HandClock
) -> None:
    new = ("about", "keeps_out", "throughout")

    def older(line: str) -> str:
        said = json.loads(line)
        if "fields" in said:
            return json.dumps(
                said | {"version": 1, "fields": [f for f in said["fields"] if f not in new]}
            )
        if "state" in said:
            del said["unique"]
            said["state"] = {f: v for f, v in said["state"].items() if f not in new}
        return json.dumps(said)

    whole = lines_of(file, clock)
    other, again = tmp_path / "other.db", tmp_path / "again.db"
    assert taken_in(other, list(map(older, whole))) == taken_in(again, whole)
    rows = "SELECT id, about, keeps_out, throughout FROM job ORDER BY id"
    with Queue(other, clock=clock) as taken, Queue(again, clock=clock) as same:
        assert taken.query(rows) == same.query(rows)
        assert taken.enqueue("k", unique="x").new
    assert validate(str(other)).finding is None
