"""What each guard needs of PostgreSQL."""

import pytest

from impl.derive.view import Inexpressible
from impl.postgresql.text.isolation import level_of
from spec.language.declared.model import Spec
from spec.queue import SCOPES
from tests.specs.hotel import hotel
from tests.specs.permits import permits


def test_every_step_of_the_queue_is_safe_at_the_weakest_level() -> None:
    levels = {
        level_of(scope.spec, action)
        for scope in SCOPES.values()
        for action in scope.spec.actions.values()
    }
    assert levels == {"READ COMMITTED"}


@pytest.mark.parametrize(
    ("spec", "action", "said"),
    [
        (permits, "begin", r"begin\.left: asks many rows, .*; keep what is asked in one row"),
        (
            permits,
            "hand_over",
            r"hand_over\.waits: asks another row, .*; keep what is asked in one row",
        ),
        (hotel, "check_in", r"check_in\.dark: asks another row"),
    ],
)
def test_a_guard_that_reads_beyond_its_row_is_refused_with_the_remedy(
    spec: Spec, action: str, said: str
) -> None:
    with pytest.raises(Inexpressible, match=said):
        level_of(spec, spec.actions[action])
