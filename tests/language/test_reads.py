"""What each guard reads: of the queue, nothing but its own row, its memory and the world, and
whether a value is free that no two rows may have.
"""

from collections import Counter

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from impl.derive.design import derive
from spec.language.declared.model import Spec
from spec.language.edited.edits import find
from spec.language.reads import Kind, kind_of, slots
from spec.queue import DEFAULT, SCOPES
from tests.specs.corners import corners
from tests.specs.ferry import ferry
from tests.specs.lease_lock import lease_lock
from tests.specs.permits import permits


def counted(spec: Spec) -> Counter[Kind]:
    return Counter(kind_of(spec, a, g.condition) for a in spec.actions.values() for g in a.guards)


def kinds(spec: Spec, action: str) -> dict[str, Kind]:
    a = spec.actions[action]
    return {g.name: kind_of(spec, a, g.condition) for g in a.guards}


def test_the_guards_of_the_whole_queue_are_counted() -> None:
    """No guard of many rows, none of another row: a test below asks the deriver which they are."""
    assert counted(SCOPES["whole"].spec) == {"own row": 33, "memory": 9}


def test_no_guard_of_the_queue_needs_more_than_one_row() -> None:
    whole = sum((counted(SCOPES[name].spec) for name in DEFAULT), Counter[Kind]())
    assert set(whole) == {"own row", "memory", "world", "slot"}
    assert whole["slot"] == 2


@pytest.mark.parametrize("name", DEFAULT)
def test_the_deriver_asks_the_store_for_the_guards_of_a_row_and_no_others(name: str) -> None:
    """What the store is asked is decided there by what a step can see, and here by its guards."""
    scope = SCOPES[name]
    asked = {
        f"{action}.{g.name}"
        for action, t in derive(scope).transitions.items()
        for g in t.guards
        if g.in_memory is None
    }
    actions = scope.spec.actions.values()
    rows = {
        f"{a.name}.{g.name}"
        for a in actions
        for g in a.guards
        if kind_of(scope.spec, a, g.condition) in ("own row", "slot")
    }
    assert rows == asked


# By hand, where there is more to see.


def test_a_count_and_a_quantifier_read_many_rows() -> None:
    assert kinds(permits, "begin") == {"waits": "own row", "own": "own row", "left": "many rows"}
    assert kinds(commit_protocol, "decide_commit")["all_prepared"] == "many rows"
    assert "many rows" in counted(corners)


def test_a_value_that_no_two_rows_have_is_free_or_not_by_an_index() -> None:
    spec = SCOPES["permits"].spec
    assert kinds(spec, "claim")["free"] == "slot"
    assert {f: p.name for f, p in slots(spec).items()} == {"permit": "a_permit_has_one_job"}
    shared = spec.edited(
        "shared", properties={n: p for n, p in spec.properties.items() if "permit" not in n}
    )
    assert kinds(shared, "claim")["free"] == "many rows"
    for half in ("split claim permit", "stale claim.free"):  # who looks takes nothing yet
        assert kinds(find(spec, half), "claim")["free"] == "many rows"


def test_a_second_row_is_another_one() -> None:
    assert kinds(permits, "hand_over") == {
        "runs": "own row",
        "waits": "another row",
        "same": "another row",
    }


def test_what_no_row_has_is_the_row_of_who_writes_it_and_another_to_who_does_not() -> None:
    assert kinds(lease_lock, "acquire") == {"free": "own row", "tokens_left": "own row"}
    assert kinds(lease_lock, "write") == {"works": "memory", "fenced": "own row"}
    assert kinds(lease_lock, "give_up") == {"works": "memory", "refused": "own row"}


def test_the_world_is_asked_by_nobody_but_who_acts() -> None:
    assert kinds(ferry, "take") == {"idle": "memory", "high": "world", "sold": "own row"}
    assert kinds(ferry, "sell") == {"new": "own row", "here": "world"}
