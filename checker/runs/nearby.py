"""What is near: everything that can be reached from a place, nearest first, and the way there."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from spec.language.evaluate import Instance
from spec.language.scope import State

At = TypeVar("At", bound=Hashable)
By = TypeVar("By")


class Nearby(Generic[At, By]):
    """A search breadth first, which goes on for as long as it is iterated over.

    It yields each place, such as a state, with all that leads on from there. `came` holds what was
    met so far, in that order: from where, and by what.
    """

    def __init__(self, start: At, edges: Callable[[At], Iterable[tuple[By, At]]]) -> None:
        self.came: dict[At, tuple[At, By] | None] = {start: None}
        self._edges = edges

    def __iter__(self) -> Iterator[tuple[At, list[tuple[By, At]]]]:
        left = list(self.came)
        for here in left:
            edges = list(self._edges(here))
            for by, after in edges:
                if after not in self.came:
                    self.came[after] = here, by
                    left.append(after)
            yield here, edges

    def shortest(self, ends: Callable[[At, At], bool], most: int) -> list[By] | None:
        """Return the fewest steps of which the last leads from one place to another that `ends`
        asks for; None if there are none, or none before more than `most` places were met.
        """
        for here, edges in self:
            for by, after in edges:
                if ends(here, after):
                    return [*self.way(here), by]
            if len(self.came) > most:
                break
        return None

    def cheapest(
        self, ends: Callable[[At, At], bool], dear: Callable[[By], bool], most: int
    ) -> list[By] | None:
        """Return the same, but with as few dear steps as can be, and then as few as can be."""
        (start,), met = self.came, itertools.count()
        left: list[tuple[int, int, int, At, tuple[At, By] | None, bool]]
        left, self.came = [(0, 0, next(met), start, None, False)], {}
        while left and len(self.came) <= most:
            paid, steps, _, here, origin, end = heapq.heappop(left)
            if end and origin is not None:
                return [*self.way(origin[0]), origin[1]]
            if here in self.came:
                continue
            self.came[here] = origin
            for by, after in self._edges(here):
                cost = paid + dear(by), steps + 1, next(met)
                heapq.heappush(left, (*cost, after, (here, by), ends(here, after)))
        return None

    def way(self, at: At) -> list[By]:
        """Return by what one comes from the start to a place: no way there is shorter."""
        found = []
        while (origin := self.came[at]) is not None:
            at, by = origin
            found.append(by)
        return found[::-1]


def possible(steps: Sequence[Instance], state: State) -> list[tuple[Instance, State]]:
    """Return the steps that are possible in a state, and where each leads; one that would take a
    number out of its range leads nowhere.
    """
    led = ((step, step.successor(state)) for step in steps)
    return [(step, after) for step, after in led if after is not None]
