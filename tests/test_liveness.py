"""What must come to be is decided alike by two readers, and each lasso is judged by a third."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from checker import fair_cycles, liveness
from checker.compiled import promises
from checker.exploration import Limits
from checker.lasso import Decision, Lasso, NoLasso, judge, named
from spec.language import Nat, Sort, Spec, require
from spec.language.edits import assumptions, find, without
from spec.language.evaluate import Step
from spec.language.scope import Scope
from spec.queue.scopes import life, requests
from tests.specs.corners import corners
from tests.specs.doors import FALLING, Door, doors
from tests.specs.lamps import SHOP, STREET
from tests.specs.lease_lock import lease_lock

LOCK = Scope("lock", lease_lock, {"Client": 2, "Tokens": 2})
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 2, "Limit": 1})
FEW = {"Job": 2, "Worker": 1, "Recoverer": 1, "MaxFails": 1, "MaxInterrupts": 1}
DISTRACTED = Scope("distracted", requests, FEW)
STUCK = Scope("stuck", life, FEW)


def outcome(scope: Scope, decided: dict[str, Decision]) -> dict[str, int | None]:
    """Return for each property the length of the stem that violates it, judged by the evaluator, or
    None if it holds.
    """
    found: dict[str, int | None] = {}
    for name, decision in decided.items():
        assert (decision.verdict == "violated") == (decision.lasso is not None)
        found[name] = None
        if decision.lasso is not None:
            judge(scope, decision.lasso, scope.spec.properties[name])
            found[name] = len(decision.lasso.stem)
    return found


def alike(scope: Scope) -> dict[str, int | None]:
    """Return what both readers say of the scope."""
    plain = outcome(scope, liveness.decide(scope))
    assert outcome(scope, fair_cycles.decide(scope, threads=2)) == plain
    return plain


# ---------------------------------------------------------------- specs with known answers
@pytest.mark.parametrize(
    ("dropped", "violated"),
    [
        # Nobody owes it to an open door to shut it: it is opened, and stands open for ever.
        ([], {"open_doors_are_shut": 1, "doors_are_locked": 1}),
        # A shut door waits for ever from the start.
        (["unfair lock"], {"open_doors_are_shut": 1, "shut_doors_are_locked": 0,
                           "doors_are_locked": 1}),
        (["weakly lock"], {"open_doors_are_shut": 1, "doors_are_locked": 1}),
        (["endless blow_open"], {"open_doors_are_shut": 1, "doors_are_locked": 1}),
    ],
)  # fmt: skip
def test_doors_stand_open_where_nobody_owes_them_anything(
    dropped: list[str], violated: dict[str, int]
) -> None:
    scope = Scope("doors", edited(doors, *dropped), {"Door": 1})
    assert {n: far for n, far in alike(scope).items() if far is not None} == violated


def test_before_one_door_stands_open_for_ever_the_other_gets_its_due() -> None:
    # Opened; and the other one is locked, or opened too.
    found = alike(Scope("doors", doors, {"Door": 2}))
    assert found == {"open_doors_are_shut": 2, "shut_doors_are_locked": None, "doors_are_locked": 2}


@pytest.mark.parametrize(
    ("dropped", "violated"),
    [
        ([], []),
        # The wind is strong only finitely often, so that even weak fairness locks in the end.
        (["weakly lock"], []),
        # Strong fairness locks however often the wind blows.
        (["endless blow_open"], []),
        # Open, shut, open: it is never possible all the time to lock.
        (["endless blow_open", "weakly lock"], ["doors_are_locked"]),
        (["unfair shut"], ["open_doors_are_shut", "doors_are_locked"]),
    ],
)
def test_strong_fairness_is_needed_where_the_wind_never_ends(
    dropped: list[str], violated: list[str]
) -> None:
    scope = Scope("doors", edited(FALLING, *dropped), {"Door": 1})
    assert [n for n, far in alike(scope).items() if far is not None] == violated


def edited(spec: Spec, *edits: str) -> Spec:
    for edit in edits:
        spec = find(spec, edit)
    return spec


def test_the_loop_is_one_way_round_that_takes_what_is_owed() -> None:
    scope = Scope("doors", edited(FALLING, "endless blow_open", "weakly lock"), {"Door": 1})
    for decide in (liveness.decide, fair_cycles.decide):
        lasso = decide(scope)["doors_are_locked"].lasso
        assert lasso is not None
        assert list(map(named, lasso.stem)) == ["blow_open(door1)"]
        assert list(map(named, lasso.loop)) == ["shut(door1)", "blow_open(door1)"]


def test_the_stem_passes_the_cause_even_where_the_loop_is_nearer() -> None:
    spec = Spec("road")
    spec.durable("town", None, Nat(3), 0, "where the traveller is")

    def road(a: int, b: int) -> None:
        def go(s) -> None:  # type: ignore[no-untyped-def]
            """The traveller goes on."""
            require(here=s.town == a)
            s.town = b

        go.__name__ = f"from_{a}_to_{b}"
        spec.action()(go)

    for a, b in [(0, 3), (0, 1), (1, 2), (2, 3)]:
        road(a, b)

    @spec.leads_to("R-1")
    def arrives(s) -> Any:  # type: ignore[no-untyped-def]
        """Who was in town 1 comes back to town 0."""
        return s.town == 1, s.town == 0

    # Town 3 is one step away, but those who went straight there were never in town 1.
    fast = {name: replace(a, fair="weak") for name, a in spec.actions.items()}
    scope = Scope("road", spec.edited("everybody hurries", actions=fast), {})
    assert alike(scope) == {"arrives": 3}


# ---------------------------------------------------------------- the two readers
EDITED = [
    pytest.param(
        base,
        edit,
        id=f"{base.name}: {edit or 'as it is'}",
        marks=pytest.mark.deep if base in (DISTRACTED, STUCK) and edit else (),
    )
    for base in (LOCK, CORNERS, SHOP, STREET, DISTRACTED, STUCK)
    for edit in ("", *assumptions(base.spec))
]


@pytest.mark.parametrize(("base", "edit"), EDITED)
def test_both_readers_agree_whatever_is_assumed(base: Scope, edit: str) -> None:
    alike(base.on(find(base.spec, edit)) if edit else base)


def test_both_readers_agree_with_a_guard_removed() -> None:
    off = ("strike_out.mended",)
    plain, fast = liveness.decide(STREET, off), fair_cycles.decide(STREET, off)
    scope = STREET.on(without(STREET.spec, off[0]))
    assert outcome(scope, plain) == outcome(scope, fast) == {"broken_lamps_are_mended": 1}


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


@pytest.mark.parametrize("bits", [63, 8])
def test_the_graph_has_the_edges_of_the_plain_one_however_it_is_packed(bits: int) -> None:
    from checker.compiled.graph import build
    from checker.compiled.tuning import Tuning

    graph = build(CORNERS, (), Limits(), 2, Tuning(word_bits=bits))
    assert not isinstance(graph, str)
    plain = liveness._Graph(CORNERS, ())
    layout = graph._search.compiled.layout
    names = [layout.pack(s) for s in plain.states]
    theirs = {(names[i], e.step, names[e.target]) for i, es in enumerate(plain.edges) for e in es}
    states = [tuple(map(int, s)) for s in graph.states]
    ours = {
        (states[i], int(graph.labels[e]), states[graph.targets[e]])
        for i in range(len(states))
        for e in range(graph.starts[i], graph.starts[i + 1])
    }
    assert ours == theirs
    assert len(graph.targets) == sum(map(len, plain.edges))


# ---------------------------------------------------------------- faults in the fast reader
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
    c._inside = lambda states: c.rows(states[:0])


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


# ---------------------------------------------------------------- the judge
def lasso_of(scope: Scope, name: str) -> Lasso:
    lasso = liveness.decide(scope)[name].lasso
    assert lasso is not None
    return lasso


def test_a_lasso_that_is_none_is_refused_with_the_reason() -> None:
    wind = Scope("doors", edited(FALLING, "endless blow_open", "weakly lock"), {"Door": 1})
    good = lasso_of(wind, "doors_are_locked")
    claim = wind.spec.properties["doors_are_locked"]
    seen = judge(wind, good, claim)
    assert (seen.since, seen.taken, seen.interrupted) == (1, ("shut(door1)",), ("lock(door1)",))

    def refused(lasso: Lasso, scope: Scope = wind, name: str = "doors_are_locked") -> str:
        with pytest.raises(NoLasso) as reason:
            judge(scope, lasso, scope.spec.properties[name])
        return str(reason.value)

    assert "does not end where it begins" in refused(Lasso(good.stem, good.loop[:1]))
    assert "shut(door1) is possible all the time" in refused(Lasso(good.stem, ()))
    assert "is not enabled: 'open'" in refused(Lasso(good.stem, good.loop[:1] * 2))
    assert "holds of this run" in refused(good, name="open_doors_are_shut")
    strong = Scope("doors", edited(FALLING, "endless blow_open"), {"Door": 1})
    assert "lock(door1) is possible again and again" in refused(_on(good, strong), strong)
    gusts = Scope("doors", edited(FALLING, "weakly lock"), {"Door": 1})
    assert "happens only finitely often" in refused(_on(good, gusts), gusts)


def _on(lasso: Lasso, scope: Scope) -> Lasso:
    """Return the same steps as steps of another spec."""
    parts = (lasso.stem, lasso.loop)
    again = (tuple(Step(scope.spec.actions[s.action.name], s.binding) for s in p) for p in parts)
    return Lasso(*again)


# ---------------------------------------------------------------- limits
def test_too_large_a_scope_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_cycles, "MAX_STATES", 4)
    found = fair_cycles.decide(STREET)["broken_lamps_are_mended"]
    assert (found.verdict, found.lasso) == ("unfinished", None)
    assert found.reason.startswith("liveness is decided only up to")
    monkeypatch.setattr(liveness, "MAX_STATES", 4)
    assert liveness.decide(STREET)["broken_lamps_are_mended"].verdict == "unfinished"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(max_seconds=0.0), "the time was up"),
        (Limits(max_memory=1), "the memory allowed is too little"),
    ],
)
def test_a_limit_that_is_reached_is_named(limits: Limits, reason: str) -> None:
    found = fair_cycles.decide(STREET, limits=limits)["broken_lamps_are_mended"]
    assert found.verdict == "unfinished" and found.reason.startswith(reason)


def test_too_many_fair_steps_are_left_open() -> None:
    many = Scope("street", STREET.spec, {"Lamp": 22})  # three fair actions of each lamp
    found = fair_cycles.decide(many)["broken_lamps_are_mended"]
    assert (found.verdict, "63 fair steps" in found.reason) == ("unfinished", True)


def test_one_choice_of_parameters_speaks_for_those_that_differ_in_names() -> None:
    spec = Spec("pairs")
    spec.durable("on", Door, bool, False, "it is on")

    @spec.leads_to("P-1")
    def all_come_on(s, a: Door, b: Door, c: Door) -> Any:  # type: ignore[no-untyped-def]
        """The third comes on after the others."""
        return s.on[a] & s.on[b], s.on[c]

    found = [tuple(b.values()) for _, b in promises.cases(Scope("pairs", spec, {"Door": 3}))]
    assert found == [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (0, 1, 2)]
