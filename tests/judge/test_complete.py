"""Each failure mode that shows outside is among the smallest explanations of its own kept run."""

from pathlib import Path

import pytest

from checker.evidence.traces import kept
from checker.judge.explain import explain
from checker.judge.history import read
from checker.judge.verdict import Judge
from spec.failures import FAILURES
from tests.judge.projected import history_of

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
