"""The reference implementation does what the spec says: step by step, column by column, guard by
guard; and where a guard is taken away, both break in the same way.
"""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.conformance.beside_spec import Divergence, Replay
from checker.conformance.watched import replay_trace
from checker.runs.trace import BadTrace, binding_of, record, save
from impl.derive.design import Design, derive
from impl.derive.statements import Assignment
from impl.terms.unusable import StoreError
from spec.failures.edits import Edits
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope
from spec.queue import SCOPES
from tests.counterexamples import counterexample
from tests.expressions import BOXES
from tests.specs.lamps import STREET
from tests.walks import Walks


def saved(folder: Path, guard: str) -> str:
    trace, story = counterexample(guard)
    save(folder / "a.jsonl", record(trace, story))
    return str(folder / "a.jsonl")


# ---------------------------------------------------------------- agreement
DEEPER = ("life", "requests", "effects")


@pytest.mark.parametrize(
    ("name", "seed"),
    [("whole", 1), *(pytest.param(n, 1, marks=pytest.mark.deep) for n in DEEPER)],
)
def test_store_and_spec_agree_on_every_step_of_random_runs(name: str, seed: int) -> None:
    walks = Walks(derive(SCOPES[name]), seed).run(walks=30, steps=40)
    assert set(walks.taken) == set(SCOPES[name].spec.actions)
    assert sum(walks.refused.values()) > 5000


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("name", ["life-deep", "requests", "effects-deep", "whole-deep"])
def test_store_and_spec_agree_on_longer_random_runs(name: str, seed: int) -> None:
    walks = Walks(derive(SCOPES[name]), seed).run(walks=40, steps=120)
    assert set(walks.taken) == set(SCOPES[name].spec.actions)


@pytest.mark.parametrize("scope", [STREET, BOXES], ids=lambda scope: scope.name)
def test_rows_that_come_and_go_by_no_rule_agree_as_well(scope: Scope) -> None:
    """These name no value that means `no row`: each statement that writes is an upsert."""
    walks = Walks(derive(scope), seed=1).run(walks=6, steps=40)
    forms = {t.statement.form for t in walks.design.transitions.values() if t.statement}
    assert forms <= {"select", "upsert", "update"}
    assert "upsert" in forms
    assert set(walks.taken) == set(scope.spec.actions)
    assert set(walks.refused) >= set(scope.spec.guard_names()) - {"switch_on.works"}


# ---------------------------------------------------------------- protections


@pytest.mark.parametrize(
    ("guard", "check"),
    [
        ("expire.live", "INV-002 a_claim_is_one_record"),
        ("notify.due", "INV-025 deaths_are_announced"),
        ("write_first.leased", "INV-008 dead_letters_are_true"),
        ("write_first.unrecorded", "INV-008 no_hidden_partial_update"),
    ],
)
def test_a_check_stops_a_step_that_breaks_a_row(guard: str, check: str) -> None:
    trace, _ = counterexample(guard)
    scope = Edits([guard]).on(trace.scope)
    replay = Replay(derive(scope, checks=True))
    with pytest.raises(Divergence) as differs:
        for line in trace.lines:
            action = scope.spec.actions[line.action]
            replay.step(replay.steps.find(action.name, binding_of(scope, action, line)))
    assert (differs.value.step, differs.value.want) == (len(trace.lines), "done")
    assert differs.value.got == f"refused by {check}"


# ---------------------------------------------------------------- what is said of a difference


def faulty(design: Design) -> Design:
    """Return the design with a claim that raises the token by two."""
    claim = design.transitions["claim"]
    assert claim.statement is not None
    sets = tuple(
        Assignment("token", "token + 2") if a.column == "token" else a for a in claim.statement.sets
    )
    wrong = replace(claim, statement=replace(claim.statement, sets=sets))
    return replace(design, transitions={**design.transitions, "claim": wrong})


def test_a_difference_names_step_place_values_and_sql() -> None:
    # A CHECK would stop it first.
    replay = Replay(faulty(derive(SCOPES["one-job"], checks=False)))
    assert replay.step(replay.steps.find("enqueue", {"j": 0})) is None
    with pytest.raises(Divergence) as differs:
        replay.step(replay.steps.find("claim", {"w": 1, "j": 0}))
    found = differs.value
    assert (found.step, found.call, found.place) == (2, "claim(worker2, job1)", "token[job1]")
    assert (found.want, found.got) == (1, 2)
    assert "token = token + 2" in found.sql
    assert str(found) == ("step 2, claim(worker2, job1): token[job1]: the spec says 1, the store 2")


