"""The matrix shows what was computed since the last change, and a check heeds what failed in it."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from checker.commands.main import command_line
from checker.evidence import matrix
from checker.evidence import traces as found
from checker.evidence.marks import Detected, Prevented, Recovered, Replayed, Reproduced
from checker.evidence.proofs import Five, Three, five
from checker.evidence.work import Background, Check, Checked, Failed, Record
from checker.runs import cache as caching
from checker.verdicts.check import CheckPlan, Result, run
from spec.failures import FAILURES, FailureMode
from spec.failures.edits import Edits
from spec.queue import DEFAULT, SCOPES
from tests.edited import edited

SMALL = SCOPES["one-job"]


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with nothing remembered."""
    monkeypatch.setattr(caching, "cache_folder", lambda: tmp_path)


@cache
def explored(*off: str) -> Result:
    (result,) = run(CheckPlan((SMALL,), Edits(off)), lambda _: None)
    return result


def known() -> bool:
    """Return whether any claim is known."""
    return any(cell.known for row in matrix.claims() for cell in row.cells.values())


def proved(mode: FailureMode, *wrong: str) -> Five:
    """Return five proofs as they might be found; `wrong` ones failed."""
    three = Three(
        mode.loss,
        Reproduced("reproduced" not in wrong, "✗", "in 5 steps", steps=5),
        Replayed("replayed" not in wrong, "✗", "it diverged"),
        Prevented("prevented" not in wrong, "P", "refused"),
    )
    found = Detected(True, "E", "3 found"), Recovered(True, "E", "9 states")
    return Five(mode, three, *found, ())


def prove_all(*wrong: str) -> None:
    for mode in FAILURES.values():
        matrix.keep_mode(proved(mode, *(wrong if mode.id == "FM-010" else ())))


def test_at_first_nothing_is_known() -> None:
    cells = [c for row in matrix.claims() + matrix.modes() for c in row.cells.values()]
    assert {cell.symbol for cell in cells} == {"?"}
    assert not any(cell.known for cell in cells)


def test_a_claim_has_a_column_for_each_scope_that_knows_it() -> None:
    rows = {row.name: row for row in matrix.claims()}
    assert set(rows["rows_are_kept"].cells) == set(DEFAULT)
    assert set(rows["one_delivery_per_job"].cells) == {"copies"}
    assert "requests" in rows["a_request_is_repeated"].cells
    assert "one-job" not in rows["a_request_is_repeated"].cells


def test_what_is_found_in_a_healthy_scope_is_known_afterwards() -> None:
    result = explored()
    matrix.keep_scope(result)
    seen = {row.name: row.cells["one-job"] for row in matrix.claims() if "one-job" in row.cells}
    assert {j.name: j.verdict.symbol for j in result.judged} == {
        name: cell.symbol for name, cell in seen.items()
    }
    assert all(not c.known for r in matrix.claims() for n, c in r.cells.items() if n != "one-job")


def test_what_is_found_without_a_protection_or_by_the_plain_explorer_is_not_kept() -> None:
    matrix.keep_scope(explored("settle_done.fenced"))
    plain = replace(explored().exploration, engine="plain")
    matrix.keep_scope(replace(explored(), exploration=plain))
    assert not known()


def test_a_change_of_what_decides_it_makes_it_unknown() -> None:
    matrix.keep_scope(explored())
    assert known()
    # A claim may be proved: the prover decides, and so do the lemmas.
    for module in (
        "checker.search.liveness",
        "checker.prove.solvers.smt",
        "checker.search.compiled.code.kernel",
    ):
        with edited(module):
            assert not known(), module
    for module in ("checker.shown.console", "impl.queue", "spec.queue.job"):
        with edited(module):
            assert known(), module


def test_a_lemma_taken_away_makes_a_claim_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix.keep_scope(explored())
    kept = {n: p for n, p in SMALL.spec.properties.items() if p.kind != "lemma"}
    fewer = SMALL.on(SMALL.spec.edited("no lemma", properties=kept))
    monkeypatch.setitem(SCOPES, "one-job", fewer)
    assert not known()


