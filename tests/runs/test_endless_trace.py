"""A saved run that never ends is believed only if its loop closes, is fair and breaks the claim."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.commands.main import main
from checker.runs.reading import read
from checker.runs.story import tell_lasso
from checker.runs.trace import BadTrace, Diverged, Trace, record, replay, save
from checker.search.liveness import decide
from spec.failures.edits import Edits
from tests.specs.doors import DOOR

SCOPES = {"door": DOOR}
WIND = ("endless blow_open", "weakly lock")

Row = dict[str, Any]


def text_of(claim: str, *edits: str) -> str:
    trace = Trace(DOOR, Edits(edits), "plain", claim, ())
    lasso = decide(trace.edited)[claim].lasso
    assert lasso is not None
    return record(trace, tell_lasso(trace.edited, lasso, claim))


TEXT = text_of("doors_are_locked", *WIND)
STILL = text_of("shut_doors_are_locked", "unfair lock")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "trace.jsonl"


@pytest.mark.parametrize(("text", "steps", "loop"), [(TEXT, 3, 2), (STILL, 0, 1)])
def test_it_is_read_back_as_it_was_saved(text: str, steps: int, loop: int, file: Path) -> None:
    save(file, text)
    trace = read(file, SCOPES)
    assert (len(trace.lines), trace.loop) == (steps, loop)
    _, story = replay(trace)
    assert record(trace, story) == text


def changed(number: int, change: Callable[[Row], object]) -> str:
    """Return the trace with one row changed."""
    rows = [json.loads(line) for line in TEXT.splitlines()]
    change(rows[number - 1])
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (changed(5, lambda r: r.pop("loop")), ":5: 'loop' is missing"),
        (changed(5, lambda r: r.update(loop=True)), ":5: 'loop' is true, not a whole number"),
        (
            changed(5, lambda r: r.update(loop=0)),
            ":5: has its loop begin at step 0, and the file holds 3",
        ),
        (
            changed(5, lambda r: r.update(loop=5)),
            ":5: has its loop begin at step 5, and the file holds 3",
        ),
    ],
)
def test_a_loop_mark_that_cannot_be_is_named(text: str, complaint: str, file: Path) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadTrace) as bad:
        read(file, SCOPES)
    assert str(bad.value).startswith(f"{file}{complaint}")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (changed(5, lambda r: r.update(loop=3)), "the loop does not end where it begins"),
        (
            changed(5, lambda r: r.update(loop=4)),
            "shut(door1) is possible all the time in the loop, and never taken",
        ),
        (
            changed(1, lambda r: r.update(edits=["endless blow_open"])),
            "lock(door1) is possible again and again in the loop, and never taken",
        ),
        (
            changed(1, lambda r: r.update(edits=["weakly lock"])),
            "blow_open(door1) happens only finitely often, and is in the loop",
        ),
        (
            TEXT.replace("doors_are_locked", "open_doors_are_shut").replace("D-3", "D-1"),
            "D-1 open_doors_are_shut holds of this run",
        ),
    ],
)
def test_a_run_that_breaks_nothing_is_named(text: str, complaint: str, file: Path) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Diverged) as differs:
        replay(read(file, SCOPES))
    assert str(differs.value) == f"{file}:5: {complaint}"


def test_the_command_saves_and_shows_one(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dropped = ["--scope", "one-job", "--without", "weakly claim", "--save", str(file)]
    assert main(["check", *dropped, "--json"]) == 1
    (scope,) = json.loads(capsys.readouterr().out)["scopes"]
    (broken,) = [p for p in scope["properties"] if p["verdict"] == "violated"]
    assert (broken["name"], broken["evidence"]) == ("every_job_ends", "✗1")
    assert broken["trace"] == str(file)
    assert main(["trace", "show", str(file), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["ok"], shown["loop"], len(shown["steps"])) == (True, 2, 5)
    assert main(["trace", "show", str(file)]) == 0
    assert "again and again:" in capsys.readouterr().out
