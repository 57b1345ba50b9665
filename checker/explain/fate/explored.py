"""The whole graph of a scope with every edit made; the last one asked for is kept in memory."""

from __future__ import annotations

import os
from threading import Lock

from checker.runs.exploration import Limits
from checker.runs.verdict import STOPPED
from checker.search.compiled.graph import Graph, build
from spec.language.hashes import claims_hash
from spec.language.scope import Scope

MAX_STATES = 6_000_000
"""Above this many states the graph is not built: it takes about 350 bytes a state."""

_kept: dict[str, Graph] = {}
_one_at_a_time = Lock()


def explored(scope: Scope, limits: Limits | None = None) -> Graph | str:
    """Return every state and step of the scope, elements told apart, or why there is no such
    graph.
    """
    key = repr([claims_hash(scope.spec), scope.name, sorted(scope.bounds.items())])
    with _one_at_a_time:
        if key not in _kept:
            try:
                found = build(
                    scope, (), limits or Limits(max_states=MAX_STATES),
                    len(os.sched_getaffinity(0)),
                )  # fmt: skip
            except MemoryError:
                found = "max-memory"
            if isinstance(found, str):
                return f"not every state was visited: {STOPPED[found]}"
            _kept.clear()
            _kept[key] = found
        return _kept[key]
