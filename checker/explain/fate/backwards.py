"""How far every state of a graph is from a violation: two searches backwards over its edges.

The first counts faults: from where a violation is, over edges turned round; an edge that is no
fault costs nothing, one that is costs 1. The second asks from where a state that is finished, or
from which no violation can be reached, can be come to by any edges with no violation on the way. A
frontier is one array, so that a million states take a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array

Array = np.ndarray[Any, Any]

NEVER = 255
"""Stands for a number of faults where no violation can be reached; more than 254 count as 254."""


@dataclass(frozen=True)
class Marked:
    """A graph, and what counts in it: an edge leads from `sources` to `targets`, each is a `fault`
    or not.

    `broken` are the states that are violations, `breaking` the edges that are. In the states
    `leaving` a step is possible that violates and leads to no state, in those of `leaving_by_fault`
    one that is a fault. `finished` are the states that owe nothing.
    """

    sources: Array
    targets: Array
    fault: Array
    breaking: Array
    broken: Array
    leaving: Array
    leaving_by_fault: Array
    finished: Array


@dataclass(frozen=True)
class Searched:
    """For each state how many faults a violation still needs, and whether there is a way back."""

    faults: Array
    way_back: Array


def search(graph: Marked) -> Searched:
    """Return how far every state is from a violation."""
    count = len(graph.broken)
    free = _Back(graph, count, ~graph.fault & ~graph.breaking)
    fault = _Back(graph, count, graph.fault & ~graph.breaking)
    faults = np.full(count, NEVER, np.uint8)
    reached = np.zeros(count, bool)
    free.close(_seeds(graph.broken | graph.leaving, graph, ~graph.fault), reached)
    faults[reached] = 0
    seeds = _seeds(graph.leaving_by_fault, graph, graph.fault)
    frontier = np.flatnonzero(reached)
    needed = 0
    while len(frontier) or len(seeds):
        needed += 1
        before = reached.copy()
        free.close(np.concatenate([seeds, fault.into(frontier)]), reached)
        frontier, seeds = np.flatnonzero(reached & ~before), seeds[:0]
        faults[frontier] = min(needed, NEVER - 1)
    way_back = graph.broken.copy()  # as if passed already: no way leads through a violation
    harmless = _Back(graph, count, ~graph.breaking)  # faults too: whoever walks can take them
    harmless.close(np.flatnonzero(graph.finished | (faults == NEVER)), way_back)
    return Searched(faults, way_back & ~graph.broken)


def _seeds(states: Array, graph: Marked, edges: Array) -> Array:
    """Return the states of which one is broken itself or one of these edges is a violation."""
    return np.concatenate([np.flatnonzero(states), graph.sources[graph.breaking & edges]])


class _Back:
    """Some edges of a graph, turned round."""

    def __init__(self, graph: Marked, count: int, kept: Array) -> None:
        sources, targets = graph.sources[kept], graph.targets[kept]
        ones = np.ones(len(sources), np.int8)
        turned = coo_array((ones, (targets, sources)), shape=(count, count)).tocsr()
        self.starts, self.sources = turned.indptr, turned.indices

    def into(self, states: Array) -> Array:
        """Return the states from which an edge leads to one of these, some more than once."""
        starts, ends = self.starts[states], self.starts[states + 1]
        lengths = ends - starts
        shifts = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        found: Array = self.sources[shifts + np.arange(len(shifts))]
        return found

    def close(self, seeds: Array, reached: Array) -> None:
        """Mark the seeds, and all from which one can be reached through states not marked."""
        frontier = np.unique(seeds[~reached[seeds]])
        while len(frontier):
            reached[frontier] = True
            before = self.into(frontier)
            frontier = np.unique(before[~reached[before]])
