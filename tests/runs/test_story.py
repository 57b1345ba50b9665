"""A violation is told so that a reader sees who did what and which clause broke."""

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.runs.lasso import Lasso
from checker.runs.story import NotBroken, Story, render, tell, tell_lasso
from checker.runs.walk import Walk
from checker.search.liveness import decide
from checker.search.plain import explore
from spec.language import Nat, Sort, Spec, exists, forall, require
from spec.language.edited.edits import find, without
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope
from tests.specs.doors import DOOR

TWO = Scope("two", commit_protocol, {"Manager": 2})
UNGUARDED = without(commit_protocol, "decide_commit.all_prepared")


class Cup(Sort):
    """A cup."""


class Table(Sort):
    """A table."""


tea = Spec("tea")
most = tea.constant("Most", 1, "how much a cup holds")
tea.durable("on", Cup, Table, None, "where the cup stands")
tea.durable("full", Cup, Nat(most + 1), 0, "how full it is")
tea.durable("wet", Table, bool, False, "something was spilt")


@tea.action()
def put(s, c: Cup, t: Table):  # type: ignore[no-untyped-def]  # traced
    """A cup is put on a table."""
    require(away=s.on[c] == None)  # noqa: E711  # builds an expression
    s.on[c] = t


@tea.action(fair="weak")
def pour(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """Tea is poured."""
    require(room=s.full[c] < most)
    s.full[c] = s.full[c] + 1


@tea.action()
def spill(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """A full cup is spilt."""
    require(full=s.full[c] >= most)
    s.wet[s.on[c]] = True


@tea.invariant("TEA-1")
def dry_or_light(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """A table with a full cup is dry."""
    return ((s.on[c] != None) & (s.full[c] >= most)) >> ~s.wet[s.on[c]]  # noqa: E711


@tea.invariant("TEA-2")
def some_cup_is_light(s):  # type: ignore[no-untyped-def]  # traced
    """Some cup can take more."""
    return exists(Cup, lambda c: s.full[c] < most)


@tea.invariant("TEA-3")
def no_table_is_wet(s):  # type: ignore[no-untyped-def]  # traced
    """All tables are dry."""
    return forall(Table, lambda t: ~s.wet[t])


@tea.step("TEA-4")
def tables_stay_dry(s, t, b: Table):  # type: ignore[no-untyped-def]  # traced
    """A dry table stays dry."""
    return ~s.wet[b] >> ~t.wet[b]


@tea.leads_to("TEA-5")
def cups_are_drunk(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """A cup that is poured is drunk."""
    return s.full[c] >= most, s.full[c] == 0


SCOPE = Scope("tea", tea, {"Cup": 1, "Table": 1, "Most": 1})


def story_of(scope: Scope, violated: str) -> Story:
    return tell(scope, explore(scope).walk(violated), violated)


def test_the_commit_nobody_promised_is_told_in_three_steps() -> None:
    scope = TWO.on(UNGUARDED)
    assert render(story_of(scope, "all_agree")) == [
        "1  -         decide_commit  decision init -> committed, commit_sent false -> true",
        "2  manager1  choose_abort   phase[manager1] working -> aborted",
        "3  manager2  obey_commit    phase[manager2] working -> committed",
        "",
        "TC-1 all_agree is broken: No resource manager aborts while another commits.",
        "  ~((phase[m] == aborted) & (phase[n] == committed))   for m = manager1, n = manager2",
        "    true:  phase[manager1] == aborted",
        "    true:  phase[manager2] == committed",
    ]


def test_a_story_names_what_was_read_through_a_reference() -> None:
    broken = story_of(SCOPE, "dry_or_light").broken
    assert broken.reasons == (
        "true:  on[cup1] != none, on[cup1] = table1",
        "true:  Most <= full[cup1], Most = 1, full[cup1] = 1",
        "true:  wet[on[cup1]], on[cup1] = table1",
    )


def test_a_false_exists_shows_every_element() -> None:
    scope = Scope("tea", tea, {"Cup": 2, "Table": 1, "Most": 1})
    broken = story_of(scope, "some_cup_is_light").broken
    assert broken.reasons == (
        "false: exists(Cup, lambda c: full[c] < Most), full[cup1] = 1, Most = 1, full[cup2] = 1",
    )


def test_a_false_forall_shows_the_element_that_breaks_it() -> None:
    assert story_of(SCOPE, "no_table_is_wet").broken.reasons == ("true:  wet[table1]",)


def test_a_broken_step_shows_both_states() -> None:
    broken = story_of(SCOPE, "tables_stay_dry").broken
    assert broken.when == "b = table1"
    assert broken.reasons == ("false: wet[table1]", "true:  wet'[table1]")


def test_a_number_out_of_range_is_named_with_its_range() -> None:
    spec = without(tea, "pour.room")
    scope = SCOPE.on(spec)
    story = story_of(scope, "range_full")
    assert [line.call for line in story.lines] == ["pour", "pour", "pour"]
    assert story.lines[-1].changes == ()
    assert story.broken.reasons == ("the last step would store 3, and the range here is 0 to 2",)
    assert story.broken.clause == "0 <= full <= Most + 1"


def test_a_run_that_breaks_nothing_is_refused() -> None:
    walk = Walk((Evaluator(TWO).initial(),), ())
    with pytest.raises(NotBroken, match=r"^TC-1 all_agree holds after the last step$"):
        tell(TWO, walk, "all_agree")


def test_a_run_that_stands_still_says_so() -> None:
    lasso = decide(SCOPE)["cups_are_drunk"].lasso
    assert lasso is not None
    assert render(tell_lasso(SCOPE, lasso, "cups_are_drunk")) == [
        "1  cup1  pour  full[cup1] 0 -> 1",
        "and nothing more, for ever",
        "",
        "TEA-5 cups_are_drunk is broken: A cup that is poured is drunk.",
        "  Most <= full[c] leads to full[c] == 0   for c = cup1",
        "    after step 1 Most <= full[c]",
        "    from then on never full[c] == 0",
        "    no step that fairness demands is possible there",
    ]


def test_a_run_that_goes_round_is_told_once_round() -> None:
    scope = DOOR.on(find(find(DOOR.spec, "endless blow_open"), "weakly lock"))
    lasso = decide(scope)["doors_are_locked"].lasso
    assert lasso is not None
    assert render(tell_lasso(scope, lasso, "doors_are_locked")) == [
        "1  door1  blow_open  open[door1] false -> true",
        "again and again:",
        "2  door1  shut       open[door1] true -> false",
        "3  door1  blow_open  open[door1] false -> true",
        "",
        "D-3 doors_are_locked is broken: A door that was open is locked in the end.",
        "  open[d] leads to locked[d]   for d = door1",
        "    after step 1 open[d]",
        "    from then on never locked[d]",
        "    no fair step is left out in the loop:",
        "      shut(door1) is taken",
        "      lock(door1) is not always possible",
    ]


def test_a_lasso_that_breaks_nothing_is_refused() -> None:
    with pytest.raises(NotBroken, match=r"pour\(cup1\) is possible all the time"):
        tell_lasso(SCOPE, Lasso((), ()), "cups_are_drunk")


def test_a_narrow_story_breaks_between_changes_and_loses_none() -> None:
    story = story_of(TWO.on(UNGUARDED), "all_agree")
    wide, narrow = render(story), render(story, 50)
    assert max(map(len, narrow)) <= 50
    assert " ".join(" ".join(narrow).split()) == " ".join(" ".join(wide).split())
