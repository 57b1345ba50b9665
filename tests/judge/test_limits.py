"""Where too much is possible that is said; of a run that never ends the loop is kept."""

import json
from pathlib import Path

import pytest

from checker.judge import explain
from checker.judge.filled import run_of
from checker.judge.follow import Follower
from checker.judge.history import read
from checker.judge.states.layer import TooMany
from checker.judge.verdict import Judge, Verdict

KEPT = Path(__file__).parent / "histories"


def judged(name: str) -> Verdict:
    (found,) = Judge(read(KEPT / f"{name}.jsonl")).verdicts()
    return found


def too_many(*_: object) -> None:
    raise TooMany(7)


def test_a_job_with_too_many_states_is_not_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Follower, "follow", too_many)
    found = judged("late-success")
    assert (found.accepted, found.stopped) == (False, "more than 7 states agree with it")


def test_edits_with_too_many_states_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    found = judged("late-success")
    monkeypatch.setattr(Follower, "allows", too_many)
    monkeypatch.setattr(explain, "_used", too_many)
    answer = explain.explain(found.setup, found.seen)
    assert answer.sets == ()
    assert frozenset({"settle_done.fenced"}) in answer.left


def test_a_known_design_explains_what_has_too_many_rows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = (KEPT / "late-success.jsonl").read_text("utf-8").splitlines()
    lines[0] = json.dumps(json.loads(lines[0]) | {"effects": "once"})
    file = tmp_path / "once.jsonl"
    file.write_text("\n".join(lines))
    (found,) = Judge(read(file)).verdicts()
    monkeypatch.setattr(explain, "_used", too_many)
    answer = explain.explain(found.setup, found.seen)
    assert answer.sets == (frozenset({"settle_done.evidence", "settle_done.fenced"}),)
    assert answer.stopped == (
        "more than 7 states agree with it without 2 protections, so there may be others"
    )


@pytest.mark.deep
def test_of_all_pairs_those_explain_it_that_a_known_design_has_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = judged("destructive-pop")
    known = explain.explain(found.setup, found.seen)
    assert known.sets == (frozenset({"instead claim pop", "start.leased"}),)
    monkeypatch.setattr(explain, "_used", too_many)
    monkeypatch.setattr(explain, "PROFILES", {})
    answer = explain.explain(found.setup, found.seen)
    assert (answer.sets, answer.stopped) == (known.sets, None)


def test_a_run_that_rests_for_ever_is_kept_with_its_loop() -> None:
    found = judged("stays-claimed")
    run = run_of(found.setup, found.seen, frozenset({"unfair look"}))
    assert run.trace is not None
    assert run.trace.violated == "every_job_ends"  # the claims before it hold
    assert run.trace.loop == len(run.trace.lines) + 1
