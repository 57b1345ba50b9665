"""The catalogue: every guard has its place, every trace is replayed, and no proof is believed that
could not fail.
"""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.conformance.watched import replay_trace
from checker.evidence import proofs, traces
from checker.evidence.detection.detectors import DETECTORS, UNDETECTED
from checker.evidence.proofs import five
from checker.evidence.replayed import prevented, replayed, reproduced
from checker.explain.run import run_of
from checker.runs import cache
from checker.runs.exploration import Limits
from checker.runs.trace import Diverged, replay
from checker.search import plain
from spec.failures import FAILURES, FailureMode, Loss
from spec.failures.edits import Edits
from spec.failures.guards import BELONG_TO_NONE, belongs
from spec.failures.incidents import INCIDENTS
from spec.failures.naive import NAIVE
from spec.failures.repairs import REPAIRS, RESIDUE
from spec.language.evaluate import Claim
from spec.language.misuse import Misuse
from spec.queue import DEFAULT, SCOPES
from tests.evidence.losses import BOTH, LOSSES, MODES, SOME_LOSSES

GUARDS = list(dict.fromkeys(g for name in DEFAULT for g in SCOPES[name].spec.guard_names()))


# ---------------------------------------------------------------- the catalogue


@pytest.mark.parametrize("guard", GUARDS)
def test_each_guard_belongs_to_a_failure_mode_or_says_why_not(guard: str) -> None:
    assert bool(belongs(guard)) != (guard in BELONG_TO_NONE), belongs(guard)


def test_nothing_is_explained_that_is_not_there() -> None:
    assert BELONG_TO_NONE.keys() <= set(GUARDS)
    assert (REPAIRS.keys() | RESIDUE.keys()) <= FAILURES.keys()
    assert DETECTORS.keys() | UNDETECTED.keys() == FAILURES.keys()
    assert not DETECTORS.keys() & UNDETECTED.keys()


def test_every_naive_step_is_in_the_catalogue() -> None:
    edits = [text.split() for _, loss in LOSSES for text in loss.edits]
    assert {words[2] for words in edits if words[0] == "instead"} == set(NAIVE)


@MODES
def test_each_failure_mode_happened_somewhere(mode: FailureMode) -> None:
    """Of some, the incidents tell only the sibling with another letter."""
    number = mode.id.rstrip("abcde")
    taught = {t.rstrip("abcde") for i in INCIDENTS.values() for t in i.teaches}
    assert number in taught
    assert all(i.url.startswith("https://") and i.grade in ("A", "B") for i in mode.incidents)


def test_the_incidents_are_numbered_and_each_is_told_elsewhere() -> None:
    assert list(INCIDENTS) == [f"D{n:02}" for n in range(1, 133)]
    assert len({i.url for i in INCIDENTS.values()}) == 132


def test_an_edit_that_nobody_knows_is_refused_with_what_there_is() -> None:
    with pytest.raises(Misuse, match="no naive step 'popp'; write one of: pop"):
        Edits(["instead claim popp"]).on(SCOPES["one-job"])


# ---------------------------------------------------------------- traces


@BOTH
def test_the_kept_trace_breaks_the_spec_as_the_catalogue_says(
    mode: FailureMode, loss: Loss
) -> None:
    trace = traces.kept(mode, loss)
    _, story = replay(trace)
    assert trace.edits == Edits(loss.edits)
    assert (trace.scope.name, story.broken.name) == (loss.scope, loss.breaks)


@SOME_LOSSES
def test_the_kept_trace_breaks_a_database_and_is_refused_by_the_whole_one(
    mode: FailureMode, loss: Loss
) -> None:
    assert replayed(mode, loss).ok
    assert prevented(mode, loss).ok
    guards = [text for text in loss.edits if "." in text and " " not in text]
    refused = replay_trace(traces.kept(mode, loss)).refused
    if guards and refused != "find_recorded.reference":
        assert [refused] == guards


PLAIN = [
    (mode, loss)
    for mode, loss in LOSSES
    if loss.scope == "one-job" and traces.claim_of(loss).kind != "leads_to"
]


@pytest.mark.parametrize(("mode", "loss"), PLAIN, ids=[traces.file_of(*p).stem for p in PLAIN])
def test_the_plain_explorer_finds_no_shorter_trace(mode: FailureMode, loss: Loss) -> None:
    whole = Edits((*loss.edits, *loss.through)).on(traces.healthy(loss))
    alone = whole.spec.edited("one", properties={loss.breaks: whole.spec.properties[loss.breaks]})
    seen = plain.explore(whole.on(alone), Limits(), (), frozenset({loss.breaks}), None)
    assert seen.violations[loss.breaks] == len(traces.kept(mode, loss).lines)


