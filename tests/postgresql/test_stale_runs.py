"""What the spec says of a stale guard, a real server does: at three levels, step by step."""

from functools import cache

import pytest

from checker.isolation import stepped
from checker.isolation.stale_runs import BROKEN, CONFLICT, SMALL, WENT_THROUGH, StaleRun, stale_run
from impl.postgresql.text.isolation import LEVELS, Level
from impl.postgresql.trial.embedded import Server
from spec.designs.batches import BATCHES

SHORT = ("claim.ready", "enqueue.new_key", "start.leased", "settle_failed.leased")
LONGER = (
    "start.fenced", "heartbeat.leased", "heartbeat.fenced", "heartbeat.in_time",
    "settle_done.leased", "settle_done.fenced", "settle_failed.fenced", "settle_released.leased",
    "settle_released.fenced", "look.expired", "recover.expired",
)  # fmt: skip
WIDE = ("begin.open", "begin.room", "close.empty")
GUARDS = [*SHORT, *WIDE, *(pytest.param(guard, marks=pytest.mark.deep) for guard in LONGER)]


@cache
def run_of(guard: str) -> StaleRun:
    run = stale_run(BATCHES if guard in WIDE else SMALL, guard)
    assert run is not None
    return run


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("guard", GUARDS)
def test_the_server_does_as_the_spec_says_of_a_stale_guard(
    guard: str, level: Level, server: Server
) -> None:
    run = run_of(guard)
    came = stepped.stale(server, run, level)
    assert came.what == run.predicted(level)
    assert came.taken == len(run.walk.steps) - (came.what == CONFLICT)


@pytest.mark.parametrize("guard", GUARDS)
def test_a_write_that_asks_all_its_guards_is_refused_at_the_weakest_level(
    guard: str, server: Server
) -> None:
    assert stepped.whole(server, run_of(guard), "READ COMMITTED").what == guard.split(".")[1]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("guard", GUARDS)
def test_the_server_does_as_the_spec_says_of_whole_steps_that_come_at_once(
    guard: str, level: Level, server: Server
) -> None:
    run = run_of(guard)
    assert stepped.whole(server, run, level, at_once=True).what == run.at_once(level)


# By hand.


def test_two_claims_that_looked_are_both_taken_at_the_weakest_level_alone() -> None:
    run = run_of("claim.ready")
    assert [s.action.name for s in run.walk.steps] == [
        "enqueue", "claim", "claim", "claim_rest", "claim_rest",
    ]  # fmt: skip
    assert [run.predicted(level) for level in LEVELS] == [BROKEN, CONFLICT, CONFLICT]
    assert (run.kind, run.refused) == ("own row", "ready")


def test_what_is_done_outside_no_level_protects() -> None:
    """To enter a handler writes no row, so that it may as well have come before all others."""
    assert [run_of("start.leased").predicted(level) for level in LEVELS] == [BROKEN] * 3


def test_a_write_that_has_waited_for_its_row_asks_again(server: Server) -> None:
    came = stepped.whole(server, run_of("claim.ready"), "READ COMMITTED", at_once=True)
    assert (came.what, came.waited) == ("ready", True)


def test_what_only_reads_does_not_wait_for_a_write_that_is_not_committed(server: Server) -> None:
    came = stepped.whole(server, run_of("start.leased"), "READ COMMITTED", at_once=True)
    assert (came.what, came.waited) == (WENT_THROUGH, False)


def test_a_limit_that_is_counted_is_passed_by_two_whole_steps_that_come_at_once() -> None:
    run = run_of("begin.room")
    assert (run.kind, run.violated) == ("many rows", "no_more_run_than_may")
    assert [run.at_once(level) for level in LEVELS] == [BROKEN, BROKEN, CONFLICT]


def test_a_guard_that_stays_true_has_no_run() -> None:
    assert stale_run(SMALL, "notify.due") is None
    assert stale_run(BATCHES, "begin.known") is None, "though it reads another row"
