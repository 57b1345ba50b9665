"""`ffq prove`: what is printed, and one line for what cannot be asked."""

import json
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.prove import proof
from checker.runs import cache


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["prove", *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--spec", "liff"],
            "there is no spec 'liff'; write one of: life, requests, shared, whole",
        ),
        (["--property", "INV-0006"], "there is no claim 'INV-0006'; write one of: INV-006"),
        (["--without", "claim.redy"], "there is no guard 'claim.redy'; write one of: claim.ready"),
    ],
)
def test_bad_input_gets_one_line_with_the_nearest_names(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"ffq: {complaint}")
    assert len(err.splitlines()) == 1


def test_the_answer_for_programs_has_the_promised_shape(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--spec", "requests", "--json")
    answer = json.loads(out)
    assert (status, answer["ok"]) == (0, True)
    assert answer["obligations"] == answer["proved"]
    assert answer["solvers"]["cvc5"]["proved"] == answer["proved"] - answer["framed"]
    assert 0 < answer["texts"] <= answer["proved"] - answer["framed"]
    assert (answer["unknown"], answer["failed"], answer["disputed"]) == ([], [], [])
    rows = {p["name"]: p for p in answer["properties"]}
    assert rows["one_worker_per_token"]["evidence"] == "P"
    assert rows["one_worker_per_token"]["lemmas"] == ["tokens_come_from_the_row"]
    assert rows["orphans_are_freed"]["fairness"] == [
        "recoverer_restart weak", "recoverer_crash finite", "expire weak", "look weak",
        "recover strong",
    ]  # fmt: skip


def test_lemmas_that_nobody_wrote_are_not_reported_as_idle(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A disk makes a lemma of each lemma; a proof may well need only some of those."""
    _, out, _ = run(capsys, "--spec", "storage", "--json")
    needed = {name for p in json.loads(out)["properties"] for name in p["lemmas"]}
    assert any(name.endswith("_kept") for name in needed), "a disk has made lemmas"
    status, out, _ = run(capsys, "--spec", "storage")
    assert status == 0
    idle = [line for line in out.splitlines() if "no proof needs" in line]
    assert idle, "of one spec alone, some lemmas are for others"
    assert not any(line.endswith(("_kept", "_saved")) for line in idle)


def test_an_obligation_says_what_its_proof_used(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--spec", "requests", "--why", "claim/one_worker_per_token")
    assert status == 0
    assert "tokens_come_from_the_row" in out
    status, _, err = run(capsys, "--spec", "requests", "--why", "claim/one_worker")
    assert (status, err.count("\n")) == (2, 1)
    assert "claim/one_worker_per_token" in err


def test_an_obligation_that_is_none_is_refused_before_any_is_proved(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "prove", None)
    status, out, err = run(capsys, "--why", "clam/one_worker_per_token")
    assert (status, out) == (2, "")
    assert "there is no obligation 'clam/one_worker_per_token'; write one of: claim/one_" in err


def test_a_missing_solver_is_named_with_its_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sys

    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "z3", None)
    monkeypatch.delitem(sys.modules, "checker.prove.solvers.z3_solver")
    monkeypatch.delattr("checker.prove.solvers.z3_solver")
    status, _, err = run(capsys, "--spec", "requests")
    assert (status, err) == (2, "ffq: z3 is not installed; `pip install z3-solver` brings it\n")
