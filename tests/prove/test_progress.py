"""What comes to be for any number: the premises are the right ones, and each of them can fail.

The independent judge is `checker.search.liveness`: it looks for fair runs in the states of a scope.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checker.prove import portfolio
from checker.prove.proof import prove
from checker.runs import cache
from checker.search.liveness import decide
from spec.language import Misuse, Nat, Sort, Spec, require
from spec.language.declared.model import Fairness
from spec.language.scope import Scope


class Candle(Sort):
    """It burns while it is lit, and the wind may blow it out."""


def candles(burns: Fairness = "strong", lights: Fairness | None = "weak") -> Spec:
    """Return candles that burn down, though the wind blows for ever."""
    spec = Spec("candles")
    spec.durable("wax", Candle, Nat(2), 2, "how long it can burn")
    spec.durable("lit", Candle, bool, False, "it burns")

    @spec.action(fair=burns)
    def burn(s, c: Candle):  # type: ignore[no-untyped-def]
        """A candle burns a little."""
        require(lit=s.lit[c], left=s.wax[c] > 0)
        s.wax[c] = s.wax[c] - 1

    @spec.action(fair=lights)
    def light(s, c: Candle):  # type: ignore[no-untyped-def]
        """A candle that is not burnt down is lit."""
        require(dark=~s.lit[c], left=s.wax[c] > 0)
        s.lit[c] = True

    @spec.action(fault=True)
    def blow(s, c: Candle):  # type: ignore[no-untyped-def]
        """The wind blows a candle out."""
        require(lit=s.lit[c])
        s.lit[c] = False

    @spec.leads_to("C-1")
    def candles_burn_down(s, c: Candle):  # type: ignore[no-untyped-def]
        """Nothing is left of a candle in the end."""
        return s.wax[c] > 0, s.wax[c] == 0

    return spec


def argued(spec: Spec) -> Spec:
    """Return the candles with the argument why they burn down."""

    @spec.settles
    def wax_left(s, c: Candle):  # type: ignore[no-untyped-def]
        """No wax comes back."""
        return s.wax[c]

    @spec.recurs(by=spec.actions["light"])
    def lit_again(s, c: Candle):  # type: ignore[no-untyped-def]
        """As long as there is wax the candle is lit again and again."""
        return s.lit[c] | (s.wax[c] == 0)

    @spec.stays(by=spec.actions["burn"], after=lit_again)
    def burnt_down(s, c: Candle):  # type: ignore[no-untyped-def]
        """A candle that is lit again and again burns down."""
        return s.wax[c] == 0

    return spec


@pytest.fixture(autouse=True)
def forgetful(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Prove everything anew, in this process."""
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(portfolio, "_FEW", 1_000_000)


def in_a_scope(spec: Spec, name: str = "candles_burn_down") -> str:
    return decide(Scope("two", spec, {"Candle": 2}))[name].verdict


def test_any_number_of_candles_burn_down_in_any_wind() -> None:
    spec = argued(candles())
    made = prove(spec)
    assert made.proves("candles_burn_down")
    assert made.fairness("candles_burn_down") == ["light weak", "burn strong"]
    assert in_a_scope(spec) == "holds"


def test_without_an_argument_nothing_is_proved() -> None:
    assert not prove(candles()).proves("candles_burn_down")


def test_a_weakly_fair_action_cannot_carry_what_is_enabled_now_and_then() -> None:
    assert in_a_scope(candles(burns="weak")) == "violated"
    with pytest.raises(Misuse, match="burnt_down relies on burn, which is enabled only now and"):
        argued(candles(burns="weak"))


class Match(Sort):
    """What candles are lit and kept burning with, while it is dry."""


def matched(action: str) -> Spec:
    """Return the candles where a later module asks for a match; the rain leaves one of them dry."""
    base = argued(candles())
    made = Spec("matched", base)
    made.durable("dry", None, Match, None, "the one that is dry; none: all are")

    @made.action(fault=True)
    def rain(s, m: Match):  # type: ignore[no-untyped-def]
        """Another one is left dry."""
        s.dry = m

    @made.also(base.actions[action])
    def with_a_match(s, c: Candle, m: Match):  # type: ignore[no-untyped-def]
        """It takes a match that is dry."""
        require(dry=(s.dry == None) | (s.dry == m))  # noqa: E711  # a term of the spec

    return made


def test_a_strongly_fair_action_carries_a_stage_whichever_it_is_possible_for() -> None:
    spec = matched("burn")
    assert decide(Scope("two", spec, {"Candle": 1, "Match": 2}))["candles_burn_down"].verdict == (
        "holds"
    )
    assert prove(spec).proves("candles_burn_down")


def test_a_weakly_fair_one_does_not_for_it_may_be_possible_for_another_each_time() -> None:
    spec = matched("light")
    found = decide(Scope("two", spec, {"Candle": 1, "Match": 2}))
    assert found["candles_burn_down"].verdict == "violated"
    with pytest.raises(Misuse, match="lit_again relies on light, whichever its m"):
        prove(spec)


