"""Two losses together break what neither breaks alone; and one spec holds all edits, shut off."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checker.commands.main import main
from checker.conformance.watched import replay_trace
from checker.docs.evidence import partners
from checker.evidence import pairs
from checker.evidence.pairs import only_together, sooner_together
from checker.runs.exploration import Limits
from checker.runs.story import Story
from checker.runs.trace import Trace
from checker.search import compiled, plain
from checker.search.compiled.sweep import sweep
from checker.search.variants import Unswitchable, switchable, switched
from spec.failures import FAILURES
from spec.failures.edits import Edits
from spec.failures.naive import NAIVE
from spec.queue import SCOPES
from spec.queue.job import Job, Worker
from tests.specs.lamps import SHOP

ONE_JOB = SCOPES["one-job"]
POP, SPLIT, GUARD = "instead claim pop", "split recover lease", "settle_released.leased"
STALE = "stale settle_failed.leased"


# ---------------------------------------------------------------- what counts as a pair


def test_only_what_neither_loss_breaks_is_broken_only_together() -> None:
    assert only_together({"a": 3}, {"b": 2}, {"a": 3, "b": 1, "c": 9}) == {"c": 9}


def test_what_breaks_in_fewer_steps_than_without_either_is_sooner() -> None:
    both = {"a": 3, "b": 1, "c": 9}
    assert sooner_together({"a": 3, "b": 4}, {"a": 5, "b": 2}, both) == {"b": 1}


@pytest.mark.deep
def test_each_pair_is_asked_once_in_a_scope_of_one_of_the_two() -> None:
    seen = set()
    for name, asked in pairs.asked().items():
        for one, two in asked:
            assert name in one.scopes | two.scopes
            assert not set(one.edits) & set(two.edits)
            seen.add(frozenset({one.edits, two.edits}))
    assert len(seen) == sum(map(len, pairs.asked().values()))
    assert {("settle_done.fenced",), ("settle_released.leased",)} in seen


# ---------------------------------------------------------------- edits that are switched


@pytest.mark.parametrize("texts", [(POP,), (POP, GUARD), (POP, SPLIT), (POP, STALE)], ids=str)
def test_an_edit_that_is_switched_on_is_the_edit(texts: tuple[str, ...]) -> None:
    others = ["split claim lease", "instead claim acknowledge_early"]
    switch = switched(ONE_JOB, [POP, SPLIT, STALE, *others])
    ours = plain.explore(switch.scope, off=switch.off(texts))
    theirs = plain.explore(switch.edited(texts))
    assert (ours.states, ours.generated) == (theirs.states, theirs.generated)
    assert ours.violations == theirs.violations
    name = min(ours.violations, key=lambda n: (ours.violations[n], n))
    walk = switch.walk(ours.walk(name), texts)
    assert len(walk.steps) == theirs.violations[name]


def test_two_edits_of_one_action_are_not_made_at_once() -> None:
    switch = switched(ONE_JOB, [POP, "split claim"])
    with pytest.raises(Unswitchable, match="claim is replaced already"):
        switch.off((POP, "split claim"))
    with pytest.raises(Unswitchable, match="is not among the switches"):
        switch.off((SPLIT,))


def test_what_a_scope_lacks_cannot_be_switched_there() -> None:
    assert switchable(ONE_JOB, GUARD)
    assert not switchable(ONE_JOB, "record.once")
    assert not switchable(ONE_JOB, "unfair expire")


def test_a_slip_in_a_naive_step_is_no_reason_to_leave_its_pairs_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def pop(s: Any, w: Worker, j: Job) -> None:
        """It is taken."""
        dict[str, int]()["a slip"]

    monkeypatch.setitem(NAIVE, "pop", pop)
    with pytest.raises(KeyError, match="a slip"):
        switchable(ONE_JOB, POP)


def test_a_sweep_finds_what_single_runs_find() -> None:
    masks = [("sell.dark",), (), ("switch_on.whole", "switch_on.works")]
    singly = [compiled.explore(SHOP, off=mask).violations for mask in masks]
    assert list(sweep(SHOP, masks)) == singly
    assert list(sweep(SHOP, [()], Limits(max_states=1))) == [None]


# ---------------------------------------------------------------- the command line


@pytest.mark.parametrize("id", ["FM-002a", "FM-017"])
def test_of_a_loss_that_was_asked_with_no_other_the_page_says_so(id: str) -> None:
    assert partners.of(FAILURES[id]) == partners.NOT_ASKED


def test_pairs_keep_no_traces(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failures", "--pairs", "--write"]) == 2
    assert "--pairs: keeps no traces" in capsys.readouterr().err


def test_pairs_of_a_failure_mode_that_is_not_there_are_refused() -> None:
    assert main(["failures", "FM-01", "--pairs"]) == 2


# ---------------------------------------------------------------- the catalogue


@pytest.mark.deep
def test_each_loss_breaks_its_property_with_few_failures_as_well() -> None:
    for protection in pairs.protections():
        for mode, loss in protection.losses:
            if SCOPES[loss.scope].spec.properties[loss.breaks].kind == "leads_to":
                continue
            (known,) = pairs.violations(loss.scope, [loss.edits]).values()
            assert known is not None
            assert loss.breaks in known, (mode.id, loss.edits)


def test_what_no_pair_is_asked_with_breaks_nothing_with_few_failures() -> None:
    left_out = set()
    for mode in FAILURES.values():
        for loss in mode.losses:
            if not pairs.NEED_MORE.isdisjoint(loss.edits):
                alone = compiled.explore(Edits(loss.edits).on(pairs.few_failures(loss.scope)))
                assert alone.stopped_by is None
                assert not alone.violations, (mode.id, alone.violations)
                left_out |= set(loss.edits)
    assert left_out == pairs.NEED_MORE


@pytest.mark.deep
def test_what_only_a_pair_breaks_is_broken_in_a_database(tmp_path: Path) -> None:
    found = [pair for pair in pairs.pairs() if pair.only]
    assert found
    for n, pair in enumerate(found):
        story = pairs.shortest(pair)
        assert len(story.lines) == pair.only[0].steps
        if pair.only[0].id != "range":
            assert broken_in(pair, story, tmp_path / f"{n}.db"), pair.edits


def broken_in(pair: pairs.Pair, story: Story, file: Path) -> bool:
    """Return whether the run breaks the property in a database file without both protections."""
    edits, wanted = Edits(pair.edits), pair.only[0].property
    scope = replace(SCOPES[pair.scope.name], bounds=pair.scope.bounds)
    trace = Trace(scope, edits, "compiled", wanted, story.lines)
    return bool(replay_trace(trace, edits, str(file)).broken)


@pytest.mark.deep
def test_an_edited_spec_explored_for_itself_says_the_same() -> None:
    chosen = random.Random(5).sample(pairs.asked()["one-job"], 8)
    every = pairs.violations("one-job", [(*one.edits, *two.edits) for one, two in chosen])
    for texts, known in every.items():
        alone = compiled.explore(pairs.switches("one-job").edited(texts))
        assert alone.violations == known, texts


@pytest.mark.deep
def test_workers_that_refer_to_the_only_job_are_exchanged_and_nothing_is_missed() -> None:
    scope = Edits(["split claim"]).on(ONE_JOB)
    found = compiled.explore(scope)
    assert found.symmetry == ("Worker", "Recoverer")
    assert found.violations == plain.explore(scope).violations


@pytest.mark.deep
def test_the_command_says_which_protections_cover_for_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["failures", "FM-010", "--pairs", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is True
    names = [[p["name"] for p in pair["protections"]] for pair in answer["pairs"]]
    (known,) = [p for p, n in zip(answer["pairs"], names, strict=True) if n == [
        "FM-010", "FM-011-elsewhere-2"]]  # fmt: skip
    assert [b["name"] for b in known["only_together"]] == ["terminal_is_absorbing"]
    assert [s["action"] for s in known["trace"]][-2:] == ["settle_done", "settle_released"]
