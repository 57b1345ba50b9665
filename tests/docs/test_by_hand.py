"""The lines on the pages are run as they stand there, and print what stands below them."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from impl.inject import ByHand
from impl.terms.unusable import StoreError
from spec.failures import FAILURES
from spec.language.misuse import Misuse
from tests.checkout import ROOT

PAGES = ROOT / "docs" / "failure-modes"
BLOCK = re.compile(
    r"<!-- generated: by-hand (?P<id>\S+) -->\s+```python\n(?P<script>.*?)```\s+prints\s+"
    r"```text\n(?P<printed>.*?)```",
    re.DOTALL,
)


def run(script: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(script, "page", "exec"), {"__name__": "page"})
    return out.getvalue()


# Of a loss of each kind one at once, the others in the deep tests.
QUICK = ("FM-003b", "FM-010", "FM-017", "FM-018", "FM-027a")
IDS = [pytest.param(id, marks=() if id in QUICK else pytest.mark.deep) for id in FAILURES]


@pytest.mark.parametrize("id", IDS)
def test_the_lines_of_a_page_print_what_stands_below_them(
    id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = BLOCK.search((PAGES / f"{id}.md").read_text("utf-8"))
    assert found is not None
    assert found["id"] == id
    assert run(found["script"]) == found["printed"]
    assert (tmp_path / "broken.db").read_bytes()[:6] == b"SQLite"
    claim = FAILURES[id].loss.breaks
    if "holds(claim)" in found["script"]:
        assert found["printed"].count(f"{claim} holds: False") == 1
        assert found["printed"].count(f"{claim} holds: True") == 1


@pytest.mark.parametrize("id", FAILURES)
def test_it_takes_about_ten_lines_to_break_a_queue_by_hand(id: str) -> None:
    found = BLOCK.search((PAGES / f"{id}.md").read_text("utf-8"))
    assert found is not None
    assert len(found["script"].splitlines()) <= 13


def test_a_step_is_done_or_says_why_not(tmp_path: Path) -> None:
    queue = ByHand(tmp_path / "a.db", "one-job")
    assert queue.rows() == "no job has a row"
    assert queue.step("claim worker1 job1") == "refused: ready"
    assert queue.run("enqueue job1,\n  claim  worker2 job1") == "all 2 steps are done"
    assert (
        queue.run("start worker2, start worker1")
        == "step 2 of 2, start worker1, refused: reference"
    )
    assert queue.step("claim_rest worker1") == "there is no such step"
    assert queue.step("claim worker1") == "is no step: claim is of w, j"
    assert queue.rows() == "job1: status claimed, token 1, lease live, deadline ahead"
    assert queue.holds("a_claim_is_one_record")


def test_a_claim_on_steps_holds_of_all_of_them_or_not_at_all(tmp_path: Path) -> None:
    queue = ByHand(tmp_path / "a.db", "one-job", ["claim.ready"])
    taken = "enqueue job1, claim worker1 job1, start worker1, settle_done worker1"
    assert queue.run(taken) == "all 4 steps are done"
    assert queue.holds("only_legal_transitions")
    assert queue.run("claim worker2 job1") == "all 1 steps are done"
    assert not queue.holds("only_legal_transitions")
    assert queue.run("start worker2") == "all 1 steps are done"
    assert not queue.holds("only_legal_transitions")


def test_nothing_is_broken_in_a_file_that_is_in_use(tmp_path: Path) -> None:
    ByHand(tmp_path / "a.db", "one-job").step("enqueue job1")
    with pytest.raises(StoreError, match="is in use: it has rows already"):
        ByHand(tmp_path / "a.db", "one-job")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("claim job1 worker1", "'job1' is no worker"),
        ("claim worker0 job1", "'worker0' is no worker"),
        ("claim worker9 job1", "'worker9' is no worker"),
    ],
)
def test_a_step_of_nobody_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=said):
        ByHand(tmp_path / "a.db", "one-job").step(text)


def test_what_is_not_there_is_told_with_the_nearest_names(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="no scope 'one-jop'"):
        ByHand(tmp_path / "a.db", "one-jop")
    with pytest.raises(Misuse, match=r"no guard 'claim\.redy'"):
        ByHand(tmp_path / "a.db", "one-job", ["claim.redy"])
    with pytest.raises(Misuse, match="no claim 'done_was_ran'"):
        ByHand(tmp_path / "a.db", "one-job").holds("done_was_ran")
