"""A saved trace is read back only if it can be believed; otherwise one line says where and what."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.runs.reading import read, rows, scope_of
from checker.runs.story import render, tell
from checker.runs.trace import BadTrace, Diverged, Trace, record, replay, save
from checker.search import plain
from spec.failures.edits import Edits
from spec.language import Spec
from spec.language.edited.edits import find
from spec.language.hashes import spec_hash
from spec.language.scope import Scope
from tests.checkout import ROOT

TWO = Scope("two", commit_protocol, {"Manager": 2})
SCOPES = {"two": TWO}
OFF = ("decide_commit.all_prepared",)

Row = dict[str, Any]


def text_of(off: tuple[str, ...] = OFF, edits: tuple[str, ...] = ()) -> str:
    trace = Trace(TWO, Edits((*edits, *off)), "plain", "all_agree", ())
    walk = plain.explore(trace.edits.whole.on(TWO), off=off).walk("all_agree")
    return record(trace, tell(trace.edited, walk, "all_agree"))


TEXT = text_of()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a trace.jsonl"


def test_a_trace_is_read_back_as_it_was_saved(file: Path) -> None:
    save(file, TEXT)
    trace = read(file, SCOPES)
    assert (trace.edits, trace.violated) == (OFF, "all_agree")
    assert [line.call for line in trace.lines] == ["decide_commit", "choose_abort", "obey_commit"]
    _, story = replay(trace)
    assert record(trace, story) == TEXT
    assert render(story)[0].endswith("decision init -> committed, commit_sent false -> true")


def test_the_lines_of_a_trace_are_these() -> None:
    header, first, *_, end = map(json.loads, TEXT.splitlines())
    assert header == {
        "format": "ffq trace",
        "version": 2,
        "spec": spec_hash(commit_protocol),
        "scope": "two",
        "bounds": {"Manager": 2},
        "edits": [],
        "off": ["decide_commit.all_prepared"],
        "property": {"id": "TC-1", "name": "all_agree"},
        "engine": "plain",
    }
    assert first == {
        "n": 1,
        "actor": "-",
        "action": "decide_commit",
        "params": {},
        "changed": {"decision": ["init", "committed"], "commit_sent": [False, True]},
    }
    assert (end["property"], end["steps"]) == ("all_agree", 3)


def test_a_trace_names_its_own_bounds_and_survives_a_new_name_of_its_scope(file: Path) -> None:
    save(file, TEXT)
    trace = read(file, {"three": Scope("three", commit_protocol, {"Manager": 3})})
    assert (trace.scope.name, trace.scope.bounds) == ("three", {"Manager": 2})
    replay(trace)


# What cannot be read.


def changed(number: int, change: Callable[[Row], object]) -> str:
    """Return the trace with one row changed."""
    rows = [json.loads(line) for line in TEXT.splitlines()]
    change(rows[number - 1])
    return "".join(json.dumps(row) + "\n" for row in rows)


LINES = TEXT.splitlines(keepends=True)

BAD: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", ": is empty"),
    "cut off inside a line": (TEXT[:-9], ":5: the trace is cut off inside this line"),
    "cut off after the header": (LINES[0], ":2: the trace is cut off: its end is missing"),
    "cut off between lines": ("".join(LINES[:-1]), ":5: the trace is cut off: its end is missing"),
    "a step is missing": (
        "".join([*LINES[:2], *LINES[3:]]),
        ":3: is step 3, and step 2 is next",
    ),
    "something follows": (TEXT + LINES[1], ":6: stands after the end of the trace"),
    "not JSON": (LINES[0] + "{n: 1}\n", ":2: is not JSON: Expecting property name"),
    "not UTF-8": (TEXT.encode() + b"\xff\n", ":6: byte 1 is not UTF-8"),
    "no object": (LINES[0] + "[1]\n", ":2: [1] is not an object"),
    "not a number": (LINES[0] + '{"n": NaN}\n', ":2: is not JSON: NaN is no number"),
    "a key twice": (LINES[0] + '{"n": 1, "n": 2}\n', ":2: is not JSON: a key stands twice"),
    "deeply nested": (LINES[0] + "[" * 100_000 + "\n", ":2: is not JSON"),
    "a huge number": (LINES[0] + "9" * 5_000 + "\n", ":2: is not JSON"),
    "a long line": (LINES[0] + "x" * 2**21 + "\n", ":2: the line is longer than 1,048,576 bytes"),
    "another kind of file": ('{"name": "x"}\n', ":1: is not the header of a trace"),
    "another version": (
        changed(1, lambda r: r.update(version=1)),
        ":1: has version 1, and this ffq reads version 2",
    ),
    "another spec": (
        changed(1, lambda r: r.update(spec="0" * 32)),
        f":1: is of another spec, '{'0' * 32}': scope two has spec {spec_hash(commit_protocol)}",
    ),
    "no property": (changed(1, lambda r: r.pop("property")), ":1: 'property' is missing"),
    "an unknown property": (
        changed(1, lambda r: r["property"].update(name="x"))[:-1].replace(
            '"property": "all_agree"', '"property": "x"'
        )
        + "\n",
        ":1: the spec has no property 'x'",
    ),
    "no violation": (
        TEXT.replace('"all_agree"', '"all_commit"'),
        ":1: 'all_commit' is of kind sometimes",
    ),
    "another ID": (
        changed(1, lambda r: r["property"].update(id="TC-9")),
        ":1: 'all_agree' has the ID TC-1, not 'TC-9'",
    ),
    "an unknown guard": (
        changed(1, lambda r: r.update(off=["decide_commit.x"])),
        ":1: there is no guard 'decide_commit.x'",
    ),
    "an edit that is code": (
        changed(1, lambda r: r.update(edits=["__import__('os')"])),
        ":1: there is no guard",
    ),
    "an unknown bound": (
        changed(1, lambda r: r.update(bounds={"Manager": 2, "Job": 1})),
        ":1: scope two bounds the unknown 'Job'",
    ),
    "a vast bound": (
        changed(1, lambda r: r.update(bounds={"Manager": 10**9})),
        ":1: the bound 'Manager' is 1000000000",
    ),
    "a bound that is no number": (
        changed(1, lambda r: r.update(bounds={"Manager": True})),
        ":1: the bound 'Manager' is true",
    ),
    "an unknown key": (changed(2, lambda r: r.update(eval="1")), ":2: 'eval' does not belong here"),
    "an unknown action": (
        changed(3, lambda r: r.update(action="explode")),
        ":3: there is no action 'explode'",
    ),
    "other parameters": (
        changed(3, lambda r: r.update(params={})),
        ":3: choose_abort takes (m), not ()",
    ),
    "an unknown element": (
        changed(3, lambda r: r.update(params={"m": "manager9"})),
        ":3: choose_abort has no m = 'manager9'",
    ),
    "a parameter of another kind": (
        changed(3, lambda r: r.update(params={"m": 0})),
        ":3: choose_abort has no m = 0",
    ),
    "an actor that takes no part": (
        changed(3, lambda r: r.update(actor="manager2")),
        ":3: the actor 'manager2' takes no part in choose_abort",
    ),
    "an unknown place": (
        changed(3, lambda r: r.update(changed={"phase[manager9]": ["working", "aborted"]})),
        ":3: there is no 'phase[manager9]'",
    ),
    "an unknown value": (
        changed(3, lambda r: r.update(changed={"phase[manager1]": ["working", "\x1b[2J"]})),
        ":3: phase[manager1] cannot be '\\x1b[2J'",
    ),
    "a change that is no pair": (
        changed(3, lambda r: r.update(changed={"phase[manager1]": "aborted"})),
        ":3: 'phase[manager1]' is 'aborted', not [before, after]",
    ),
    "another end": (
        changed(5, lambda r: r.update(property="all_commit")),
        ":5: ends with 'all_commit', and the header says 'all_agree'",
    ),
    "another count": (
        changed(5, lambda r: r.update(steps=4)),
        ":5: counts 4 steps, and the file holds 3",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_trace_is_named_with_its_line_and_left_as_it_is(case: str, file: Path) -> None:
    content, complaint = BAD[case]
    data = content if isinstance(content, bytes) else content.encode()
    file.write_bytes(data)
    with pytest.raises(BadTrace) as bad:
        read(file, SCOPES)
    assert str(bad.value).startswith(f"{file}{complaint}")
    assert "\n" not in str(bad.value) and "; " in str(bad.value), "one line, with a remedy"
    assert file.read_bytes() == data


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    missing, pipe, huge = (tmp_path / name for name in ("missing", "pipe", "huge"))
    os.mkfifo(pipe)
    with huge.open("wb") as made:
        made.truncate(2**31)
    for file, complaint in (
        (missing, "there is no such file"),
        (tmp_path, "is a directory"),
        (pipe, "is not a regular file"),
        (huge, "has 2,048 MiB, and a trace file has 64 at most"),
        (Path("a\0b"), "is no file name"),
    ):
        with pytest.raises(BadTrace, match=complaint):
            read(file, SCOPES)


# What the spec does not follow.


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            changed(1, lambda r: r.update(off=[])),
            ":2: step 1, decide_commit of -, is not enabled: the spec refuses it "
            "for 'all_prepared'",
        ),
        (
            changed(3, lambda r: r.update(changed={"phase[manager1]": ["working", "prepared"]})),
            ":3: step 2, choose_abort, differs: the spec says phase[manager1] working -> aborted, "
            "the trace phase[manager1] working -> prepared",
        ),
        (
            "".join([*LINES[:3], LINES[4].replace('"steps": 3', '"steps": 2')]),
            ":4: TC-1 all_agree holds after the last step",
        ),
    ],
)
def test_a_step_the_spec_does_not_take_is_named(file: Path, text: str, complaint: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Diverged) as differs:
        replay(read(file, SCOPES))
    assert str(differs.value) == f"{file}{complaint}"


# Saving.


def test_saving_replaces_a_trace_and_nothing_else(file: Path) -> None:
    save(file, TEXT)
    save(file, TEXT)
    for other in ("notes\n", '{"name": "x"}\n', ""):
        file.write_text(other, encoding="utf-8")
        with pytest.raises(BadTrace, match="exists and is not a trace; it was left alone"):
            save(file, TEXT)
        assert file.read_text("utf-8") == other


def test_saving_makes_folders_follows_links_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "trace.jsonl"
    save(file, TEXT)
    link = tmp_path / "link"
    link.symlink_to(file)
    file.write_text(LINES[0], encoding="utf-8")
    save(link, TEXT)
    assert link.is_symlink() and file.read_text("utf-8") == TEXT
    assert [f.name for f in file.parent.iterdir()] == ["trace.jsonl"]
    with pytest.raises(BadTrace, match="is not a regular file"):
        save(tmp_path, TEXT)


# The hash of a spec.


def test_the_hash_of_a_spec_moves_with_its_text_and_not_with_its_prose() -> None:
    original = spec_hash(commit_protocol)
    assert original != spec_hash(find(commit_protocol, OFF[0]))
    prose = Spec("other name", commit_protocol, doc="Other words.")
    assert original == spec_hash(prose)


def test_the_hash_of_a_spec_is_the_same_in_another_process() -> None:
    program = (
        "from spec.language.hashes import spec_hash\n"
        "from ffq.textbook.two_phase_commit import commit_protocol\n"
        "print(spec_hash(commit_protocol))\n"
    )
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert ran.stdout.strip() == spec_hash(commit_protocol)


def test_a_scope_with_a_new_name_is_known_by_its_bounds_too() -> None:
    """Many scopes have one spec; which of them it was is said by more than the name."""
    from checker.commands.options import catalogue
    from checker.evidence.traces import FOLDER

    scopes = catalogue().scopes
    row = next(rows(FOLDER / "FM-010.jsonl"))
    for name in ("one-job", "life"):
        row.data |= {"scope": f"{name}e", "bounds": dict(scopes[name].bounds)}
        row.data["spec"] = spec_hash(scopes[name].spec)
        assert scope_of(row, scopes).name == name