@pytest.mark.deep
def test_the_five_proofs_of_a_failure_mode_are_known_afterwards() -> None:
    proofs = five(FAILURES["FM-022a"])
    matrix.keep_mode(proofs)
    (row,) = (row for row in matrix.modes() if row.id == "FM-022a")
    assert {n: m.symbol for n, m in proofs.marks.items()} == {
        n: cell.symbol for n, cell in row.cells.items()
    }
    assert row.cells["reproduced"].symbol == "→3"
    assert row.cells["detected"].symbol == "–"  # dropping a job changes no row


# ---------------------------------------------------------------- what a check says of it
UNKNOWN = "not all proofs of failure modes are known; run `ffq failures`"


def check(*more: str) -> tuple[int, Any, str]:
    """Return the exit status of a check, the JSON that it prints, and what else it says."""
    given = ["check", "--scope", "one-job", "--json", "--no-save", *more]
    ran = CliRunner().invoke(command_line(), given)
    return ran.exit_code, json.loads(ran.stdout), ran.stderr


def test_what_is_not_known_is_said() -> None:
    assert matrix.complaints() is None
    code, told, said = check()
    assert (code, told["ok"], told["failed_proofs"]) == (0, True, None)
    assert UNKNOWN in said
    prove_all()
    code, told, said = check()
    assert (code, told["ok"], told["failed_proofs"]) == (0, True, [])
    assert UNKNOWN not in said


def test_a_proof_that_failed_makes_a_check_fail() -> None:
    prove_all("replayed")
    code, told, said = check()
    assert (code, told["ok"]) == (1, False)
    assert "FM-010: replayed: it diverged; `ffq failures` says more" in said


def test_a_proof_that_failed_is_said_though_others_are_not_known() -> None:
    matrix.keep_mode(proved(FAILURES["FM-010"], "replayed"))
    assert matrix.complaints() == ["FM-010: replayed: it diverged"]


def test_a_check_without_a_protection_does_not_speak_of_the_failure_modes() -> None:
    prove_all("replayed")
    _, _, said = check("--without", "settle_done.fenced")
    assert "FM-010" not in said


@pytest.mark.parametrize(
    "module", ["checker.runs.reading", "checker.conformance.beside_spec", "spec.queue.job"]
)
def test_what_decides_a_proof_makes_it_unknown(module: str) -> None:
    """Even the text of the specs does: a failure mode is known by its name."""
    prove_all()
    with edited(module):
        assert matrix.complaints() is None
    with edited("checker.shown.console"):
        assert matrix.complaints() == []


def test_a_kept_trace_decides_the_proofs_of_its_failure_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found, "FOLDER", tmp_path)
    prove_all()
    (tmp_path / "FM-010.jsonl").write_text("another trace", "utf-8")
    assert [row.id for row in matrix.modes() if not row.cells["replayed"].known] == ["FM-010"]


@pytest.mark.parametrize("text", ["", "[]", '{"cells": {}}', '{"cells": [], "complaints": []}'])
def test_what_is_damaged_counts_as_unknown(tmp_path: Path, text: str) -> None:
    prove_all()
    next((tmp_path / "modes").iterdir()).write_text(text, "utf-8")
    assert matrix.complaints() is None


# ---------------------------------------------------------------- in another process
def records(job: Check) -> list[Record]:
    return list(Background(job).records())


@pytest.mark.deep
def test_a_check_in_another_process_ends_with_the_shortest_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    *_, end = records(Check("one-job", ("settle_done.fenced",)))
    assert isinstance(end, Checked)
    assert (end.violated, end.steps) == ("only_the_holder_settles", 8)
    assert (tmp_path / end.trace).is_file()


@pytest.mark.deep
def test_a_protection_that_there_is_not_is_said() -> None:
    (end,) = records(Check("one-job", ("settle_done.fence",)))
    assert isinstance(end, Failed)
    assert "settle_done.fence" in end.why


@pytest.mark.deep
def test_a_check_is_cancelled_within_half_a_second() -> None:
    import time

    work = Background(Check("whole"))
    told = work.records()
    next(told)
    began = time.perf_counter()
    work.cancel()
    rest = list(told)
    assert time.perf_counter() - began < 0.5
    assert not any(isinstance(r, Checked) and r.stopped_by is None for r in rest)