def test_a_store_that_is_in_use_is_no_place_to_replay(tmp_path: Path) -> None:
    design, file = derive(SCOPES["one-job"]), str(tmp_path / "used.db")
    replay = Replay(design, file)
    replay.step(replay.steps.find("enqueue", {"j": 0}))
    replay.store.close()
    with pytest.raises(StoreError, match="is in use: it has rows already"):
        Replay(design, file)


def test_a_run_that_never_ends_is_followed_once_around() -> None:
    trace, _ = counterexample("claim.ready")
    endless = replace(trace, violated="every_job_ends", loop=1)
    found = replay_trace(endless, Edits(["claim.ready"]))
    assert (found.taken, found.refused, found.broken) == (len(trace.lines), None, False)


def test_a_run_from_nowhere_cannot_begin_in_a_fresh_store() -> None:
    trace, _ = counterexample("claim.ready")
    nowhere = replace(trace, start=Evaluator(trace.scope).initial())
    with pytest.raises(BadTrace, match="a fresh store begins at the beginning"):
        replay_trace(nowhere)


# ---------------------------------------------------------------- the command line


def test_ffq_replay_says_who_refuses_a_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved(tmp_path, "settle_done.fenced")
    assert main(["replay", file, "--protected"]) == 0
    out = capsys.readouterr().out
    assert "is refused, as by the spec: settle_done.fenced" in out
    assert main(["replay", file, "--protected", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is True
    assert (answer["taken"], answer["refused"]) == (7, "settle_done.fenced")
    assert answer["broken"] is None


def test_ffq_replay_takes_away_what_the_trace_was_found_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", saved(tmp_path, "settle_done.fenced")]) == 1
    out, err = capsys.readouterr()
    assert "without settle_done.fenced" in " ".join(out.split())
    assert "is broken in the database" in out
    assert err.startswith("ffq: as it was found: without settle_done.fenced; --protected ")


def test_ffq_replay_breaks_a_file_without_the_guard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, database = saved(tmp_path, "claim.ready"), tmp_path / "broken.db"
    asked = ["replay", file, "--without", "claim.ready", "--database", str(database)]
    assert main([*asked, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["broken"] == {"id": "INV-011", "name": "only_legal_transitions"}
    with closing(sqlite3.connect(database)) as opened:  # another SQLite than the one that wrote it
        assert opened.execute("SELECT id, status, token FROM job").fetchall() == [(1, "claimed", 1)]
    assert main(asked) == 2
    assert "is in use" in capsys.readouterr().err


def test_ffq_replay_says_where_the_store_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(tmp_path, "settle_done.fenced")
    monkeypatch.setattr(
        "checker.conformance.watched.derive", lambda scope, checks: faulty(derive(scope))
    )
    assert main(["replay", file, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["difference"]["step"] == 2
    assert answer["difference"]["want"] == "done"
    assert answer["difference"]["got"] == "refused by INV-025 every_claim_has_an_outcome"
    assert "token = token + 2" in answer["difference"]["sql"]


def test_ffq_replay_names_a_guard_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", saved(tmp_path, "claim.ready"), "--without", "claim.reday"]) == 2
    assert "there is no guard 'claim.reday'; write one of: claim.ready" in capsys.readouterr().err


def test_ffq_sql_prints_one_statement(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sql", "recoverer_restart", "--scope", "one-job"]) == 0
    assert capsys.readouterr().out == (
        "-- recoverer_restart(r): The recoverer comes back, remembering nothing.\n"
        "--   then remembered, as read before the step: up[r] = True\n"
    )
    assert main(["sql", "expire", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer["actions"]) == ["expire"]
    assert answer["actions"]["expire"]["sql"] == (
        "UPDATE job\nSET lease = :now - 1\nWHERE id = :j\n"
        "  AND lease > :now IS TRUE  /* live */\nRETURNING lease"
    )
    assert main(["sql", "expires"]) == 2
    assert "write one of: expire" in capsys.readouterr().err
