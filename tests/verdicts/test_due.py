"""A job that waits for its time is a row like any other: in one place, where nothing loses it."""

from collections.abc import Iterator

import pytest

from checker.search.plain import explore
from spec.language.edited.split import split
from spec.language.misuse import Misuse
from spec.language.scope import Scope
from spec.queue import SCOPES

FEWEST = {"Job": 1, "Worker": 1, "Recoverer": 1, "MaxFails": 2, "MaxInterrupts": 1, "Histories": 0}
DUE = SCOPES["due"].spec


def splits() -> Iterator[tuple[str, str | None]]:
    """Yield every way to make two steps of an action."""
    for action in DUE.actions.values():
        for field in (None, *(u.field.name for part in action.parts for u in part.statements)):
            try:
                split(DUE, action.name, field)
            except Misuse:
                continue  # what is written first has nothing before it
            yield action.name, field


@pytest.mark.deep
@pytest.mark.parametrize(("action", "field"), [*splits()])
def test_whichever_step_is_torn_no_job_leaves_the_queue(action: str, field: str | None) -> None:
    torn = split(DUE, action, field)
    assert "rows_are_kept" not in explore(Scope("torn", torn, FEWEST)).violations


def test_a_list_of_its_own_has_a_step_that_loses_the_job_when_it_is_torn() -> None:
    torn = split(SCOPES["schedule"].spec, "promote", "status")
    found = explore(Scope("torn", torn, {**FEWEST, "Promoter": 1}))
    steps = found.walk("promised_jobs_are_somewhere").steps
    assert sorted(s.action.name for s in steps) == ["come_due", "pick", "plan", "promote"]
    assert steps[-1].action.name == "promote"
