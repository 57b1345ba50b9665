"""What is found in a scope is judged: one verdict for each property, with its evidence."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.commands.main import main
from checker.runs.exploration import Exploration, Limits, Progress
from checker.runs.verdict import Verdict
from checker.search import plain
from checker.verdicts import check
from checker.verdicts.check import CheckPlan, Result, judge, run, shortest, status, story
from spec.failures.edits import Edits
from spec.language import Nat, Sort, Spec, require
from spec.language.scope import Scope


class Lamp(Sort):
    """A lamp."""


lamps = Spec("lamps")
lamps.durable("lit", Lamp, bool, False, "whether it shines")
lamps.durable("times", Lamp, Nat(2), 0, "how often it was lit")
lamps.durable("broken", None, bool, False, "never happens")


@lamps.action(fair="weak")
def light(s, w: Lamp):  # type: ignore[no-untyped-def]  # traced
    """A lamp is lit."""
    require(dark=~s.lit[w], spare=s.times[w] < 2)
    s.lit[w] = True
    s.times[w] = s.times[w] + 1


@lamps.action()
def put_out(s, w: Lamp):  # type: ignore[no-untyped-def]  # traced
    """A lamp is put out."""
    require(lit=s.lit[w])
    s.lit[w] = False


@lamps.action()
def explode(s):  # type: ignore[no-untyped-def]  # traced
    """It never happens."""
    require(broken=s.broken)
    s.broken = False


@lamps.invariant("L-2")
def nothing_breaks(s):  # type: ignore[no-untyped-def]  # traced
    """Nothing breaks."""
    return ~s.broken


@lamps.invariant("L-1")
def what_is_broken_is_dark(s, w: Lamp):  # type: ignore[no-untyped-def]  # traced
    """A broken lamp is dark."""
    return s.broken >> ~s.lit[w]


@lamps.invariant("L-1")
def lit_once(s, w: Lamp):  # type: ignore[no-untyped-def]  # traced
    """No lamp is lit twice."""
    return s.times[w] < 2


@lamps.step("L-3")
def light_is_counted(s, t, w: Lamp):  # type: ignore[no-untyped-def]  # traced
    """A lamp that is lit is counted."""
    return (~s.lit[w] & t.lit[w]) >> (t.times[w] == s.times[w] + 1)


@lamps.sometimes("L-3")
def a_lamp_shines(s, w: Lamp):  # type: ignore[no-untyped-def]  # traced
    """A lamp can shine."""
    return s.lit[w]


@lamps.sometimes("L-2")
def it_breaks(s):  # type: ignore[no-untyped-def]  # traced
    """It can break."""
    return s.broken


@lamps.leads_to("L-4")
def dark_lamps_are_lit(s, w: Lamp):  # type: ignore[no-untyped-def]  # traced
    """An unlit lamp shines in the end."""
    return s.times[w] == 0, s.times[w] > 0


@lamps.leads_to("L-4")
def lit_lamps_go_dark(s, w: Lamp):  # type: ignore[no-untyped-def]  # traced
    """A lit lamp is dark in the end."""
    return s.lit[w], ~s.lit[w]


@lamps.lemma("L-5")
def a_lemma(s):  # type: ignore[no-untyped-def]  # traced
    """It helps a proof."""
    return ~s.broken


LAMPS = Scope("lamps", lamps, {"Lamp": 1})
TWO, THREE = (Scope(n, commit_protocol, {"Manager": i}) for n, i in (("two", 2), ("three", 3)))
OFF = Edits(["decide_commit.all_prepared"])


def checked(*scopes: Scope, **how: object) -> list[Result]:
    plan = CheckPlan(scopes, engine="plain", **how)  # type: ignore[arg-type]  # what a plan takes
    return list(run(plan, lambda scope: None))


def verdicts(result: Result) -> dict[str, str]:
    return {j.name: j.verdict.symbol for j in result.judged}


def test_two_phase_commit_holds_in_its_288_states() -> None:
    (result,) = checked(THREE)
    assert result.exploration.states == 288
    assert verdicts(result) == {"all_agree": "E", "all_commit": "E"}
    assert (result.failed, result.finished, status([result])) == (False, True, 0)


def test_each_kind_of_property_gets_its_verdict_in_order_of_its_id() -> None:
    (result,) = checked(LAMPS)
    # 0, 1 or 2 times lit, and shining or not: never shining before the first time.
    assert result.exploration.states == 5
    assert [(j.id, j.name, j.verdict.symbol, j.verdict.says) for j in result.judged] == [
        ("L-1", "what_is_broken_is_dark", "V", "its condition never holds"),
        ("L-1", "lit_once", "✗3", "violated"),
        ("L-2", "nothing_breaks", "E", "every state"),
        ("L-2", "it_breaks", "V", "never reached"),
        ("L-3", "light_is_counted", "E", "every state"),
        ("L-3", "a_lamp_shines", "E", "reached"),
        ("L-4", "dark_lamps_are_lit", "E", "every fair run"),
        ("L-4", "lit_lamps_go_dark", "✗1", "a fair loop is reached"),
    ]
    assert result.never_fired == ("explode",)
    assert status([result]) == 1


def test_a_vacuous_property_and_an_idle_action_fail_a_scope() -> None:
    (result,) = checked(LAMPS, wanted=frozenset({"what_is_broken_is_dark"}))
    assert verdicts(result) == {"what_is_broken_is_dark": "V"}
    assert result.failed
    (idle,) = checked(LAMPS, wanted=frozenset({"nothing_breaks"}))
    assert verdicts(idle) == {"nothing_breaks": "E"}
    assert idle.never_fired and idle.failed


def test_a_limit_leaves_properties_open_and_the_exit_status_says_so() -> None:
    (result,) = checked(THREE, limits=Limits(max_states=10))
    assert result.exploration.stopped_by == "max-states"
    assert verdicts(result) == {"all_agree": "?", "all_commit": "?"}
    assert [j.verdict.says for j in result.judged] == ["holds so far", "not reached yet"]
    assert (result.failed, status([result])) == (False, 3)


def test_no_time_at_all_begins_nothing() -> None:
    results = checked(TWO, THREE, limits=Limits(max_seconds=0.0))
    assert [r.exploration.states for r in results] == [0, 0]
    assert {j.verdict.says for r in results for j in r.judged} == {"not begun"}
    assert status(results) == 3


def test_a_failure_outweighs_what_is_not_finished() -> None:
    unfinished = checked(THREE, limits=Limits(max_states=10))
    assert status([*unfinished, *checked(LAMPS)]) == 1


def test_an_interrupt_ends_all_scopes_with_what_was_covered() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.depth == 3:
            raise KeyboardInterrupt

    plan = CheckPlan((TWO, THREE), engine="plain")
    results = list(run(plan, lambda scope: interrupt))
    assert [r.exploration.stopped_by for r in results] == ["interrupt", "interrupt"]
    assert results[0].exploration.depth == 3
    assert results[1].exploration.states == 0
    assert status(results) == 3


def test_without_a_protection_the_search_stops_at_the_first_violation() -> None:
    (result,) = checked(TWO, edits=OFF)
    assert result.exploration.stopped_by == "violation"
    assert verdicts(result)["all_agree"] == "✗3"
    assert result.finished and status([result]) == 1


def test_a_number_out_of_range_is_a_violation_of_its_own() -> None:
    edits = Edits(["without light.spare"])
    (result,) = checked(LAMPS, edits=edits, wanted=frozenset({"nothing_breaks"}))
    out = result.judged[-1]
    # Lit, dark, lit, dark, lit a third time.
    assert (out.id, out.name, out.kind, out.verdict.symbol) == (
        "range",
        "range_times",
        "range",
        "✗5",
    )
    assert len(story(result, out).lines) == 5


def test_the_shortest_violation_of_all_scopes_is_chosen_the_first_among_equals() -> None:
    results = checked(THREE, TWO, edits=OFF)
    found = shortest(results)
    assert found is not None
    assert (found[0].base.name, found[1].name, found[1].verdict.steps) == ("three", "all_agree", 3)
    assert shortest(checked(TWO)) is None


def test_a_run_that_ends_is_chosen_before_one_that_never_does() -> None:
    results = checked(LAMPS)
    found = shortest(results)
    assert found is not None
    assert (found[1].name, found[1].verdict.steps) == ("lit_once", 3)
    (alone,) = checked(LAMPS, wanted=frozenset({"lit_lamps_go_dark"}))
    lasso = shortest([alone])
    assert lasso is not None
    assert [line.call for line in story(*lasso).lines] == ["light"]


def test_liveness_is_left_open_where_the_scope_is_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(check, "MAX_STATES", 4)
    (result,) = checked(LAMPS)
    open_ones = [j.verdict for j in result.judged if j.kind == "leads_to"]
    assert [v.symbol for v in open_ones] == ["?", "?"]
    assert {v.why for v in open_ones} == {"the plain engine decides liveness only up to 4 states"}
    assert result.finished


def test_an_interrupt_while_liveness_is_decided_ends_all_scopes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(scope: Scope, off: tuple[str, ...]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "decide", interrupt)
    results = checked(LAMPS, THREE)
    assert [r.exploration.stopped_by for r in results] == ["interrupt", "interrupt"]
    assert verdicts(results[0])["dark_lamps_are_lit"] == "?"
    assert results[1].exploration.states == 0


def test_the_compiled_engine_is_judged_as_the_plain_one() -> None:
    plan = CheckPlan((LAMPS, TWO), symmetry=False, threads=1)
    compiled = list(run(plan, lambda scope: None))
    assert [verdicts(r) for r in compiled] == [verdicts(r) for r in checked(LAMPS, TWO)]
    assert [r.exploration.states for r in compiled] == [5, 56]


def test_a_violation_that_only_this_engine_found_would_still_be_judged() -> None:
    found: Exploration = replace(plain.explore(TWO), violations=_claimed("all_agree", 9))
    (agree, _) = judge(found, CheckPlan((TWO,)))
    assert agree.verdict == Verdict("✗", "violated", 9)


def _claimed(name: str, steps: int) -> Mapping[str, int]:
    return {name: steps}


@pytest.mark.parametrize(
    ("without", "complaint"),
    [
        (["instead promote pop"], "'pop' is a way to claim, and says nothing of promote; write "),
        (
            ["instead claim recover_uncharged"],
            "'recover_uncharged' is a way to recover, and says nothing of claim; "
            "write instead recover recover_uncharged",
        ),
        (
            ["instead recover recover_what_is_claimed", "recover.expired"],
            "one-job has each of these, and not all at once: there is no guard "
            "'recover.expired'; take them away one at a time",
        ),
        (["FM-999"], "there is no failure mode 'FM-999'; `ffq failures` lists them"),
    ],
)
def test_edits_that_mean_nothing_are_refused_with_the_true_reason(
    without: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [word for text in without for word in ("--without", text)]
    assert main(["check", "--engine", "plain", "--scope", "one-job", *options]) == 2
    assert capsys.readouterr().err.startswith(f"ffq: {complaint}")


def test_a_failure_mode_is_what_it_goes_without(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["check", "--engine", "plain", "--scope", "one-job", "--no-save", "--without"]
    assert main([*given, "FM-010"]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "one-job: " in told and "without settle_done.fenced" in told


def test_the_run_that_is_told_is_that_of_the_property_that_was_asked_for() -> None:
    """A counter leaves its range in three steps; that it is odd, and stuck, takes no fewer than
    four, and is what was asked.
    """
    spec = Spec("counting")
    spec.durable("count", None, Nat(2), 0, "how far it is")
    spec.durable("stuck", None, Nat(3), 0, "how often it did not move")

    @spec.action()
    def up(s):  # type: ignore[no-untyped-def]  # traced
        """It goes up."""
        s.count = s.count + 1

    @spec.action()
    def stay(s):  # type: ignore[no-untyped-def]  # traced
        """It does not move."""
        require(odd=s.count == 1, few=s.stuck < 3)
        s.stuck = s.stuck + 1

    @spec.invariant("C-1")
    def it_moves(s):  # type: ignore[no-untyped-def]  # traced
        """It moves on in the end."""
        return s.stuck < 3

    plan = CheckPlan((Scope("counting", spec, {}),), wanted=frozenset({"it_moves"}), engine="plain")
    results = list(run(plan, lambda scope: None))
    told = [shortest(results, wanted) for wanted in (frozenset[str](), plan.wanted)]
    assert [(found[1].name, found[1].verdict.steps) for found in told if found] == [
        ("range_count", 3),
        ("it_moves", 4),
    ]
