"""Each loss that shows outside is among the smallest explanations of its own kept run, and of the
shortest history that shows it; the page says which do not.
"""

import re
from pathlib import Path

import pytest

from checker.evidence.traces import kept
from checker.judge.explain import explain
from checker.judge.filled import run_of
from checker.judge.history import read
from checker.judge.verdict import Judge, Verdict
from checker.judge.watch import edits_of
from spec.failures import FAILURES
from tests.judge.projected import history_of
from tests.judge.visible import first_shown

PAGE = Path(__file__).parents[2] / "docs" / "16-judge.md"
EDITS = {name: edits_of(name) for name in ("watched", "watched-effects")}
ALL = sorted({*EDITS["watched"], *EDITS["watched-effects"]})
UNSEEN = re.findall(r"^\| `(.+?)` \| FM", PAGE.read_text("utf-8"), re.MULTILINE)
"""What the page says nobody sees from outside."""

SCOPES = ("one-job", "requests", "whole")
NEEDS_TWO_JOBS = {"weakly recover"}
"""A recoverer that goes from job to job and ends neither claim: of one job nobody can see that."""


@pytest.mark.deep
def test_what_is_missing_is_among_what_would_explain_it(tmp_path: Path) -> None:
    shown = set()
    for mode in FAILURES.values():
        for loss in mode.losses:
            # What breaks may be seen by nobody: then the history is that of a healthy run.
            if loss.scope not in SCOPES or len(loss.edits) > 1:
                continue
            file = tmp_path / "history.jsonl"
            file.write_text(history_of(kept(mode, loss)))
            for verdict in Judge(read(file), str(file)).verdicts():
                if verdict.accepted:
                    continue
                found = explain(verdict.setup, verdict.seen)
                assert found.stopped is None
                assert found.left == ()
                if loss.edits[0] not in NEEDS_TWO_JOBS:
                    assert frozenset(loss.edits) in found.sets, (mode.id, loss.edits)
                shown.add(mode.id)
    assert shown == {
        "FM-001", "FM-002a", "FM-010", "FM-012", "FM-013", "FM-016", "FM-017", "FM-018", "FM-019",
        "FM-022b", "FM-024a", "FM-027a", "FM-027b", "FM-030",
    }  # fmt: skip


def _judged(text: str, file: Path) -> Verdict:
    file.write_text(text)
    (verdict,) = Judge(read(file), str(file)).verdicts()
    return verdict


@pytest.mark.deep
@pytest.mark.parametrize("edit", [edit for edit in ALL if edit not in UNSEEN])
def test_the_shortest_history_that_shows_a_loss_is_explained_by_it(
    edit: str, tmp_path: Path
) -> None:
    file = tmp_path / "history.jsonl"
    text = first_shown(edit, EDITS, lambda text: not _judged(text, file).accepted)
    assert text is not None
    found = _judged(text, file)
    assert frozenset({edit}) in explain(found.setup, found.seen).sets
    # The plain evaluator of the spec with this edit takes every step.
    assert run_of(found.setup, found.seen, frozenset({edit})).steps


def test_the_page_says_what_the_witness_does_not_watch() -> None:
    page = PAGE.read_text("utf-8")
    elsewhere: dict[str, set[str]] = {}
    for mode in FAILURES.values():
        for loss in mode.losses:
            if not set(loss.edits) <= set(ALL):
                elsewhere.setdefault(loss.scope, set()).add(mode.id)
    rows = re.findall(r"^\| ([a-z]+) \| (FM-.+?) \|$", page, re.MULTILINE)
    assert {scope: set(ids.split(", ")) for scope, ids in rows} == elsewhere
    assert set(UNSEEN) <= set(ALL)
    assert f"Of the {len(ALL)} edits" in page
    assert f" {len(ALL) - len(UNSEEN)} show outside" in page
