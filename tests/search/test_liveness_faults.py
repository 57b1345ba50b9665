"""Both readers of fair runs agree on random specs, and a fault in the fast one is seen."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from checker.runs.lasso import Lasso, NoLasso
from checker.search import fair_cycles, liveness
from spec.language import Nat, Sort, Spec, require
from spec.language.scope import Scope
from tests.search.fair_runs import alike, edited
from tests.specs.doors import FALLING


class Coin(Sort):
    """A coin that moves between places."""


def guess(seed: int) -> Spec:
    """Return a random spec: coins on three places and a switch that all of them see."""
    r = random.Random(seed)
    spec = Spec(f"guess {seed}")
    spec.durable("place", Coin, Nat(2), 0, "where the coin is")
    spec.durable("on", None, bool, False, "the switch")

    def move(number: int) -> None:
        here, there = r.sample(range(3), 2)
        sees, sets = r.choice([None, True, False]), r.choice([None, None, True, False])

        def act(s, c: Coin) -> None:  # type: ignore[no-untyped-def]
            """A coin moves."""
            require(here=s.place[c] == here)
            if sees is not None:
                require(seen=s.on if sees else ~s.on)
            s.place[c] = there
            if sets is not None:
                s.on = sets

        act.__name__ = f"act{number}"
        act.__annotations__["c"] = Coin
        spec.action()(act)

    for number in range(9):
        move(number)

    def hope(number: int, cause: int, goal: int) -> None:
        def comes(s, c: Coin) -> Any:  # type: ignore[no-untyped-def]
            """A coin gets somewhere."""
            return s.place[c] == cause, s.place[c] == goal

        comes.__name__ = f"hope{number}"
        comes.__annotations__["c"] = Coin
        spec.leads_to("G-1")(comes)

    for number in range(3):
        hope(number, *r.sample(range(3), 2))
    return spec


def assumed(spec: Spec, seed: int) -> Spec:
    """Return the spec with fairness and an end of faults thrown in at random."""
    r = random.Random(seed)
    actions = {
        name: replace(a, fair=r.choice([None, "weak", "strong"]), finite=r.random() < 0.2)
        for name, a in spec.actions.items()
    }
    return spec.edited(f"assumed {seed}", actions=actions)


def guesses(seed: int) -> Iterator[Scope]:
    spec = guess(seed)
    for other in range(30):
        yield Scope(f"guess {seed}, {other}", assumed(spec, 1000 * seed + other), {"Coin": 2})


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(n, marks=pytest.mark.deep) for n in range(4, 40))]
)
def test_both_readers_agree_on_random_specs(seed: int) -> None:
    print("seed", seed)
    for scope in guesses(seed):
        alike(scope)


def test_random_specs_hold_and_break_and_loop_and_stand_still() -> None:
    decisions = [d for n in range(4) for s in guesses(n) for d in liveness.decide(s).values()]
    broken = [d.lasso for d in decisions if d.lasso is not None]
    assert min(len(decisions) - len(broken), sum(bool(lasso.loop) for lasso in broken)) >= 20
    assert sum(not lasso.loop for lasso in broken) >= 20


def strong_as_weak(c: Any) -> None:
    c.weak, c.strong = c.weak | c.strong, 0


def weak_as_none(c: Any) -> None:
    c.weak = 0


def faults_for_ever(c: Any) -> None:
    c.finite[:] = False


def nobody_stands_still(c: Any) -> None:
    c.possible[:] |= 1 << 62
    c.strong |= 1 << 62


def no_way_is_left(c: Any) -> None:
    c.inside = lambda states: c.rows(states[:0])


def telling() -> Iterator[Scope]:
    """Yield scopes that tell a faulty reader from one that is right."""
    for dropped in ([], ["weakly lock"], ["endless blow_open"]):
        yield Scope("doors", edited(FALLING, *dropped), {"Door": 1})
    yield Scope("doors", edited(FALLING, "endless blow_open", "weakly lock"), {"Door": 1})
    yield from guesses(1)


FAULTS = [strong_as_weak, weak_as_none, faults_for_ever, nobody_stands_still, no_way_is_left]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_fast_reader_is_seen(
    fault: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fair_cycles._Cycles.__init__

    def faulty(self: Any, graph: Any) -> None:
        whole(self, graph)
        fault(self)

    monkeypatch.setattr(fair_cycles._Cycles, "__init__", faulty)
    with pytest.raises((AssertionError, NoLasso)):
        for scope in telling():
            alike(scope)


def test_without_a_fault_nothing_is_seen() -> None:
    for scope in telling():
        alike(scope)


def test_a_cause_read_wrongly_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fair_cycles._Cycles.lasso

    def everywhere(self: Any, promise: Any) -> Lasso | None:
        return whole(self, replace(promise, cause=np.ones_like(promise.cause)))

    monkeypatch.setattr(fair_cycles._Cycles, "lasso", everywhere)
    with pytest.raises((AssertionError, NoLasso)):
        for scope in telling():
            alike(scope)
