"""The steps of a run on other variants of its spec: which guard refuses them."""

import pytest

from checker.explain.lens import restored, under
from checker.replay import replay_trace
from tests.runs import KEPT, kept, leaving, still, windy


@pytest.mark.parametrize("name", KEPT)
def test_a_run_seen_through_its_own_variant_breaks_what_it_broke(name: str) -> None:
    run = kept(name)
    lens = under(run, run.trace.edits, run.trace.off)
    assert (lens.refused_at, lens.refused_by, lens.broken) == (None, None, True)
    assert lens.run.states == run.states
    assert lens.steps_taken == len(run.steps)


@pytest.mark.parametrize("name", KEPT)
def test_the_spec_refuses_with_every_protection_what_the_store_refuses(name: str) -> None:
    run = kept(name)
    lens, store = under(run), replay_trace(run.trace)
    assert (lens.steps_taken, lens.refused_by, lens.broken) == (store.steps, store.refused, False)


def test_the_guard_and_its_false_clause_are_named() -> None:
    lens = under(kept("FM-010"))
    assert (lens.refused_at, lens.refused_by) == (8, "settle_done.fenced")
    (clause,) = lens.clauses
    assert clause.name == "fenced"
    assert set(clause.values) >= {"token[job1] = 2", "held[worker1] = 1"}
    assert str(clause.since) == "since step 7 (worker2 claim(job1))"


def test_each_protection_is_put_back_by_itself() -> None:
    found = restored(kept("FM-010"))
    assert [(name, lens.refused_by) for name, lens in found] == [
        ("settle_done.fenced", "settle_done.fenced")
    ]


def test_a_run_that_never_ends_is_fair_only_without_the_protection() -> None:
    for run in (windy(), still()):
        assert under(run, run.trace.edits, run.trace.off).broken
        lens = under(run)
        assert (lens.refused_by, lens.broken) == (None, False)


def test_a_number_leaves_its_range_only_without_the_protection() -> None:
    run = leaving()
    assert under(run, (), run.trace.off).broken
    lens = under(run)
    assert (lens.refused_by, lens.broken) == ("acquire.tokens_left", False)
