"""The same trace files pass on SQLite and on PostgreSQL, with the same refusals; and where a guard
is taken away, both break as the spec says.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.commands.main import main
from checker.conformance.watched import replay_trace
from checker.evidence import incidents
from checker.evidence.traces import FOLDER
from checker.explain.lens import under
from checker.explain.run import open_run
from impl.postgresql.trial.embedded import Server
from spec.failures.edits import Edits
from tests.counterexamples import APART, GUARDS, counterexample

QUICK = ("claim.ready", "settle_done.fenced", "recover.expired", "grow_old.outlives")
"""What is asked of a server in the quick tests as well."""

EDITS = ("split claim token", "stale claim.ready", "split settle_failed status")
TRACES = sorted(
    (file for folder in (FOLDER, incidents.FOLDER) for file in folder.glob("*.jsonl")),
    key=lambda file: file.stem,
)


def on_both(missing: tuple[str, ...], deep: tuple[str, ...]) -> Iterator[Any]:
    """Yield each with each store; a server is asked in the deep tests, or for these in each run."""
    for one in missing:
        marks = [pytest.mark.deep] if one in deep else []
        yield pytest.param(one, "file", marks=marks, id=f"{one}-file")
        marks = [] if one in QUICK else [pytest.mark.deep]
        yield pytest.param(one, "server", marks=marks, id=f"{one}-server")


EVERY = [*on_both((*GUARDS, *APART), tuple(APART))]


@pytest.fixture
def on(request: pytest.FixtureRequest) -> Server | None:
    """Return the server to replay on; None for a file."""
    if request.param == "file":
        return None
    found: Server = request.getfixturevalue("server")
    return found


@pytest.mark.parametrize(("guard", "on"), EVERY, indirect=["on"])
def test_the_store_refuses_what_the_guard_is_there_for(guard: str, on: Server | None) -> None:
    trace, _ = counterexample(guard)
    found = replay_trace(trace, server=on)
    assert (found.refused, found.broken) == (guard, False)
    assert trace.lines[found.taken].action == guard.split(".")[0]


@pytest.mark.parametrize(
    ("edit", "on"),
    [*EVERY, *on_both(EDITS, ("split settle_failed status",))],
    indirect=["on"],
)
def test_the_store_breaks_as_the_spec_does_without_the_protection(
    edit: str, on: Server | None
) -> None:
    trace, _ = counterexample(edit)
    found = replay_trace(trace, Edits([edit]), server=on)
    assert (found.taken, found.refused, found.broken) == (len(trace.lines), None, True)


@pytest.mark.deep
@pytest.mark.parametrize("on", ["file", "server"], indirect=True)
@pytest.mark.parametrize("file", TRACES, ids=lambda file: file.stem)
def test_a_kept_trace_is_taken_and_refused_where_the_spec_says(
    file: Path, on: Server | None
) -> None:
    run = open_run(file)
    broken = replay_trace(run.trace, run.trace.edits, server=on)
    assert (broken.taken, broken.refused) == (len(run.steps), None)
    assert broken.broken == (run.trace.loop is None)
    lens, kept = under(run), replay_trace(run.trace, server=on)
    assert (kept.taken, kept.refused, kept.broken) == (lens.steps_taken, lens.refused_by, False)


# ---------------------------------------------------------------- the command line
FM_010 = str(FOLDER / "FM-010.jsonl")


@pytest.mark.deep
def test_ffq_replay_shows_what_a_server_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["replay", FM_010, "--store", "postgresql", "--protected"]
    assert main(asked) == 0
    out = capsys.readouterr().out
    assert "RETURNING new.status" in out
    assert "is refused, as by the spec: settle_done.fenced" in out
    assert main([*asked, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["taken"], answer["refused"]) == (7, "settle_done.fenced")
    said = answer["steps"][-1]["statements"]
    roles = ["transaction", "other", "other", "step", "guards", "transaction"]
    assert [each["role"] for each in said] == roles
    assert said[3]["parameters"] == {"job": 1, "held": 1, "held_epoch": 0}


@pytest.mark.parametrize(
    "asked", [[FM_010, "--database", "new.db"], ["--generate", "1"]], ids=" ".join
)
def test_ffq_replay_has_no_file_and_no_runs_on_a_server(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", *asked, "--store", "postgresql"]) == 2
    assert capsys.readouterr().err == (
        "ffq: --store postgresql: is for a trace, and has no file; leave the other out\n"
    )