TOLD = [(mode, loss) for mode, loss in LOSSES if loss.through]


@pytest.mark.parametrize(("mode", "loss"), TOLD, ids=[mode.id for mode, _ in TOLD])
def test_a_run_that_is_chosen_takes_what_it_is_chosen_for_and_breaks_at_its_end(
    mode: FailureMode, loss: Loss
) -> None:
    run = run_of(traces.kept(mode, loss))
    taken = [instance.step.action.name for instance in run.steps]
    for text in loss.through:
        kind, names = text.split(" ", 1)
        if kind == "never":
            assert names not in taken
        else:
            assert kind == "via"
            left = iter(taken)
            assert all(name in left for name in names.split(" then ")), (names, taken)
    claim = run.scope.spec.properties[loss.breaks]
    asked, steps = Claim(run.evaluator, claim), claim.kind == "step"
    pairs = [(s if steps else t, t) for s, t in pairwise(run.states)]
    assert [asked.holds(*pair) is None for pair in pairs] == [True] * (len(pairs) - 1) + [False]


def test_a_trace_that_is_not_the_shortest_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = FAILURES["FM-013"]
    text = traces.file_of(mode, mode.loss).read_text("utf-8")
    monkeypatch.setattr(traces, "FOLDER", tmp_path)
    assert not reproduced(mode, mode.loss).ok, "there is no trace"
    (tmp_path / "FM-013.jsonl").write_text(text, "utf-8")
    assert reproduced(mode, mode.loss).ok
    other = traces.shortest(FAILURES["FM-030"].loss)
    (tmp_path / "FM-013.jsonl").write_text(other, "utf-8")
    assert reproduced(mode, mode.loss).says == "the trace is of another failure mode"


def test_a_trace_whose_steps_were_changed_is_not_followed() -> None:
    mode = FAILURES["FM-013"]
    trace = traces.kept(mode, mode.loss)
    with pytest.raises(Diverged):
        replay(replace(trace, lines=trace.lines[:-1]))


def test_proofs_that_are_remembered_are_those_that_were_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(proofs, "prove", lambda spec: None)
    mode = FAILURES["FM-013"]
    found = proofs.remembered(mode)
    monkeypatch.setattr(proofs, "five", lambda mode: pytest.fail("they are computed anew"))
    assert proofs.remembered(mode) == found


def test_a_proof_that_failed_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(proofs, "prove", lambda spec: None)
    monkeypatch.setattr(traces, "FOLDER", tmp_path)
    assert proofs.remembered(FAILURES["FM-013"]).complaints
    assert not list(tmp_path.rglob("fives/*"))


# ---------------------------------------------------------------- the command


def test_one_failure_mode_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "FM-013", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    (mode,) = answer["failures"]
    assert answer["ok"]
    assert mode["edit"] == ["recover.expired"]
    assert mode["breaks"] == {"id": "INV-010", "name": "terminal_is_absorbing"}
    assert list(mode["evidence"]) == [
        "reproduced", "replayed", "prevented", "detected", "recovered",
    ]  # fmt: skip
    assert mode["evidence"]["prevented"]["refused_by"] == "recover.expired"
    assert mode["evidence"]["reproduced"]["steps"] == mode["evidence"]["prevented"]["at_step"] == 6


def test_one_failure_mode_on_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "FM-010"]) == 0
    shown = capsys.readouterr().out
    for words in ("settle_done.fenced", "WHERE action = 'settle_done'", "bull/issues/308"):
        assert words in shown


def test_a_failure_mode_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "FM-01"]) == 2
    assert "there is no failure mode 'FM-01'; write one of: FM-0" in capsys.readouterr().err


def test_a_proof_that_fails_is_a_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(traces, "FOLDER", tmp_path)
    assert main(["failures", "FM-013"]) == 1
    assert "FM-013: reproduced:" in capsys.readouterr().err
    assert five(FAILURES["FM-013"]).complaints


@pytest.mark.parametrize("name", ["FM-001", "FM-003b", "FM-010"])
def test_a_failure_mode_names_what_is_left_out_of_the_sql(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = str(traces.FOLDER / f"{name}.jsonl")
    assert main(["replay", trace, "--without", name, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["broken"]["name"] == FAILURES[name].loss.breaks
    assert told["without"] == list(FAILURES[name].loss.edits)
