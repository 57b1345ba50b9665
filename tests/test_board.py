"""The board shows what was computed since the last change, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from checker import board, cache
from checker.background import Background, Check, Checked, Failed, Record
from checker.check import Plan, Result, run
from checker.evidence.five import five
from spec.failures import FAILURES
from spec.queue import SCOPES

SMALL = SCOPES["one-job"]


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin with nothing remembered."""
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    yield
    cache.source.cache_clear()


def explored(*off: str) -> Result:
    (result,) = run(Plan((SMALL,), off=off), lambda _: None)
    return result


def test_at_first_nothing_is_known() -> None:
    cells = [c for row in board.claims() + board.modes() for c in row.cells.values()]
    assert {cell.symbol for cell in cells} == {"?"}
    assert not any(cell.known for cell in cells)


def test_a_claim_has_a_column_for_each_scope_that_knows_it() -> None:
    rows = {row.name: row for row in board.claims()}
    on_leases = {"one-job", "life", "requests", "effects", "whole"}
    on_leases |= {"intents", "versions", "holding"}
    assert set(rows["rows_are_kept"].cells) == on_leases
    assert set(rows["answers_are_kept"].cells) == {"storage"}
    assert "requests" in rows["a_request_is_repeated"].cells
    assert "one-job" not in rows["a_request_is_repeated"].cells


def test_what_is_found_in_a_healthy_scope_is_known_afterwards() -> None:
    result = explored()
    board.keep_scope(result)
    known = {row.name: row.cells["one-job"] for row in board.claims() if "one-job" in row.cells}
    assert {j.name: j.verdict.symbol for j in result.judged} == {
        name: cell.symbol for name, cell in known.items()
    }
    assert all(not c.known for r in board.claims() for n, c in r.cells.items() if n != "one-job")


def test_what_is_found_without_a_protection_is_not_kept() -> None:
    board.keep_scope(explored("settle_done.fenced"))
    assert not any(cell.known for row in board.claims() for cell in row.cells.values())


def test_a_change_of_the_code_makes_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    board.keep_scope(explored())
    assert any(row.cells["one-job"].known for row in board.claims() if "one-job" in row.cells)
    monkeypatch.setattr(board, "source", lambda *parts: "another text")
    assert not any(cell.known for row in board.claims() for cell in row.cells.values())


@pytest.mark.deep
def test_the_five_proofs_of_a_failure_mode_are_known_afterwards() -> None:
    proofs = five(FAILURES["FM-022a"])
    board.keep_mode(proofs)
    (row,) = (row for row in board.modes() if row.id == "FM-022a")
    assert {n: m.symbol for n, m in proofs.marks.items()} == {
        n: cell.symbol for n, cell in row.cells.items()
    }
    assert row.cells["reproduced"].symbol == "✗3"
    assert row.cells["detected"].symbol == "–"  # dropping a job changes no row


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
