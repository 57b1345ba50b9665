"""Counts: every reader counts alike, and both solvers know what a step makes of a count."""

from pathlib import Path

import pytest

from checker.explain.clauses import property_clauses
from checker.explain.run import broken_run
from checker.prove.bmc.search import search
from checker.prove.cti import find
from checker.prove.proof import prove
from checker.search import plain
from checker.search.compiled import explore
from impl.derive.design import derive
from impl.derive.view import Inexpressible
from spec.language import Misuse
from spec.language.edited.edits import without
from spec.language.scope import Scope
from tests.export.test_tla import judged
from tests.language.spoilt import PROPERTY, refusal, within
from tests.specs.permits import PERMITS, crowded, permits

LEFT = "begin.left"
BROKEN = PERMITS.on(without(permits, LEFT))


# ---------------------------------------------------------------- in a scope
@pytest.mark.parametrize("scope", [PERMITS, BROKEN], ids=["whole", "broken"])
def test_both_explorers_count_alike(scope: Scope) -> None:
    one, other = plain.explore(scope), explore(scope, symmetry=False)
    assert (one.states, one.depth, one.fired) == (other.states, other.depth, other.fired)
    assert (one.violations, one.exercised) == (other.violations, other.exercised)
    assert not one.never_fired
    assert explore(scope).violations == one.violations


def test_more_run_than_may_where_nobody_counts() -> None:
    # Three of a kind come, and the last one begins although two run.
    broken = {"no_more_run_than_may": 6}
    assert explore(PERMITS).violations == {}
    assert explore(BROKEN).violations == broken
    assert search(PERMITS, 5).violated == ()
    found = search(BROKEN, 7)
    assert found.violated == ("no_more_run_than_may",)
    assert found.walk is not None
    assert len(found.walk.steps) == 6


@pytest.mark.deep
@pytest.mark.parametrize("scope", [PERMITS, BROKEN], ids=["whole", "broken"])
def test_tlc_counts_alike(scope: Scope, tmp_path: Path) -> None:
    mine, theirs = plain.explore(scope), judged(scope, tmp_path)
    if scope is PERMITS:
        assert (theirs.violated, theirs.distinct) == (None, mine.states)
    else:
        assert (theirs.violated, theirs.steps) == ("no_more_run_than_may", 6)


# ---------------------------------------------------------------- for any number
def test_a_limit_that_is_counted_is_proved_for_any_number() -> None:
    proof = prove(permits)
    assert {d.name for d in proof.decided if d.verdict != "proved"} == set()
    # One step writes two rows, which may be one and the same for all that the claim says.
    assert "hand_over/no_more_run_than_may" in {d.name for d in proof.decided}


def test_without_its_guard_the_step_is_refuted_in_a_state_that_the_evaluator_counts() -> None:
    # Raises `Divergence` should the solver have counted otherwise.
    cti = find(without(permits, LEFT), "begin/no_more_run_than_may")
    assert cti is not None
    assert cti.scope.bounds["Task"] == cti.scope.bounds["Limit"] + 1


def test_a_count_by_what_other_rows_hold_is_left_to_scopes() -> None:
    assert plain.explore(PERMITS.on(crowded)).violations == {}
    with pytest.raises(Misuse, match="changes `kind'") as caught:
        prove(crowded)
    assert "ffq check" in caught.value.remedy


# ---------------------------------------------------------------- what is said
def test_what_is_counted_is_told_when_a_run_is_explained() -> None:
    run = broken_run(PERMITS, [LEFT], "no_more_run_than_may")
    (must,) = property_clauses(run, run.end, "no_more_run_than_may")
    assert not must.holds
    assert must.values[-2:] == (
        "count(Task, lambda i: running[i] & (kind[i] == kind1)) = 3",
        "Limit = 2",
    )


def test_no_statement_counts_other_rows() -> None:
    with pytest.raises(Inexpressible, match="sees more than one row: `count"):
        derive(PERMITS)


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("return count(Letter, lambda x: s.sealed[x]) & s.sealed[l]  # here", "is a number, but"),
        ("return count(int, lambda x: s.sealed[l]) > 0  # here", "cannot quantify over"),
        ("return count(Letter, lambda l: s.sealed[l]) > 0  # here", "'l' is already in use"),
        ("return count(Letter, lambda x: s.weight[x]) > 0  # here", "is a number, but a truth"),
    ],
)
def test_a_count_that_cannot_be_is_refused(line: str, fact: str, tmp_path: Path) -> None:
    assert fact in refusal(within(PROPERTY, line), tmp_path).fact
