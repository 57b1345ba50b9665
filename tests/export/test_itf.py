"""A run written as ITF is what another reader of ITF sees, and is read back as it was."""

import json
import os
import re
from pathlib import Path
from typing import Any

import itf_py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.evidence.traces import FOLDER
from checker.explain.run import Run
from checker.export import itf
from checker.export.itf_reading import Asked, read
from checker.export.itf_values import Record, Unreadable, decode, encode
from checker.runs.trace import BadTrace, Diverged, record
from spec.language.scope import element_name
from spec.language.terms.types import is_sort
from tests.sample_runs import ALL, KEPT, kept, leaving, still, windy

NOTHING = Asked()


def imported(folder: Path, document: Any, asked: Asked = NOTHING) -> str:
    file = folder / "run.itf.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    trace, story = read(file, ALL, asked)
    return record(trace, story)


def with_others_eyes(run: Run) -> itf_py.Trace:
    return itf_py.trace_from_json(json.loads(itf.text(run)))


# ---------------------------------------------------------------- values

VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.frozensets(st.text() | st.integers(), max_size=3)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_is_read_back_by_us_and_by_another_reader(value: Any) -> None:
    data = json.loads(json.dumps(encode(value)))
    assert decode(data) == value
    assert itf_py.value_from_json(data) == value


def test_a_record_is_no_map() -> None:
    record = Record(owner="worker1", tries=2)
    assert encode(record) == {"owner": "worker1", "tries": {"#bigint": "2"}}
    assert decode(encode(record)) == record
    assert type(decode(encode(dict(record)))) is dict


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"#bigint": "1e9"}, "'1e9' is no whole number"),
        ({"#bigint": 7}, "is no value"),
        ({"#unserializable": "x => y"}, "could not be written by its maker: 'x => y'"),
        ({"#map": [["a"]]}, "is no pair of key and value"),
        ({"#map": [["a", 1], ["a", 2]]}, "the key 'a' stands twice"),
        ({"#set": [{"#map": []}]}, "has a key or a member that is no simple value"),
        ({"#new": 1}, "is no value"),
        (1.5, "'1.5' is no value"),
        (None, "'None' is no value"),
    ],
)
def test_what_is_no_value_is_refused(data: Any, complaint: str) -> None:
    with pytest.raises(Unreadable, match=complaint):
        decode(data)


# ---------------------------------------------------------------- runs


@pytest.mark.parametrize("name", KEPT)
def test_another_reader_sees_the_states_and_steps_of_the_run(name: str) -> None:
    run, seen = kept(name), with_others_eyes(kept(name))
    assert len(seen.states) == len(run.states)
    for k, state in enumerate(run.states):
        values = seen.states[k].values
        assert set(values) == set(seen.vars)
        for place, value in zip(run.scope.places, state, strict=True):
            f = place.field
            word = element_name(f.type, value) if is_sort(f.type) else value
            shown = values[f.name]
            assert word == (shown if f.over is None else shown[place.name.split("[")[1][:-1]])
    assert [s.values["mbt::actionTaken"] for s in seen.states[1:]] == [i.action for i in run.lines]
    picked = [
        {name: pick.value for name, pick in s.values["mbt::nondetPicks"]._asdict().items()}
        for s in seen.states[1:]
    ]
    assert picked == [line.params for line in run.lines]
    assert [s.meta["actor"] for s in seen.states[1:]] == [line.actor for line in run.lines]


@pytest.mark.parametrize("name", KEPT)
def test_a_run_is_read_back_as_it_was(name: str, tmp_path: Path) -> None:
    assert imported(tmp_path, itf.text(kept(name))) == (FOLDER / f"{name}.jsonl").read_text("utf-8")


