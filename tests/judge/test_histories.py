"""Histories as real products have them, kept and judged: the answers are those that the trial with
another engine gave, or follow from what the product's documentation says.
"""

from pathlib import Path

import pytest

from checker.judge.history import read
from checker.judge.report import Report, modes_of
from checker.judge.verdict import Judge, Verdict
from checker.runs.reading import read as read_trace
from checker.runs.trace import replay
from spec.queue.watched import TRACED

KEPT = Path(__file__).parent / "histories"


def verdict(name: str) -> Verdict:
    (found,) = Judge(read(KEPT / f"{name}.jsonl"), name).verdicts()
    return found


@pytest.mark.parametrize("name", ["killed-after-the-effect", "late-success-refused"])
def test_what_an_at_least_once_queue_does_is_accepted(name: str) -> None:
    assert verdict(name).accepted


@pytest.mark.parametrize(
    ("name", "line", "event", "instead"),
    [
        ("asked-again", 11, "start w1", "status done"),
        ("destructive-pop", 9, "status absent", "status dead"),
        ("done-then-dead", 9, "status dead", "status done"),
        ("late-success", 11, "status done", "status claimed"),
        ("poison", 20, "start w6", "status dead"),
        ("stays-claimed", 9, "status claimed", "status dead"),
    ],
)
def test_the_first_event_that_no_run_allows_is_named(
    name: str, line: int, event: str, instead: str
) -> None:
    found = verdict(name)
    assert found.event is not None
    assert (found.event.line, str(found.event)) == (line, event)
    assert instead in found.allowed


def test_a_late_success_is_explained_by_the_missing_fence(tmp_path: Path) -> None:
    report = Report(read(KEPT / "late-success.jsonl"), "late-success", 60)
    report.judge("a")
    (finding,) = report.findings
    report.explain(finding)
    text = "\n".join(report.text())
    first = "  it is a run\n    without settle_done.fenced\n      FM-010 a_late_worker_is_believed"
    assert first in text
    assert "line 11: status done" in text
    kept = tmp_path / "run.jsonl"
    report.keep(kept)
    trace = read_trace(kept, TRACED)
    assert trace.edits
    replay(trace)


def test_an_accepted_run_is_kept_filled_in(tmp_path: Path) -> None:
    report = Report(read(KEPT / "killed-after-the-effect.jsonl"), "killed", 60)
    report.judge("a")
    report.keep(tmp_path / "run.jsonl")
    _, story = replay(read_trace(tmp_path / "run.jsonl", TRACED))
    calls = [line.action for line in story.lines]
    assert calls.count("touch") == 2
    assert calls[-1] == "close"


FENCE = {
    ("settle_done.fenced",), ("settle_done.running",), ("split enqueue",),
    ("stale enqueue.new_key",),  # a look for the key and an insert apart, as `split` has it
}  # fmt: skip
AGAIN = {
    (text,)
    for text in (
        "claim.ready", "recover.expired", "stale recover.expired", "split enqueue", "split recover",
        "stale enqueue.new_key",
    )
}  # fmt: skip


@pytest.mark.deep
@pytest.mark.parametrize(
    ("name", "explained"),
    [
        ("asked-again", {*AGAIN, ("enqueue.new_key",)}),
        ("destructive-pop", {("instead claim pop", "start.leased")}),
        ("done-then-dead", AGAIN),
        ("effect-twice", {("record.once",)}),
        ("late-success", FENCE),
    ],
)
def test_the_smallest_explanations_are_known(name: str, explained: set[tuple[str, ...]]) -> None:
    found = verdict(name)
    judge = Judge(read(KEPT / f"{name}.jsonl"), name)
    diagnosis = judge.diagnose(found, 300)
    assert {tuple(sorted(t)) for g in diagnosis.groups for t in g.sets} == explained


@pytest.mark.deep
def test_what_assumes_least_comes_first() -> None:
    judge = Judge(read(KEPT / "stays-claimed.jsonl"), "stays-claimed")
    groups = judge.diagnose(verdict("stays-claimed"), 300).groups
    assert groups[0].sets[0] == {"unfair expire"}  # a worker is killed, and nothing comes of it


@pytest.mark.deep
@pytest.mark.parametrize(
    ("name", "mode"),
    [("poison", "FM-027a"), ("stays-claimed", "FM-002a"), ("asked-again", "FM-024a")],
)
def test_the_mode_of_a_finding_is_among_its_explanations(name: str, mode: str) -> None:
    judge = Judge(read(KEPT / f"{name}.jsonl"), name)
    groups = judge.diagnose(verdict(name), 300).groups
    edits = {edit for group in groups for texts in group.sets for edit in texts}
    assert mode in {m.id for edit in edits for m, _ in modes_of(edit)}
