"""Spec and SQLite side by side: both states after each step, and the statements that were run."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from checker.conformance import watched
from checker.conformance.watched import Beside, Ran, Seen, beside
from checker.runs.trace import BadTrace
from impl.derive.design import Design, derive
from impl.derive.sql import encode
from spec.language.scope import Scope
from spec.queue.job import Lease
from tests.conformance.replay.test_replay import faulty
from tests.sample_runs import KEPT, kept


def run(seen: Seen, role: str) -> list[Ran]:
    return [ran for ran in seen.ran if ran.role == role]


@pytest.mark.parametrize("name", KEPT)
def test_both_are_in_the_states_of_the_run(name: str) -> None:
    followed = kept(name)
    found = beside(followed.trace, followed.trace.edits)
    assert found.start == followed.states[0]
    assert [s.model for s in found.steps] == [*followed.states[1:]]
    assert [s.store for s in found.steps] == [*followed.states[1:]]
    assert found.broken == (followed.trace.loop is None)
    assert (found.refused, found.difference) == (None, None)


def test_with_the_protection_both_refuse_the_last_step() -> None:
    found = beside(kept("FM-010").trace)
    last = found.steps[-1]
    assert (len(found.steps), found.refused, found.broken) == (8, "settle_done.fenced", False)
    assert last.model == last.store == found.steps[-2].model
    assert [r.role for r in last.ran] == ["transaction", "step", "guards", "transaction"]
    assert last.ran[-1].sql == "ROLLBACK"


def test_a_step_that_only_an_edit_brings_in_is_refused_and_runs_nothing() -> None:
    trace = kept("FM-007").trace
    rest = [line for line in trace.lines if line.action == "claim_rest"]
    found = beside(replace(trace, lines=(trace.lines[0], rest[0])))
    assert found.refused == "claim_rest does not exist"
    assert found.steps[-1].ran == ()


def test_the_statements_are_what_sqlite_has_run() -> None:
    """They are run once more, and leave the same rows."""
    trace = kept("FM-010").trace
    found = beside(trace, trace.edits)
    design = derive(trace.edited, checks=False)
    with closing(apsw.Connection(":memory:")) as other:
        other.execute(design.schema)
        for seen in found.steps:
            assert len(run(seen, "step")) == 1
            for ran in seen.ran:
                other.execute(ran.sql, ran.parameters)
        rows = other.execute("SELECT status, token, lease FROM job").fetchall()
    places = [place.name for place in found.scope.places]
    last = dict(zip(places, found.steps[-1].store or (), strict=True))
    lease = encode(Lease, last["lease[job1]"])
    assert rows == [(last["status[job1]"], last["token[job1]"], lease)]


def test_a_parameter_is_told_only_to_the_statement_that_names_it() -> None:
    found = beside(kept("FM-010").trace)
    (claim,) = run(found.steps[1], "step")
    assert claim.parameters == {"j": 1, "now": 0, "lease_ms": 1, "deadline_ms": 1}
    (settled,) = run(found.steps[-1], "step")
    assert settled.parameters == {"job": 1, "held": 1, "held_epoch": 0}


def test_where_they_differ_the_place_is_named_and_both_states_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(scope: Scope, checks: bool) -> Design:
        return faulty(derive(scope, checks=False))

    monkeypatch.setattr(watched, "derive", wrong)
    found: Beside = beside(kept("FM-010").trace)
    last = found.steps[-1]
    assert last.line.call == "claim(job1)"
    assert found.difference is not None
    assert found.difference.fact == "token[job1]: the spec says 1, the store 2"
    at = [place.name for place in found.scope.places].index("token[job1]")
    assert last.store is not None
    assert (last.model[at], last.store[at]) == (1, 2)
    assert "token = token + 2" in run(last, "step")[0].sql


def test_a_store_on_disk_is_watched_as_well(tmp_path: Path) -> None:
    trace, file = kept("FM-010").trace, tmp_path / "queue.db"
    found = beside(trace, trace.edits, str(file))
    assert [r.role for r in found.steps[0].ran] == ["transaction", "step", "transaction"]
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("SELECT status FROM job").fetchall() == [("done",)]


def test_a_run_from_nowhere_is_not_begun() -> None:
    run = kept("FM-010")
    with pytest.raises(BadTrace, match="a fresh store begins at the beginning"):
        beside(replace(run.trace, start=run.states[3]))
