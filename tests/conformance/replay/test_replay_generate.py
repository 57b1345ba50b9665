"""Generated runs take every action, meet every refusal and take every edge of a small scope; what
differs is kept and can be replayed.
"""

import json
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.conformance import generate, run_file
from checker.conformance.beside_spec import Replay, Steps
from checker.conformance.run_file import Run, record
from checker.conformance.runs import LENGTH, Runs, follow, tour, wander
from checker.runs.trace import save
from checker.search import plain
from checker.search.targets import Ways, ways
from impl.derive.design import Design, derive
from spec.language.evaluate import Instance, Step
from spec.language.scope import Scope, State
from spec.queue import SCOPES
from tests.conformance.faults import setting
from tests.specs.lamps import STREET

ONE_JOB = SCOPES["one-job"]
ONE_EACH = {"Worker": 1, "Recoverer": 1}
TINY = Scope("one-job", ONE_JOB.spec, {**ONE_JOB.bounds, **ONE_EACH})


# ---------------------------------------------------------------- shortest ways


def lengths(found: Ways) -> dict[str, int]:
    return {way.target.name: len(way.steps) for way in found.found}


def test_ways_are_as_long_as_counted_by_hand() -> None:
    found = lengths(ways(ONE_JOB))
    assert found["enqueue"] == 0
    assert found["settle_done"] == 3  # enqueue, claim, start
    assert found["recover"] == 4  # enqueue, claim, expire, look
    assert found["heartbeat.in_time"] == 3  # enqueue, claim, pass_deadline
    # enqueue, claim, expire, look, recover, claim by the other worker
    assert found["settle_failed.fenced"] == 6


def test_a_guard_that_another_says_already_is_never_the_first_that_is_false() -> None:
    found = ways(STREET)
    assert [t.name for t in found.unreachable] == ["switch_on.works"]


@pytest.mark.deep
@pytest.mark.parametrize("name", ["one-job", "whole"])
def test_ways_together_take_every_action_and_meet_every_refusal(name: str) -> None:
    scope = SCOPES[name]
    found, runs = ways(scope), Runs(derive(scope))
    follow(runs, found.found)
    assert found.unreachable == ()
    assert set(runs.taken) == set(scope.spec.actions)
    references = {
        f"{a.name}.reference" for a in scope.spec.actions.values() if a.references(scope.spec)
    }
    assert set(runs.refused) == {*scope.spec.guard_names(), *references}
    assert runs.count == len(found.found) == sum(runs.refused.values()) + len(scope.spec.actions)


# ---------------------------------------------------------------- at random


def wandered(seed: int) -> list[Step]:
    runs = Runs(derive(ONE_JOB))
    wander(runs, seed)
    assert runs.compared == LENGTH
    return runs.now


def test_a_random_run_is_made_again_by_its_seed() -> None:
    assert wandered(7) == wandered(7)
    assert wandered(7) != wandered(8)


# ---------------------------------------------------------------- every edge


@pytest.mark.deep
def test_a_tour_takes_every_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: set[tuple[State, str, tuple[object, ...]]] = set()
    ordinary = Replay.step

    def watched(self: Replay, instance: Instance) -> str | None:
        before, refusal = self.state, ordinary(self, instance)
        assert refusal is None
        gone.add((before, instance.step.action.name, tuple(instance.step.binding.values())))
        return refusal

    monkeypatch.setattr(Replay, "step", watched)
    edges = tour(Runs(derive(TINY)))
    assert len(gone) == edges == plain.explore(TINY).generated


