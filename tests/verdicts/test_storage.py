"""A claim may be lost with the power; an enqueue or a settle that was answered may not."""

import pytest

from checker.search import plain
from checker.search.compiled import explore
from checker.search.memo import look
from spec.failures.edits import Edits
from spec.language.scope import Scope
from spec.queue import SCOPES
from spec.queue.outside.producers import producers
from spec.queue.recovery import recovery

STORAGE, COPIES = SCOPES["storage"], SCOPES["copies"]


def test_claims_that_are_not_synced_are_lost_and_nothing_breaks() -> None:
    found = explore(STORAGE)
    assert found.complete
    assert not found.violations
    assert "a_claim_runs_that_would_not_survive" in found.exercised
    loose = {a.name for a in STORAGE.spec.actions.values() if a.loose}
    assert loose == {"claim"}, "of all steps, a claim alone waits for nothing"


def test_every_claim_of_the_queue_holds_of_the_queue_on_a_disk_and_out_of_a_copy() -> None:
    for scope in (STORAGE, COPIES):
        asked = {n: p.own for n, p in scope.spec.properties.items()}
        for module in (recovery, *((producers,) if scope is STORAGE else ())):
            assert all(asked[n] is p.own for n, p in module.properties.items())
        assert not look(scope).violations


@pytest.mark.parametrize("scope", [STORAGE, COPIES])
def test_both_explorers_count_a_disk_and_its_copies_alike(scope: Scope) -> None:
    fewer = Scope("few", scope.spec, {**scope.bounds, "Worker": 1, "Recoverer": 1})
    mine, theirs = plain.explore(fewer), explore(fewer, symmetry=False)
    assert (mine.states, mine.depth) == (theirs.states, theirs.depth)
    assert dict(mine.violations) == dict(theirs.violations) == {}


@pytest.mark.deep
@pytest.mark.parametrize(
    ("edit", "broken"),
    [
        ("weaken enqueue", "accepted_jobs_are_in_the_queue"),
        ("weaken settle_done", "terminal_is_absorbing"),
        ("weaken settle_failed", "counts_only_grow"),
    ],
)
def test_an_answer_before_the_sync_is_broken_by_a_loss_of_power_alone(
    edit: str, broken: str
) -> None:
    hasty = Edits([edit]).on(STORAGE)
    assert broken in look(hasty).violations
    lasting = {n: a for n, a in hasty.spec.actions.items() if n != "lose_power"}
    calm = hasty.on(hasty.spec.edited("the power stays on", actions=lasting))
    assert broken not in look(calm).violations


def test_without_the_exemption_a_loss_breaks_what_is_said_of_claims() -> None:
    broken = explore(Edits(["without each_claim_has_a_new_token.lost"]).on(STORAGE)).violations
    assert set(broken) == {"each_claim_has_a_new_token"}