def hindered(base: Spec, name: str, action: str, stage: str) -> Spec:
    """Return the spec with something that stands in the way of a candle until it is taken off."""
    made = Spec(name, base)
    made.durable(name, Candle, bool, False, "it is in the way")

    def take_off(s, c: Candle):  # type: ignore[no-untyped-def]
        """It is taken off."""
        getattr(s, name)[c] = False

    def off(s, c: Candle):  # type: ignore[no-untyped-def]
        """Nothing of it is left."""
        return ~getattr(s, name)[c]

    take_off.__name__, off.__name__ = action, stage
    taken_off = made.action(fair="weak")(take_off)
    made.stays(by=taken_off, before=base.stages["lit_again"])(off)
    return made


def test_a_stage_that_another_spec_leans_on_stands_before_it() -> None:
    base = argued(candles())
    shaded = hindered(base, "shade", "unshade", "no_shade")
    no_shade = shaded.stages["no_shade"]
    assert list(shaded.stages) == ["wax_left", "no_shade", "lit_again", "burnt_down"]
    assert list(base.stages) == ["wax_left", "lit_again", "burnt_down"]
    with pytest.raises(Misuse, match="all_lit stands before a stage of another spec"):

        @base.stays(by=base.actions["light"], before=no_shade)
        def all_lit(s, c: Candle):  # type: ignore[no-untyped-def]
            """Every candle is lit."""
            return s.lit[c]


def test_it_stands_there_as_well_where_two_such_specs_are_joined() -> None:
    base = argued(candles())
    shaded = hindered(base, "shade", "unshade", "no_shade")
    wet = hindered(base, "wet", "dry", "no_water")
    for one, two in ((shaded, wet), (wet, shaded)):
        joined = list(Spec("joined", one, two).stages)
        assert {*joined[1:3]} == {"no_shade", "no_water"}
        assert (joined[0], *joined[3:]) == ("wax_left", "lit_again", "burnt_down")


def test_an_action_without_fairness_carries_nothing() -> None:
    assert in_a_scope(candles(lights=None)) == "violated"
    with pytest.raises(Misuse, match="lit_again relies on light, which need never be taken"):
        argued(candles(lights=None))


def test_an_edit_that_takes_the_fairness_away_is_noticed() -> None:
    spec = argued(candles())
    unfair = {**spec.actions, "light": replace(spec.actions["light"], fair=None)}
    with pytest.raises(Misuse, match="lit_again relies on light"):
        prove(spec.edited("unfair", actions=unfair))


@pytest.mark.parametrize("stage", ["wax_left", "lit_again", "burnt_down"])
def test_no_stage_of_the_argument_can_be_left_out(stage: str) -> None:
    spec = argued(candles())
    fewer = {n: s for n, s in spec.stages.items() if stage not in (n, s.after)}
    assert not prove(spec.edited("fewer", stages=fewer)).proves("candles_burn_down")


def test_a_number_that_a_step_raises_does_not_settle() -> None:
    spec = candles()

    @spec.settles
    def wax_burnt(s, c: Candle):  # type: ignore[no-untyped-def]
        """It grows with every step of burn."""
        return 2 - s.wax[c]

    made = prove(spec)
    assert made.first == {"burn/wax_burnt", "in-the-end/candles_burn_down"}
    assert not made.proves("wax_burnt")


def test_a_number_below_zero_does_not_settle() -> None:
    spec = candles()

    @spec.settles
    def wax_owed(s, c: Candle):  # type: ignore[no-untyped-def]
        """It falls with every step, and begins at zero."""
        return s.wax[c] - 2

    assert "not-negative/wax_owed" in prove(spec).first


def test_what_a_step_ends_does_not_stay() -> None:
    spec = candles()

    @spec.stays(by=spec.actions["light"])
    def lit_for_good(s, c: Candle):  # type: ignore[no-untyped-def]
        """The wind sees to it that it is not."""
        return s.lit[c] | (s.wax[c] == 0)

    assert "blow/lit_for_good" in prove(spec).first


def test_a_finite_fault_ceases() -> None:
    spec = candles(burns="weak")
    calm = replace(spec.actions["blow"], finite=True)
    spec = spec.edited("calm", actions={**spec.actions, "blow": calm})
    spec = spec.edited("argued", stages={})

    @spec.stays(by=spec.actions["light"])
    def lit_for_good(s, c: Candle):  # type: ignore[no-untyped-def]
        """The wind has ceased."""
        return s.lit[c] | (s.wax[c] == 0)

    @spec.stays(by=spec.actions["burn"])
    def burnt_down(s, c: Candle):  # type: ignore[no-untyped-def]
        """It burns without end."""
        return s.wax[c] == 0

    # burn needs its number: until it settles, one step of burn is not enough.
    assert not prove(spec).proves("candles_burn_down")

    settled = spec.edited("argued", stages={})

    @settled.settles
    def wax_left(s, c: Candle):  # type: ignore[no-untyped-def]
        """No wax comes back."""
        return s.wax[c]

    settled = settled.edited("argued", stages={**settled.stages, **spec.stages})
    made = prove(settled)
    assert made.proves("candles_burn_down")
    assert "blow finite" in made.fairness("candles_burn_down")
    assert in_a_scope(settled) == "holds"