# ---------------------------------------------------------------- the command line


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Make the tour a short one, and the folder an empty one."""
    monkeypatch.setattr(generate, "_SMALL", ONE_EACH)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.deep
def test_ffq_replay_generate_says_what_was_covered(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "--generate", "3", "--seed", "5", "--scope", "one-job"]) == 0
    out = capsys.readouterr().out
    actions = len(ONE_JOB.spec.actions)
    assert f"actions taken: {actions} of {actions}" in out
    assert "refusals met: 30 of 30" in out
    assert "seeds 5 to 7" in out
    assert "every edge of one-job (Job=1, Worker=1, Recoverer=1" in out
    assert list(tiny.iterdir()) == []


@pytest.mark.deep
def test_ffq_replay_generate_counts_in_json(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--generate", "2", "--scope", "one-job", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is True
    assert answer["random"] == {"runs": 2, "steps": LENGTH, "seeds": [1, 2]}
    assert answer["edges"]["count"] == plain.explore(TINY).generated
    assert answer["unreachable"] == []
    assert min(answer["actions"].values()) > 0
    assert min(answer["refusals"].values()) > 0
    assert answer["steps"] > answer["edges"]["count"] + 2 * LENGTH


def faulty(scope: Scope) -> Design:
    return setting(derive(scope, checks=False), "recover", "lease", "lease")


def test_a_run_that_differs_is_kept_and_replayed(
    tiny: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "derive", faulty)
    monkeypatch.setattr(run_file, "derive", faulty)
    asked = ["replay", "--generate", "1", "--scope", "one-job", "--json"]
    assert main(asked) == 1
    first = json.loads(capsys.readouterr().out)
    assert first["ok"] is False
    assert (first["difference"]["place"], first["difference"]["got"]) == ("lease[job1]", "expired")
    assert first["run"] == str(Path(".ffq", "runs", "one-job-1.jsonl"))
    assert main(["replay", first["run"], "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["difference"] == first["difference"]
    assert main(asked) == 1  # it may be saved over
    capsys.readouterr()
    monkeypatch.setattr(run_file, "derive", derive)
    assert main(["replay", first["run"]]) == 0
    steps = first["difference"]["step"]
    assert f"in every column and all memory: {steps}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "one of a trace and --generate is wanted"),
        (["a.jsonl", "--generate", "1"], "one of a trace and --generate is wanted"),
        (
            ["--generate", "1", "--without", "claim.ready"],
            "--without and --database are for a trace",
        ),
        (["--generate", "1", "--scope", "hole"], "there is no scope 'hole'"),
        (["missing.jsonl"], "there is no such file"),
        (["a.jsonl", "--scope", "one-job"], "--scope and --seed are for --generate, a file has"),
        (["a.jsonl", "--seed", "2"], "--scope and --seed are for --generate, a file has"),
    ],
)
def test_ffq_replay_refuses_what_makes_no_sense(
    tiny: Path, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", *arguments]) == 2
    assert complaint in capsys.readouterr().err


# ---------------------------------------------------------------- runs as files


def a_run() -> str:
    steps = Steps(ONE_JOB)
    chosen = [("enqueue", {"j": 0}), ("claim", {"w": 1, "j": 0}), ("claim", {"w": 0, "j": 0})]
    return record(Run(ONE_JOB, tuple(steps.find(name, given).step for name, given in chosen)))


def test_a_run_reads_as_what_was_tried() -> None:
    header, *lines = map(json.loads, a_run().splitlines())
    assert (header["format"], header["scope"], header["steps"]) == ("ffq run", "one-job", 3)
    assert lines[1] == {"n": 2, "action": "claim", "params": {"w": "worker2", "j": "job1"}}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"steps": 3', '"steps": 4', "counts 4 steps, and the file holds 3"),
        ('"version": 1', '"version": 9', "has version 9, and this ffq reads version 1"),
        ('"action": "enqueue"', '"action": "dequeue"', "there is no action 'dequeue'"),
        ("worker2", "worker3", "claim has no w = 'worker3'"),
        ('"n": 2', '"n": 5', "is step 5, and step 2 is next"),
    ],
)
def test_a_run_that_cannot_be_believed_is_refused(
    tmp_path: Path, old: str, new: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = a_run()
    assert old in text
    file = tmp_path / "run.jsonl"
    file.write_text(text.replace(old, new))
    assert main(["replay", str(file)]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"), [("--without", "claim.ready"), ("--store", "postgresql")]
)
def test_a_run_asks_nothing_of_a_protection_and_nothing_of_a_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    save(tmp_path / "run.jsonl", a_run(), run_file.FORMAT)
    assert main(["replay", str(tmp_path / "run.jsonl"), option, value]) == 2
    assert f"leave {option} out" in capsys.readouterr().err
