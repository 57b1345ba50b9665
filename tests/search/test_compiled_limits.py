"""Where the compiled explorer stops, and what becomes of faults in its code or its cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.runs.exploration import Interrupted, Limits, Progress
from checker.search.compiled import explore
from checker.search.compiled.code import module
from checker.search.compiled.code.machine import kept
from checker.search.compiled.search import Search
from checker.search.shortest import shortest_story
from spec.language.scope import Scope
from tests.search.small import BIG


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(max_states=100_000), "max-states"),
        (Limits(max_seconds=0.05), "max-seconds"),
        (Limits(max_memory=16 << 20), "max-memory"),
    ],
)
def test_a_limit_ends_the_run_with_what_was_covered(limits: Limits, why: str) -> None:
    found = explore(BIG, limits, symmetry=False)
    assert found.stopped_by == why
    assert not found.complete
    assert 1 < found.states < 10_340_352


def test_progress_is_reported_on_the_way() -> None:
    seen: list[Progress] = []
    explore(BIG, Limits(max_states=2_000_000), report=seen.append, symmetry=False)
    assert [p.states for p in seen] == sorted(p.states for p in seen)
    assert seen[0].phase == "compile"
    assert seen[-1].frontier > 0


def test_an_interrupt_ends_the_run_with_what_was_covered() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.depth > 10:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as interrupted:
        explore(BIG, report=interrupt, symmetry=False)
    assert interrupted.value.found.stopped_by == "interrupt"
    assert interrupted.value.found.states > 100


def test_a_run_that_was_interrupted_while_it_was_looked_for_does_not_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Search, "explore", interrupt)
    with pytest.raises(KeyboardInterrupt):
        shortest_story(BIG, "all_agree")


# ------------------------------------------------------------------ faults sown on purpose
Fault = Callable[[str], str]
FAULTS: dict[str, Fault] = {
    "a comparison that looks at half a state": lambda text: text.replace(
        "scan(table, at, slot, compared)", "scan(table, at, slot, 255)"
    ),
    "a successor dropped": lambda text: text.replace("m += c\n", "m += c - 1\n", 1),
    "a guard forgotten": lambda text: text.replace(
        "shl(flag(((s0 & km0) == kv0)), i)", "shl(1, i)"
    ),
    "a memory of recent states that takes different ones for the same": lambda text: text.replace(
        "equal = equal & (", "equal = equal | ("
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_compiled_code_changes_the_count(
    fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scope = Scope("two-phase commit", commit_protocol, {"Manager": 5})
    honest = module.source

    def faulty(*arguments: object) -> str:
        text = honest(*arguments)  # type: ignore[arg-type]  # passed on
        broken = FAULTS[fault](text)
        assert broken != text
        return broken

    monkeypatch.setattr(module, "source", faulty)
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path)
    assert explore(scope, symmetry=False).states != 8_832


@pytest.mark.deep
def test_damaged_code_in_the_cache_is_compiled_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scope = Scope("two-phase commit", commit_protocol, {"Manager": 3})
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(kept, "_codes", {})
    assert explore(scope, symmetry=False).states == 288
    files = list((tmp_path / "code").glob("*.o"))
    assert len(files) == len(commit_protocol.actions) + 1
    for file in files:
        file.write_bytes(file.read_bytes()[:-100])
    monkeypatch.setattr(kept, "_codes", {})
    assert explore(scope, symmetry=False).states == 288


def test_a_cache_that_cannot_be_written_is_done_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path / "missing")
    monkeypatch.setattr(kept, "_codes", {})
    scope = Scope("two-phase commit", commit_protocol, {"Manager": 3})
    assert explore(scope, symmetry=False).states == 288
