"""A claim may be lost with the power; an enqueue or a settle that was answered may not."""

import pytest

from checker.search.compiled import explore
from checker.search.memo import look
from spec.failures.edits import Edits
from spec.queue import SCOPES

STORAGE = SCOPES["storage"]


def test_claims_that_are_not_synced_are_lost_and_nothing_breaks() -> None:
    found = explore(STORAGE)
    assert found.complete
    assert not found.violations
    assert "a_claim_runs_that_would_not_survive" in found.exercised
    guards = {g.name for g in STORAGE.spec.actions["take"].guards}
    assert guards == {"ready"}, "a claim waits for nothing"


@pytest.mark.deep
@pytest.mark.parametrize(
    ("edit", "broken"),
    [
        ("instead acknowledge acknowledge_what_is_written", "answers_are_kept"),
        ("instead hear hear_what_is_written", "answers_are_kept"),
        ("instead release release_what_is_written", "every_job_is_in_a_store"),
    ],
)
def test_an_answer_before_the_sync_is_broken_by_a_loss_of_power_alone(
    edit: str, broken: str
) -> None:
    hasty = Edits((edit,)).on(STORAGE)
    assert broken in look(hasty).violations
    lasting = {n: a for n, a in hasty.spec.actions.items() if n not in ("lose_power", "restore")}
    calm = hasty.on(hasty.spec.edited("the power stays on", actions=lasting))
    assert broken not in look(calm).violations
