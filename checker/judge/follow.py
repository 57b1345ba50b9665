"""Follows what is seen of jobs on one watched queue; what jobs have in common is followed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from checker.judge.jobs import QUIETLY, Code
from checker.judge.states.layer import Layer, Sign, Terms
from checker.judge.states.machine import Machine
from checker.judge.states.rest import resting
from checker.judge.watch import ASSUMED, Setup, edited, healthy
from spec.language.evaluate import Step

EDITED_MAX = 200_000
"""With some edits almost everything is possible: so many states are looked at after each event."""

Filled = list[tuple[int | None, Step]]
"""The steps of a run, each with the number of the event that it is, from 0, if it is one."""


@dataclass(frozen=True)
class Followed:
    """How far a history could be followed: `at` is the first event that no run allows, `last` the
    number of the layer before it, or the last one.
    """

    at: int | None
    last: int


class Follower:
    """A watched queue with just these edits in force, determinised as far as histories ask for it.

    Layers are numbered.
    """

    def __init__(
        self, machine: Machine, allowed: int, less: Iterable[str] = (), states_max: int = 1_000_000
    ) -> None:
        self.machine, self.less = machine, tuple(less)
        self.terms = Terms(allowed, states_max=states_max)
        self.layers: list[Layer] = []
        self._numbers: dict[bytes, int] = {}
        self._after: dict[tuple[int, Code], int] = {}
        self._firsts: dict[frozenset[int], int] = {}

    def first(self, claiming: frozenset[int]) -> int:
        """Return the layer before anything is seen."""
        if claiming not in self._firsts:
            layer = self.machine.first(replace(self.terms, claiming=claiming))
            self._firsts[claiming] = self._number(layer)
        return self._firsts[claiming]

    def open(self, n: int) -> int:
        """Return the layer as it is if it is not known who claims next."""
        return self._number(self.machine.closed(self.layers[n].live, self.terms))

    def _number(self, layer: Layer) -> int:
        """Return the number of a layer: rows are kept, ways to them are not."""
        n = self._numbers.setdefault(layer.key, len(self.layers))
        if n == len(self.layers):
            self.layers.append(self.machine.bare(layer))
        return n

    def after(self, n: int, code: Code) -> int:
        """Return the layer after an event."""
        found = self._after.get((n, code))
        if found is None:
            layers = self.stages(self.layers[n], code)
            found = self._after[n, code] = self._number(layers[-1])
        return found

    def stages(self, layer: Layer, code: Code) -> list[Layer]:
        """Return the layers that an event leads through, the last one after it."""
        terms = replace(self.terms, claiming=code.claiming)
        found: list[Layer] = []
        for i, signs in enumerate(code.shows):
            if signs == QUIETLY:
                found += resting(self.machine, found[-1] if found else layer, terms, self.less)
                continue
            last = i + 1 == len(code.shows)
            plan = self.machine.plan(signs)
            hidden = None if last else self.machine.plan(())
            found.append(self.machine.after(found[-1] if found else layer, plan, terms, hidden))
        return found

    def follow(self, codes: Sequence[Code], claiming: frozenset[int]) -> Followed:
        """Follow events from the beginning, where these may claim."""
        n = self.first(claiming)
        for at, code in enumerate(codes):
            following = self.after(n, code)
            if not len(self.layers[following]):
                return Followed(at, n)
            n = following
        return Followed(None, n)

    def allows(self, codes: Sequence[Code], claiming: frozenset[int]) -> bool:
        """Return whether some run shows these events."""
        return self.follow(codes, claiming).at is None

    def possible(self, n: int) -> list[Sign]:
        """Return what might be seen after a layer."""
        return self.machine.shown(self.layers[n], self.terms)

    def filled(self, codes: Sequence[Code], claiming: frozenset[int]) -> Filled:
        """Return a run that shows these events, with the hidden steps between them."""
        layers, events = [self.machine.first(replace(self.terms, claiming=claiming))], [-1]
        for at, code in enumerate(codes):
            for i, layer in enumerate(self.stages(layers[-1], code)):
                layers.append(layer)
                events.append(at if i == 0 else -1)
        assert len(layers[-1]), "a history that was accepted has a run"
        way = self.machine.steps_of(layers, int(layers[-1].alive[0]))
        found: Filled = [
            (events[n] if n >= 0 and events[n] >= 0 else None, step) for n, step in way
        ]
        return found[::-1]


@cache
def whole(setup: Setup) -> Follower:
    """Return the queue with every protection."""
    return Follower(healthy(setup), 0)


@cache
def without(setup: Setup, texts: frozenset[str]) -> Follower:
    """Return the queue with just these edits in force, with all that was followed of it."""
    return anew(setup, texts)


def anew(setup: Setup, texts: frozenset[str]) -> Follower:
    """Return the queue with just these edits in force, of which nothing was followed yet."""
    one = edited(setup)
    less = [text for text in texts if text.split()[0] in ASSUMED]
    return Follower(one.machine, one.allowed(texts), less, EDITED_MAX)
