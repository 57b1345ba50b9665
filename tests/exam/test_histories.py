"""Histories that the exam has recorded, judged again: what is right is let pass, and one line that
is changed is noticed.
"""

import json
from pathlib import Path

import pytest

from checker.docs.evidence.queues import KEPT
from checker.exam.marks import NOT_SHOWN, SHOWN, UNREACHED, mark
from checker.exam.run import Try, kept
from checker.exam.summary import answers
from checker.judge.history import read
from checker.judge.verdict import Judge, Verdict

HERE = Path(__file__).parent / "histories"
OURS = HERE / "late-success-refused.jsonl"
"""Of our own queue: w1 is late while w2 has the job, its report is refused, and w3 does the job."""


def verdict(file: Path) -> Verdict:
    (found,) = Judge(read(file), str(file)).verdicts()
    return found


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("late-success-refused", None),
        ("killed-after", None),
        ("late-success-believed", "status done"),
        ("lost", "status absent"),
    ],
)
def test_a_recorded_history_is_judged_as_it_was(name: str, event: str | None) -> None:
    found = verdict(HERE / f"{name}.jsonl")
    assert (None if found.event is None else str(found.event)) == event
    assert found.accepted == (event is None)


WRONG = [
    *((10, said) for said in ("absent", "done", "dead")),  # w2 has just begun
    *((15, said) for said in ("absent", "done", "dead")),  # only w1 has ended, and it is late
    *((23, said) for said in ("absent", "ready", "claimed")),  # all is quiet
]


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_a_status_that_is_changed_is_noticed(line: int, said: str, tmp_path: Path) -> None:
    assert not verdict(changed(line, {"is": [said]}, tmp_path)).accepted


def test_that_a_lease_has_run_out_cannot_be_told_from_outside(tmp_path: Path) -> None:
    assert verdict(changed(10, {"is": ["ready"]}, tmp_path)).accepted


@pytest.mark.parametrize("line", [3, 5, 6, 11, 18, 20])
def test_a_line_that_is_left_out_is_noticed(line: int, tmp_path: Path) -> None:
    assert not verdict(changed(line, None, tmp_path)).accepted


def changed(line: int, by: dict[str, object] | None, folder: Path) -> Path:
    """Return the history of our queue with one line changed, or left out."""
    lines = OURS.read_text("utf-8").splitlines()
    lines[line - 1] = "" if by is None else json.dumps(json.loads(lines[line - 1]) | by)
    file = folder / "changed.jsonl"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


# ---------------------------------------------------------------- what the page stands on
def test_each_finding_of_the_page_has_its_history() -> None:
    found = answers(kept(KEPT))
    assert found
    files = {a.first.file for a in found if a.shown}
    assert files == {p.relative_to(KEPT).as_posix() for p in KEPT.glob("*/*.jsonl")}


def test_nothing_is_shown_of_our_own_queue() -> None:
    marks = {t.result.mark for t in kept(KEPT) if t.variant in ("ffq/sqlite", "ffq/postgresql")}
    assert marks <= {NOT_SHOWN, UNREACHED}
    assert NOT_SHOWN in marks


@pytest.mark.deep
@pytest.mark.parametrize(
    "found", [a.first for a in answers(kept(KEPT)) if a.shown], ids=lambda t: t.file
)
def test_a_finding_of_the_page_is_found_again(found: Try) -> None:
    (job,) = read(KEPT / found.file).jobs
    again = mark(KEPT / found.file, job, 0)
    result = found.result
    assert (again.mark, again.line, again.event) == (SHOWN, result.line, result.event)
