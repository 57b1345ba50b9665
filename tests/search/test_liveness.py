"""What must come to be is decided alike by two readers, and each lasso is judged by a third."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checker.runs.exploration import Limits
from checker.runs.lasso import Lasso, NoLasso, judge
from checker.search import fair_cycles, liveness
from checker.search.compiled.code import promises
from spec.language import Nat, Spec, require
from spec.language.edited.edits import assumptions, find, without
from spec.language.evaluate import Step
from spec.language.scope import Scope
from spec.queue.scopes import life
from tests.search.fair_runs import (
    CORNERS,
    DISTRACTED,
    FEW,
    LOCK,
    OPEN,
    STUCK,
    alike,
    edited,
    outcome,
)
from tests.specs.doors import FALLING, Door, doors
from tests.specs.lamps import SHOP, STREET


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


def test_the_loop_is_one_way_round_that_takes_what_is_owed() -> None:
    scope = Scope("doors", edited(FALLING, "endless blow_open", "weakly lock"), {"Door": 1})
    for decide in (liveness.decide, fair_cycles.decide):
        lasso = decide(scope)["doors_are_locked"].lasso
        assert lasso is not None
        assert [step.call for step in lasso.stem] == ["blow_open(door1)"]
        assert [step.call for step in lasso.loop] == ["shut(door1)", "blow_open(door1)"]


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


@pytest.mark.parametrize("bits", [63, 8])
def test_the_graph_has_the_edges_of_the_plain_one_however_it_is_packed(bits: int) -> None:
    from checker.search.compiled.graph import build
    from checker.search.compiled.tuning import Tuning

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


# ---------------------------------------------------------------- graphs that are cut
def counting() -> Spec:
    """A counter that goes up for ever, in a scope that counts to two; it may get stuck."""
    spec = Spec("counting")
    spec.durable("count", None, Nat(2), 0, "how far it is")
    spec.durable("stuck", None, bool, False, "it goes up no more")

    @spec.action(fair="weak")
    def up(s: Any) -> None:
        """It goes up."""
        require(free=~s.stuck)
        s.count = s.count + 1

    @spec.action()
    def stick(s: Any) -> None:
        """It gets stuck at one."""
        require(at_one=s.count == 1)
        s.stuck = True

    @spec.leads_to("C-1")
    def the_end_is_left(s: Any) -> Any:
        """Once it is at two it goes on."""
        return s.count == 2, s.count == 0

    @spec.leads_to("C-2")
    def it_begins(s: Any) -> Any:
        """It does not stay at nought."""
        return s.count == 0, s.count > 0

    @spec.leads_to("C-3")
    def it_reaches_two(s: Any) -> Any:
        """From one it goes to two."""
        return s.count == 1, s.count == 2

    return spec


def test_where_a_number_leaves_its_range_only_a_run_that_stays_in_it_decides() -> None:
    """By hand: at two `up` is owed, so that nothing stands still there, and leaves the range; what
    comes of that nobody has seen. Stuck at one, no step at all is owed.
    """
    found = alike(Scope("counting", counting(), {}))
    assert found == {"the_end_is_left": OPEN, "it_begins": OPEN, "it_reaches_two": 2}


def test_the_number_that_leaves_its_range_is_named() -> None:
    scope = Scope("counting", counting(), {})
    for decided in (liveness.decide(scope), fair_cycles.decide(scope)):
        assert decided["it_begins"].verdict == "unfinished"
        assert decided["it_begins"].reason.startswith("count leaves its range")


def test_a_run_that_stands_still_is_told_before_a_loop_of_no_bearing() -> None:
    """The dead worker comes back, and nothing more: that it dies again says nothing more of a
    claim that nobody ends.
    """
    scope = Scope("orphan", edited(life, "unfair expire"), FEW)
    for decided in (liveness.decide(scope), fair_cycles.decide(scope)):
        lasso = decided["orphans_are_freed"].lasso
        assert lasso is not None
        assert [step.action.name for step in lasso.stem][:3] == ["enqueue", "claim", "crash"]
        assert "restart" in [step.action.name for step in lasso.stem]
        assert lasso.loop == ()
