"""The proofs that cvc5 writes: one for each obligation that holds, none where it does not."""

import hashlib
import json
from pathlib import Path

import pytest

from checker.commands import main as cli
from checker.prove.export import LIVENESS, enough, everything
from checker.prove.solvers import cvc5_solver, z3_solver
from tests.prove.agreed import agreed


def test_each_obligation_has_a_proof_of_what_it_says_and_none_is_called_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["prove", "--spec", "tests.prove.agreed:agreed", "--certificate", str(tmp_path)]
    assert cli.main(given) == 0
    out = capsys.readouterr().out
    assert "Nothing has checked these proofs" in out
    folder = tmp_path / agreed.name
    rows = json.loads((folder / "certificate.json").read_text("utf-8"))
    asked = {o.name: o for o in everything(agreed)}
    assert [row["name"] for row in rows] == list(asked)
    for row in rows:
        text = asked[row["name"]].text
        assert row["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        proof = (folder / f"{row['name'].replace('/', '.')}.cpc").read_text("utf-8")
        steps = proof.count("(step @") + proof.count("(step-pop @")
        assert row["steps"] == steps > 0
        assert row["trusted"] == proof.count(":rule trust") == 0
        assert z3_solver.decide(text).verdict == "proved"
    rules = json.loads((tmp_path / LIVENESS / "certificate.json").read_text("utf-8"))
    assert [row["name"] for row in rules] == [o.name for o in enough()]
    assert all(row["steps"] and not row["trusted"] for row in rules)
    assert "**These proofs were not checked.**" in (folder / "PROOFS.md").read_text("utf-8")


def test_what_does_not_hold_has_no_proof(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = ["--without", "decide_commit.all_prepared"]
    given = ["prove", "--spec", "tests.prove.agreed:agreed", *without]
    assert cli.main([*given, "--certificate", str(tmp_path)]) == 3
    assert "there is none of decide_commit/" in capsys.readouterr().out
    files = {file.stem for file in tmp_path.rglob("*.smt2")}
    assert {file.stem for file in tmp_path.rglob("*.cpc")} < files
    assert cvc5_solver.proof("(set-logic ALL)(declare-const a Bool)(assert a)(check-sat)") is None
