"""The parts of a graph in which a fair run can stay for ever, on arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from spec.language.declared.model import Action

Array = np.ndarray[Any, Any]

MAX_FAIR = 63
"""Fair steps are the bits of a word."""


class Edges(Protocol):
    """The edges of state i are those from `starts[i]` to before `starts[i + 1]`: each leads to the
    state `targets` and is the step `labels`, which is a way to take one of `actions`.
    """

    @property
    def starts(self) -> Array:
        """Where the edges of each state begin."""

    @property
    def targets(self) -> Array:
        """Where each edge leads."""

    @property
    def labels(self) -> Array:
        """Which step each edge is."""

    @property
    def actions(self) -> Sequence[Action]:
        """The action of each step."""


@dataclass(frozen=True)
class Rows:
    """The edges that leave some states, in order: from where, to where, and their labels."""

    sources: Array
    targets: Array
    labels: Array

    def where(self, kept: Array) -> Rows:
        """Return those that are kept."""
        return Rows(self.sources[kept], self.targets[kept], self.labels[kept])


class FairParts:
    """Looks for the parts of a graph in which a fair run can stay."""

    def __init__(self, edges: Edges) -> None:
        self.edges = edges
        actions = edges.actions
        fair = [k for k, action in enumerate(actions) if action.fair]
        self.bits = np.zeros(len(actions), np.int64)
        self.bits[fair] = 1 << np.arange(len(fair), dtype=np.int64)
        self.weak, self.strong = (
            int(sum(self.bits[k] for k in fair if actions[k].fair == kind))
            for kind in ("weak", "strong")
        )
        self.finite = np.array([action.finite for action in actions], bool)
        self.possible = self._possible()

    def _possible(self) -> Array:
        """Return for each state which fair steps are possible, one bit each."""
        starts, labels = self.edges.starts, self.edges.labels
        found = np.zeros(len(starts) - 1, np.int64)
        some = np.flatnonzero(np.diff(starts))
        for part in np.array_split(some, max(1, len(some) >> 16)):
            if len(part):
                low, high = starts[part[0]], starts[part[-1] + 1]
                bits = self.bits[labels[low:high]]
                found[part] = np.bitwise_or.reduceat(bits, starts[part] - low)
        return found

    def rows(self, states: Array) -> Rows:
        """Return the edges that leave these states."""
        starts = self.edges.starts
        counts = starts[states + 1] - starts[states]
        ends = np.cumsum(counts)
        at = np.arange(counts.sum()) + np.repeat(starts[states] - ends + counts, counts)
        sources = np.repeat(states, counts)
        return Rows(sources, self.edges.targets[at], self.edges.labels[at])

    def still(self) -> Array:
        """Return in which states nothing that fairness demands is possible."""
        still: Array = self.possible & (self.weak | self.strong) == 0
        return still

    def fair_parts(self, states: Array) -> Iterator[Array]:
        """Yield the strongly connected parts of these states, each of several, in which a fair run
        can stay for ever.
        """
        while len(states):
            states, part, edges = self._components(states)
            if not len(states):
                return
            count = int(part[-1]) + 1
            first = np.searchsorted(part, np.arange(count))
            possible = self.possible[states]
            always = np.bitwise_and.reduceat(possible, first)
            ever = np.bitwise_or.reduceat(possible, first)
            taken = self._taken(edges, count)
            forced = always & self.weak & ~taken != 0
            starved = ever & self.strong & ~taken
            for number in np.flatnonzero(~forced & (starved == 0)):
                yield states[first[number] : np.searchsorted(part, number, "right")]
            # Strong fairness: a fair run must keep away from where the starved steps are possible.
            again = ~forced & (starved != 0)
            states = np.sort(states[again[part] & (possible & starved[part] == 0)])

    def _components(self, states: Array) -> tuple[Array, Array, Rows]:
        """Return the states that lie in strongly connected parts of several states, part by part;
        the number of the part of each; and the edges inside the parts, sources numbered by part.
        """
        rows = self.inside(states)
        number = np.empty(len(self.possible), np.int32)
        number[states] = np.arange(len(states), dtype=np.int32)
        sources, targets = number[rows.sources], number[rows.targets]
        count = len(states)
        starts = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(sources, minlength=count), out=starts[1:])
        ones = np.ones(len(targets), np.float64)  # what it works with: anything else is copied
        edges = ones, targets.copy(), starts.astype(np.int32)  # they are sorted in place
        matrix = csr_array(edges, shape=(count, count))
        matrix.sum_duplicates()  # an edge that stands twice may keep it busy for ever
        _, part = connected_components(matrix, connection="strong")
        large = np.bincount(part) > 1
        part = np.where(large, np.cumsum(large) - 1, -1)[part]
        kept = np.flatnonzero(part >= 0)
        kept = kept[np.argsort(part[kept], kind="stable")]
        inside = (part[sources] == part[targets]) & (part[sources] >= 0)
        return (
            states[kept],
            part[kept],
            Rows(part[sources], rows.targets, rows.labels).where(inside),
        )

    def inside(self, states: Array) -> Rows:
        """Return the edges between these states that may be taken for ever."""
        member = np.zeros(len(self.possible), bool)
        member[states] = True
        rows = self.rows(states)
        return rows.where(member[rows.targets] & ~self.finite[rows.labels])

    def _taken(self, edges: Rows, count: int) -> Array:
        """Return for each part which fair steps are taken inside it."""
        taken = np.zeros(count, np.int64)
        for label in np.flatnonzero(self.bits):
            taken[edges.sources[edges.labels == label]] |= self.bits[label]
        return taken