@pytest.mark.parametrize("name", KEPT)
def test_of_a_stranger_s_file_the_states_are_enough(name: str, tmp_path: Path) -> None:
    run, document = kept(name), itf.document(kept(name))
    names = [*run.scope.spec.fields]
    bare = {
        "vars": names,
        "states": [{name: state[name] for name in names} for state in document["states"]],
    }
    if "loop" in document:
        bare["loop"] = document["loop"]
    asked = Asked(run.trace.scope.name, run.trace.edits, run.trace.violated)
    text = imported(tmp_path, bare, asked)
    theirs, ours = text.splitlines(), (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    assert theirs[1:] == ours[1:]
    assert json.loads(theirs[0]) == json.loads(ours[0]) | {"engine": "itf"}


def test_what_a_file_violates_is_found_if_it_does_not_say(tmp_path: Path) -> None:
    document = itf.document(kept("FM-010"))
    del document["#meta"]["ffq"]["property"]
    header = json.loads(imported(tmp_path, document).splitlines()[0])
    assert header["property"] == {"id": "INV-004", "name": "only_the_holder_settles"}


def test_a_number_that_leaves_its_range_is_written_and_read(tmp_path: Path) -> None:
    run = leaving()
    assert len(with_others_eyes(run).states) == len(run.steps)
    assert imported(tmp_path, itf.text(run)) == record(run.trace, run.story)


@pytest.mark.parametrize(
    ("run", "states", "loop"),
    [
        (windy(), 4, 2),
        (still(), 1, 0),
    ],
)
def test_a_run_that_never_ends_has_a_loop(run: Run, states: int, loop: int, tmp_path: Path) -> None:
    seen = with_others_eyes(run)
    assert (len(seen.states), seen.loop) == (states, loop)
    assert imported(tmp_path, itf.text(run)) == record(run.trace, run.story)


def test_a_loop_that_names_the_state_it_comes_back_to_is_understood(tmp_path: Path) -> None:
    run, document = windy(), itf.document(windy())
    document["#meta"]["ffq"].pop("loop")
    document["loop"] = 1
    assert document["states"][1]["open"] == document["states"][3]["open"]
    assert imported(tmp_path, document) == record(run.trace, run.story)


# ---------------------------------------------------------------- what cannot be believed


def changed(at: tuple[Any, ...], value: Any) -> Any:
    """Return the run of FM-010 with one thing in it changed."""
    document = json.loads(itf.text(kept("FM-010")))
    part = document
    for key in at[:-1]:
        part = part[key]
    part[at[-1]] = value
    return document


def looping(violated: str) -> Any:
    """Return a run that never ends and is said to violate this."""
    document = json.loads(itf.text(kept("FM-017")))
    document["#meta"]["ffq"]["property"]["name"] = violated
    return document


CLAIM = {"action": "claim", "params": {"w": "worker1", "j": "job1"}}
PROMISE = next(
    p.name for p in kept("FM-010").scope.spec.properties.values() if p.kind == "leads_to"
)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("no", "is not JSON: Expecting value"),
        ("[]", "is not an object; see that it is an ITF trace"),
        ("[" * 100_000, "is not JSON: maximum recursion"),
        ({"#meta": {}, "vars": []}, "does not say which scope it belongs to; name it with --scope"),
        (changed(("states",), []), "has no state"),
        (changed(("states", 1), 3), "state 1 is not an object"),
        (changed(("states", 2, "status"), "ready"), "state 2: 'status' is no map of job1"),
        (changed(("states", 2, "status"), {"#map": [["job2", "ready"]]}), "is no map of job1"),
        (
            changed(("states", 2, "status"), {"#map": [["job1", "x"]]}),
            r"status\[job1\] cannot be 'x'",
        ),
        (changed(("states", 2, "token"), {"#map": [["job1", True]]}), "cannot be 'True'"),
        (changed(("states", 2, "token"), {"#map": [["job1", 99]]}), "cannot be '99'"),
        (changed(("states", 2, "token"), {"#map": [["job1", [1]]]}), "cannot be '\\[1\\]'"),
        (changed(("states", 2, "token"), {"#map": 1}), "'token' .* is no value"),
        (changed(("states", 2, "mbt::actionTaken"), "claim\x1b[2J"), "there is no action 'claim"),
        (changed(("states", 2, "mbt::nondetPicks"), {}), "claim has no w = 'None'"),
        (changed(("#meta", "ffq", "scope"), 7), "'scope' is 7, not text"),
        (changed(("#meta", "ffq", "spec"), "0" * 32), "is of another spec"),
        (changed(("#meta", "ffq", "off"), ["claim.nothing"]), "there is no guard 'claim.nothing'"),
        (changed(("#meta", "ffq", "property", "name"), "x"), "the spec has no property 'x'"),
        (changed(("loop",), 99), "'loop' is 99, and there are 9 states"),
        (changed(("#meta", "ffq", "leaves"), {"action": "x", "params": {}}), "names no step"),
        (changed(("#meta", "ffq", "property", "name"), "range_token"), "which step 'leaves'"),
        (changed(("#meta", "ffq", "property", "name"), "range_status"), "has no property"),
        (changed(("#meta", "ffq", "property", "name"), PROMISE), "never end, and this one ends"),
        (looping("only_the_holder_settles"), "runs that end, and this one has a 'loop'"),
        (looping("range_token"), "runs that end, and this one has a 'loop'"),
    ],
)
def test_what_is_no_trace_is_refused_in_one_line(
    document: Any, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(BadTrace, match=complaint) as bad:
        imported(tmp_path, document)
    assert "\n" not in str(bad.value)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (
            changed(("states", 2, "token"), {"#map": [["job1", 2]]}),
            r"state 2: claim does not lead to it: the spec says token\[job1\] is 1, the file 2",
        ),
        (
            changed(("states", 2, "mbt::actionTaken"), "enqueue"),
            "state 2: enqueue does not lead to it: the spec refuses it for",
        ),
        (changed(("#meta", "ffq", "off"), []), "state 8: settle_done .* refuses it for 'fenced'"),
        (
            changed(("#meta", "ffq", "property", "name"), "a_claim_is_one_record"),
            "a_claim_is_one_record holds after the last step",
        ),
        (changed(("loop",), 1), "the last state does not lead back to state 1"),
        (
            changed(("#meta", "ffq", "leaves"), CLAIM),
            "the spec refuses the step that 'leaves'",
        ),
    ],
)
def test_what_the_spec_does_not_follow_is_refused(
    document: Any, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(Diverged, match=complaint):
        imported(tmp_path, document)


def test_what_is_no_file_or_too_large_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    large = tmp_path / "large"
    with large.open("wb") as made:
        made.truncate(60 * 2**20)
    for file, complaint in (
        (tmp_path / "fifo", "is not a regular file; name an ITF file"),
        (Path("/dev/zero"), "is not a regular file; name an ITF file"),
        (tmp_path, "is a directory; name an ITF file"),
        (large, "has 60 MiB, and an ITF file has 8 at most; name a shorter"),
        (tmp_path / "none", "there is no such file; "),
    ):
        with pytest.raises(BadTrace, match=re.escape(f"{file}: {complaint}")):
            read(file, ALL, NOTHING)
