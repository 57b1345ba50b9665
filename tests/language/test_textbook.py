"""Specs whose answers are known from elsewhere: what is found in them is not ours to choose."""

from pathlib import Path

import pytest
from ffq.textbook.bounded_buffer import buffer, one_condition, two_conditions
from ffq.textbook.paxos import paxos, three_acceptors
from ffq.textbook.peterson import peterson, two_processes
from ffq.textbook.two_phase_commit import commit_protocol

from checker.runs.exploration import Exploration
from checker.search.plain import explore
from spec.language.edited.edits import find
from spec.language.scope import Scope
from tests.export.test_tla import judged, reached
from tests.specs.lease_lock import lease_lock


def commit(managers: int) -> Exploration:
    return explore(Scope("commit", commit_protocol, {"Manager": managers}))


def lock(clients: int, tokens: int, *off: str) -> Exploration:
    scope = Scope("lock", lease_lock, {"Client": clients, "Tokens": tokens})
    return explore(scope, off=off)


def story(found: Exploration, violated: str) -> list[str]:
    """Return the steps to the violation as `action` or `action client`, clients counted from 0."""
    steps = found.walk(violated).steps
    return [" ".join([s.action.name, *map(str, s.binding.values())]) for s in steps]


# Two-phase commit. 288 is in the manifest of Lamport's TwoPhase among the TLA+ examples; 288 and
# 8,832 are in the tests of Stateright's example 2pc.


def test_two_phase_commit_of_3_managers_has_288_states() -> None:
    found = commit(3)
    assert (found.states, found.complete, dict(found.violations)) == (288, True, {})


@pytest.mark.deep
def test_two_phase_commit_of_5_managers_has_8832_states() -> None:
    found = commit(5)
    assert (found.states, found.complete, dict(found.violations)) == (8_832, True, {})


def test_two_phase_commit_exercises_its_claim() -> None:
    assert commit(2).exercised == {"all_agree", "all_commit"}


def test_without_waiting_for_all_a_manager_aborts_while_another_commits() -> None:
    found = explore(
        Scope("commit", commit_protocol, {"Manager": 2}), off=("decide_commit.all_prepared",)
    )
    steps = story(found, "all_agree")
    # One decides to commit before anybody was asked; one obeys, and the other had its own way.
    assert sorted(s.split()[0] for s in steps) == ["choose_abort", "decide_commit", "obey_commit"]


# Peterson's algorithm. 42 is in the manifest of Peterson among the TLA+ examples.


def test_peterson_has_42_states_once_somebody_gave_way() -> None:
    at = [place.name for place in two_processes.places].index("gave_way")
    states = reached(two_processes)
    assert len([s for s in states if s[at] is not None]) == 42
    found = explore(two_processes)
    assert (found.states, dict(found.violations)) == (len(states), {})


def test_three_are_too_many_for_peterson() -> None:
    found = explore(Scope("three", peterson, {"Process": 3}))
    assert "one_is_inside" in found.violations


# The bounded buffer. That one condition deadlocks just if there are more threads than twice the
# places, that two conditions never do, and the run of 8 states are in the tutorial BlockingQueue.


@pytest.mark.parametrize("places", [1, 2, 3])
def test_one_condition_stands_still_if_threads_are_more_than_twice_the_places(places: int) -> None:
    for producers in (1, 2, 3):
        for consumers in (1, 2, 3):
            bounds = {"Producer": producers, "Consumer": consumers, "Places": places}
            one = explore(Scope("one", one_condition, bounds))
            stands = producers + consumers > 2 * places
            assert set(one.violations) == ({"somebody_is_awake"} if stands else set()), bounds
            assert not explore(Scope("two", two_conditions, bounds)).violations, bounds


def test_one_producer_and_two_consumers_stand_still_in_the_8th_state() -> None:
    bounds = {"Producer": 1, "Consumer": 2, "Places": 1}
    found = explore(Scope("one", one_condition, bounds))
    assert len(found.walk("somebody_is_awake").steps) == 8 - 1


# Paxos. 25 states, the longest way to one of 9 states, are in the manifest of MCPaxos among the
# TLA+ examples, for one acceptor, one value and two ballots.


def test_paxos_of_one_acceptor_has_25_states() -> None:
    found = explore(Scope("one", paxos, {"Acceptor": 1, "Value": 1, "Majority": 1}))
    assert (found.states, found.depth, dict(found.violations)) == (25, 9 - 1, {})


def test_three_acceptors_choose_one_value_unless_a_leader_ignores_what_it_is_told() -> None:
    found = explore(three_acceptors)
    assert not found.violations
    assert found.exercised == set(paxos.properties)
    deaf = explore(three_acceptors, off=("propose_second.safe",))
    assert "one_value_is_chosen" in deaf.violations


@pytest.mark.deep
@pytest.mark.parametrize(
    "scope",
    [
        two_processes,
        buffer,
        Scope("one condition", one_condition, {"Producer": 2, "Consumer": 3, "Places": 3}),
        three_acceptors,
    ],
    ids=lambda scope: scope.name,
)
def test_tlc_counts_as_many_states_of_the_textbooks(scope: Scope, tmp_path: Path) -> None:
    found, theirs = explore(scope), judged(scope, tmp_path)
    assert (found.states, found.depth) == (theirs.distinct, theirs.depth)
    assert (theirs.violated, dict(found.violations)) == (None, {})


# The lock with leases.


def test_the_lock_keeps_its_claims_and_exercises_each() -> None:
    found = lock(2, 2)
    assert (found.complete, dict(found.violations), found.never_fired) == (True, {}, ())
    assert found.exercised == set(lease_lock.properties)


@pytest.mark.deep
def test_tlc_counts_as_many_states_of_the_lock(tmp_path: Path) -> None:
    found = lock(2, 3)
    scope = Scope("lock", lease_lock, {"Client": 2, "Tokens": 3})
    theirs = judged(scope, tmp_path)
    assert (found.states, found.depth) == (theirs.distinct, theirs.depth)
    assert found.generated + 1 == theirs.generated  # TLC counts the initial state as well


def test_without_the_fence_a_paused_client_overwrites_a_newer_write() -> None:
    # As Kleppmann draws it: client 1 gets the lease and pauses; it expires; client 2 gets the lease
    # and writes; client 1 wakes up and writes.
    found = lock(2, 2, "write.fenced")
    for claim in ("the_newest_write_stays", "the_storage_goes_forward"):
        steps = story(found, claim)
        assert steps == ["acquire 0", "expire", "acquire 1", "write 1", "write 0"]


@pytest.mark.parametrize(
    ("guard", "claim", "steps"),
    [
        ("acquire.free", "leases_are_respected", ["acquire 0", "acquire 1"]),
        ("acquire.tokens_left", "range_last_token", None),
        ("write.fenced", "the_newest_write_stays", None),
    ],
)
def test_each_protection_of_the_lock_is_missed(
    guard: str, claim: str, steps: list[str] | None
) -> None:
    found = lock(2, 2, guard)
    assert claim in found.violations
    assert steps is None or story(found, claim) == steps


def test_a_torn_acquisition_hands_one_token_to_two_clients() -> None:
    # The counter goes up in one step and is read in another: by then it may have gone up again.
    torn = find(lease_lock, "split acquire token")
    found = explore(Scope("lock", torn, {"Client": 2, "Tokens": 2}))
    assert story(found, "tokens_are_not_shared") == [
        "acquire 0", "expire", "acquire 1", "acquire_rest 0", "acquire_rest 1",
    ]  # fmt: skip
    assert "the_newest_write_stays" not in found.violations
