"""Small scopes for both explorers, and what their answers must have in common."""

from __future__ import annotations

from functools import cache

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.runs.exploration import Exploration, Limits
from checker.search.plain import _Search
from checker.search.plain import explore as explore_plainly
from spec.language.scope import Scope, State
from spec.queue.scopes import life, paced, requests, shared
from tests.specs.corners import corners
from tests.specs.lease_lock import lease_lock

ONE = {"Job": 1, "Worker": 2, "Recoverer": 2, "MaxFails": 1, "MaxInterrupts": 2, "Histories": 0}
TINY = {"Job": 1, "Worker": 2, "Recoverer": 1, "MaxFails": 1, "MaxInterrupts": 2, "Histories": 0}
TWO = {"Job": 2, "Worker": 1, "Recoverer": 2, "MaxFails": 1, "MaxInterrupts": 1, "Histories": 0}


deep = pytest.mark.deep
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 2, "Limit": 1})
REQUESTS = Scope("requests", requests, TINY)
SMALL = [
    Scope("two-phase commit", commit_protocol, {"Manager": 4}),
    CORNERS,
    Scope("lease lock", lease_lock, {"Client": 2, "Tokens": 3}),
    pytest.param(REQUESTS, marks=deep),
    pytest.param(Scope("requests of two", requests, TWO), marks=deep),
    pytest.param(Scope("life", life, ONE), marks=deep),
    pytest.param(Scope("shared", shared, ONE), marks=deep),
    pytest.param(Scope("due", paced, TINY), marks=deep),
]


def names(scope: Scope) -> str:
    return scope.name


def answers(found: Exploration) -> dict[str, object]:
    """Everything that must not depend on the engine."""
    return {
        "states": found.states,
        "generated": found.generated,
        "depth": found.depth,
        "violations": dict(found.violations),
        "exercised": found.exercised,
        "fired": dict(found.fired),
        "deadlocks": found.deadlocks,
        "stopped_by": found.stopped_by,
    }


@cache
def plain_corners() -> Exploration:
    return explore_plainly(CORNERS)


def plain_without(scope: Scope, guard: str) -> Exploration:
    if guard not in _without:  # no two scopes here have the same
        _without[guard] = explore_plainly(scope, off=(guard,))
    return _without[guard]


_without: dict[str, Exploration] = {}


def reachable(scope: Scope) -> set[State]:
    search = _Search(scope, (), None)
    search.run(Limits(), frozenset())
    return set(search.came_from)


GUARDS = ("settle_done.fenced", "recover.expired", "enqueue.new_key", "confirm.stored")
WITHOUT = [
    (Scope("lease lock", lease_lock, {"Client": 2, "Tokens": 3}), "write.fenced"),
    (Scope("two-phase commit", commit_protocol, {"Manager": 3}), "decide_commit.all_prepared"),
    *(pytest.param(REQUESTS, guard, marks=deep) for guard in GUARDS),
]
"""Scopes and a guard to take away."""


BIG = Scope("two-phase commit", commit_protocol, {"Manager": 9})
