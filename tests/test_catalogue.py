"""As long as a proof of a failure mode has failed, a check does not say that all is well."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checker import cache, catalogue
from checker.cli import command_line

ONE_JOB = ["check", "--scope", "one-job", "--engine", "plain", "--json"]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)


@pytest.mark.deep
def test_nothing_is_known_before_all_failure_modes_were_asked() -> None:
    assert catalogue.complaints() is None
    answer = CliRunner().invoke(command_line(), ONE_JOB)
    told = json.loads(answer.stdout)
    assert (answer.exit_code, told["ok"], told["failed_proofs"]) == (0, True, None)


@pytest.mark.deep
def test_a_proof_that_failed_makes_a_check_fail() -> None:
    catalogue.keep(["FM-010: replayed: it diverged"])
    answer = CliRunner().invoke(command_line(), ONE_JOB)
    assert (answer.exit_code, json.loads(answer.stdout)["ok"]) == (1, False)
    assert "FM-010: replayed: it diverged; `ffq failures` says more" in answer.stderr


def test_a_check_without_a_protection_does_not_speak_of_the_catalogue() -> None:
    catalogue.keep(["FM-010: replayed: it diverged"])
    given = [*ONE_JOB, "--without", "settle_done.fenced", "--no-save"]
    answer = CliRunner().invoke(command_line(), given)
    assert "FM-010" not in answer.stderr


def test_what_is_damaged_counts_as_unknown(tmp_path: Path) -> None:
    catalogue.keep([])
    (kept,) = (tmp_path / "catalogue").iterdir()
    kept.write_text('{"a": 1}')
    assert catalogue.complaints() is None
