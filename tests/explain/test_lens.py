"""The steps of a run on other variants of its spec: which guard refuses them."""

import json
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.commands.options import Catalogue
from checker.commands.trace import why
from checker.conformance.watched import replay_trace
from checker.evidence.traces import FOLDER
from checker.explain.lens import restored, under
from checker.runs.trace import record, save
from tests.sample_runs import KEPT, kept, leaving, still, windy
from tests.specs.doors import DOOR


@pytest.mark.parametrize("name", KEPT)
def test_a_run_seen_through_its_own_variant_breaks_what_it_broke(name: str) -> None:
    run = kept(name)
    lens = under(run, run.trace.edits)
    assert (lens.refused_at, lens.refused_by, lens.broken) == (None, None, True)
    assert lens.run.states == run.states
    assert lens.steps_taken == len(run.steps)


@pytest.mark.parametrize("name", KEPT)
def test_the_spec_refuses_with_every_protection_what_the_store_refuses(name: str) -> None:
    run = kept(name)
    lens, store = under(run), replay_trace(run.trace)
    assert (lens.steps_taken, lens.refused_by, lens.broken) == (store.taken, store.refused, False)


def test_the_guard_and_its_false_clause_are_named() -> None:
    lens = under(kept("FM-010"))
    assert (lens.refused_at, lens.refused_by) == (8, "settle_done.fenced")
    (clause,) = lens.clauses
    assert clause.name == "fenced"
    assert set(clause.values) >= {"token[job1] = 2", "held[worker1] = 1"}
    assert str(clause.since) == "since step 7 (worker2 claim(job1))"


def test_each_protection_is_put_back_by_itself() -> None:
    found = restored(kept("FM-010"))
    assert [(name, lens.refused_by) for name, lens in found] == [
        ("settle_done.fenced", "settle_done.fenced")
    ]


def test_a_run_that_never_ends_is_fair_only_without_the_protection() -> None:
    for run in (windy(), still()):
        assert under(run, run.trace.edits).broken
        lens = under(run)
        assert (lens.refused_by, lens.broken) == (None, False)


def test_a_number_leaves_its_range_only_without_the_protection() -> None:
    run = leaving()
    assert under(run, run.trace.edits).broken
    lens = under(run)
    assert (lens.refused_by, lens.broken) == ("acquire.tokens_left", False)


# ---------------------------------------------------------------- the command
LATE = str(FOLDER / "FM-010.jsonl")


def test_the_command_names_the_guard_and_its_false_clause(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["trace", "lens", LATE]) == 0
    told = capsys.readouterr().out
    assert (
        told[told.index("with every") :]
        == """\
with every protection: step 8, worker1 settle_done, is refused: settle_done.fenced
  fenced  false  token[job[worker1]] == held[worker1]   since step 7 (worker2 claim(job1))
                 job[worker1] = job1, token[job1] = 2, held[worker1] = 1
"""
    )
    assert main(["trace", "lens", LATE, "--without", "FM-010"]) == 0
    says = "every step is taken; INV-004 only_the_holder_settles is broken all the same\n"
    assert capsys.readouterr().out.endswith(f"\nwithout settle_done.fenced: {says}")


@pytest.mark.parametrize("name", KEPT)
def test_one_json_object_says_what_the_store_does(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trace", "lens", str(FOLDER / f"{name}.jsonl"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    (whole,) = answer["variants"]
    store = replay_trace(kept(name).trace)
    assert (answer["ok"], whole["without"], whole["broken"]) == (True, [], False)
    assert whole["steps_taken"] == store.taken
    assert (whole["refused"] and whole["refused"]["by"]) == store.refused


def test_of_two_protections_each_is_put_back_and_then_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(why, "catalogue", lambda: Catalogue({"door": DOOR}, (), ()))
    file, run = tmp_path / "windy.jsonl", windy()
    save(file, record(run.trace, run.story))
    assert main(["trace", "lens", str(file), "--json"]) == 0
    variants = json.loads(capsys.readouterr().out)["variants"]
    assert [(v["without"], v["steps_taken"], v["broken"]) for v in variants] == [
        (["weakly lock"], 3, False),
        (["endless blow_open"], 3, False),
        ([], 3, False),
    ]


def test_a_protection_that_does_not_exist_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "lens", LATE, "--without", "settle_dne.fenced"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("ffq: there is no guard 'settle_dne.fenced'; write one of: ")
