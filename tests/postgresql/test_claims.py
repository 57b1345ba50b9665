"""A claim of one job that takes all of them, by the planner's own plan."""

import pytest

from checker.isolation.claims import READY, Claimed, claimed
from impl.postgresql.trial.embedded import Server


@pytest.fixture(scope="module")
def found(server: Server) -> list[Claimed]:
    return list(claimed(server))


def test_in_and_from_take_every_job_where_statistics_know_of_none(found: list[Claimed]) -> None:
    greedy = {c.form.split(" (")[0] for c in found if c.jobs == READY and "AND guard" in c.form}
    assert greedy == {"id IN", "FROM"}
    assert {c.jobs for c in found} == {1, READY}
    for c in found:
        if c.jobs == READY:
            assert "Nested Loop" in c.plan


@pytest.mark.parametrize("form", ["id = ", "id = ANY", "WITH c AS MATERIALIZED"])
def test_what_is_run_once_takes_one(form: str, found: list[Claimed]) -> None:
    assert {c.jobs for c in found if c.form.startswith(form)} == {1}
