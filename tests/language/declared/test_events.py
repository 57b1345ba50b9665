"""What goes with an event happens in every step that raises it, and in no other."""

from pathlib import Path
from typing import Any

import pytest

from checker.search import plain
from checker.search.compiled import explore
from impl.derive.design import derive
from spec.language import Misuse, Spec, require
from spec.language.edited.edits import instead, without
from spec.language.edited.split import split
from spec.language.evaluate import Evaluator, instances
from spec.language.scope import Scope, State
from tests.export.test_tla import judged
from tests.language.spoilt import refusal
from tests.specs.bells import PLAIN, TWO, Guest, both, butler, dog, house, rings
from tests.walks import Walks

WRITTEN = {"press": "press_it", "meet": "meet_somebody", "leave": "go", "jump": "jump_up"}
"""The steps of the bells, and those in which the same is written out."""


def steps(scope: Scope) -> set[tuple[State, str, State]]:
    """Return every step that can be taken, by the evaluator alone."""
    evaluator = Evaluator(scope)
    waiting, found = [evaluator.initial()], set[tuple[State, str, State]]()
    known = set(waiting)
    while waiting:
        state = waiting.pop()
        for step in (i for i in instances(evaluator) if i.refusal(state) is None):
            after = step.after(state)
            found.add((state, step.step.action.name, after))
            waiting += {after} - known
            known.add(after)
    return found


def hooked(spec: Spec, action: str) -> list[str]:
    """Return the hooks in an action."""
    origins = [p.origin for p in spec.actions[action].parts]
    return [origin[1].name for origin in origins if origin is not None]


# ---------------------------------------------------------------- what it means
def test_hooks_do_what_one_would_write_into_each_step() -> None:
    # The condition and the friend are those of where the event is raised, not of the end.
    by_hand = steps(PLAIN)
    assert {(s, WRITTEN[name], t) for s, name, t in steps(TWO)} == by_hand
    assert len(by_hand) > 500


def test_both_explorers_see_the_same() -> None:
    one, other = plain.explore(TWO), explore(TWO, symmetry=False)
    assert (one.states, one.depth, one.fired) == (other.states, other.depth, other.fired)
    assert not one.violations


@pytest.mark.deep
@pytest.mark.parametrize("edit", [None, "jump"])
def test_tlc_sees_the_same(edit: str | None, tmp_path: Path) -> None:
    scope = TWO if edit is None else TWO.on(split(both, edit))
    mine, theirs = plain.explore(scope), judged(scope, tmp_path)
    assert (mine.states, mine.depth) == (theirs.distinct, theirs.depth)
    assert theirs.violated is None


def test_the_store_does_in_one_statement_what_hooks_add() -> None:
    one_row = {n: a for n, a in butler.actions.items() if n != "meet"}
    alone = butler.edited("alone", actions=one_row)
    walks = Walks(derive(Scope("alone", alone, {"Guest": 2})), seed=1).run(walks=12, steps=30)
    statement = walks.design.transitions["press"].statement
    assert statement is not None
    assert [a.column for a in statement.sets] == ["presses", "heard", "tired"]
    assert walks.taken["press"] > 20


# ---------------------------------------------------------------- modules
def test_modules_hook_on_each_others_steps_whichever_is_declared_first() -> None:
    assert hooked(house, "press") == []
    assert hooked(butler, "press") == ["bells_are_heard"]
    assert hooked(dog, "jump") == ["bells_wake"]  # the hook comes after the step that it is part of
    assert hooked(both, "press") == ["bells_are_heard", "bells_wake"]
    assert set(hooked(both, "jump")) == {"bells_are_heard", "bells_wake"}
    assert hooked(both, "leave") == []
    other = Spec("other", dog, butler)
    assert set(hooked(other, "press")) == {"bells_are_heard", "bells_wake"}
    assert len(steps(Scope("other", other, TWO.bounds))) == len(steps(TWO))


def test_each_hook_is_once_in_each_raising() -> None:
    again = Spec("again", both, Spec("one", dog, butler), butler, house)
    assert sorted(hooked(again, "jump")) == ["bells_are_heard", "bells_wake"]
    edited = Spec("edited", without(both, "press.few"))
    assert sorted(hooked(edited, "press")) == ["bells_are_heard", "bells_wake"]


# ---------------------------------------------------------------- edits
def lean(s: Any, g: Guest) -> None:
    """The guest leans against the button."""
    require(few=s.presses[g] < 2)
    s.presses[g] = 2
    rings(s, g)


def knock(s: Any, g: Guest) -> None:
    """The guest knocks instead: it goes round the bell."""
    require(few=s.presses[g] < 2)
    s.presses[g] = s.presses[g] + 1


def test_a_step_in_place_of_another_raises_the_event_or_goes_round_it() -> None:
    assert hooked(instead(both, "press", lean), "press") == hooked(both, "press")
    assert hooked(instead(both, "press", knock), "press") == []
    place = TWO.places.index(next(p for p in TWO.places if p.name == "heard[guest1]"))
    heard = {s[place] for s, name, _ in steps(TWO.on(instead(butler_alone(), "press", knock)))}
    assert heard == {0}


def butler_alone() -> Spec:
    """Return the two modules with no other step that rings."""
    return both.edited(
        "no dog", actions={n: a for n, a in both.actions.items() if n not in ("jump", "meet")}
    )


def test_the_second_half_of_a_split_step_does_what_goes_with_the_event() -> None:
    halves = split(both, "press")
    begins, ends = (halves.actions[name].updates(halves) for name in ("press", "press_rest"))
    assert {u.field.name for u in begins} == {"press_half"}
    assert {u.field.name for u in ends} == {"presses", "heard", "tired", "awake", "press_half"}


def test_a_guard_taken_away_leaves_the_hooks_as_they_are() -> None:
    assert hooked(without(both, "press.few"), "press") == hooked(both, "press")


# ---------------------------------------------------------------- misuse
BELLS = """
@post.event
def arrives(s, l: Letter):
    "A letter arrives."

other = Spec("other")

@other.event
def leaves(s):
    "Somebody leaves."

more = Spec("more", post)
"""
RAISED = '''
@post.action()
def deliver(s, c: Clerk, l: Letter):
    """The letter is delivered."""
    {}
'''
HOOK = '''
@{}  # here
def note({}):
    """It is noted."""
    {}
'''


@pytest.mark.parametrize(
    ("line", "fact", "remedy"),
    [
        ("arrives(s)  # here", "arrives is raised of 0 things", "name l"),
        ("arrives(s, l, c)  # here", "arrives is raised of 2 things", "name l"),
        ("arrives(s, c)  # here", "`c` is Clerk, but Letter is wanted for 'l'", ""),
        ("arrives(l)  # here", "arrives is raised in no state", "arrives(s, ...)"),
        ("arrives(s, l, when=True)  # here", "True is the same in every state", ""),
        ("arrives(s, l, when=s.weight[l])  # here", "is a number", ""),
        ("leaves(s)  # here", "no event 'leaves' to raise", "write one of: arrives"),
        ("arrives(s, l); require(a=s.sealed[l])  # here", "comes after an assignment", ""),
    ],
)
def test_an_event_is_raised_of_what_it_is_about(
    line: str, fact: str, remedy: str, tmp_path: Path
) -> None:
    found = refusal(BELLS + RAISED.format(line), tmp_path)
    assert fact in found.fact
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("head", "params", "line", "fact", "remedy"),
    [
        ("more.on(arrives)", "s", "s.total = 1", "the parameters of arrives", "note(s, l: Letter)"),
        (
            "more.on(arrives)",
            "s, c: Clerk",
            "s.total = 1",
            "the parameters of arrives",
            "l: Letter",
        ),
        ("more.on(leaves)", "s", "s.total = 1", "no event 'leaves'", "write one of: arrives"),
        ("more.on('arrives')", "s", "s.total = 1", "no event 'arrives'", "write one of: arrives"),
        ("post.on(arrives)", "s, l: Letter", "require(a=s.sealed[l])", "has a guard", "guard the"),
        ("post.on(arrives)", "s, l: Letter", "pass", "does more or less", "assign fields"),
        ("post.on(arrives)", "s, l: Letter", "erase(l)", "does more or less", "assign fields"),
        ("post.on(arrives)", "s, l: Letter", "arrives(s, l)", "does more or less", "assign fields"),
        ("post.event", "s, l: Letter", "s.total = 1", "does something itself", "let a module hook"),
        ("post.event", "s, l: Letter", "require(a=s.sealed[l])", "does something itself", "hook"),
    ],
)
def test_a_hook_assigns_for_what_the_event_is_about(
    head: str, params: str, line: str, fact: str, remedy: str, tmp_path: Path
) -> None:
    found = refusal(BELLS + HOOK.format(head, params, line), tmp_path)
    assert fact in found.fact
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("step", "hook", "fact"),
    [
        ("s.total = 2; arrives(s, l)", "s.total = 1", "two parts of deliver write 'total'"),
        ("arrives(s, l); erase(l)", "s.weight[l] = 1", "write 'weight': one clears its `l`"),
        ("arrives(s, l); arrives(s, s.hand[c])", "s.total = 1", "two parts of deliver write"),
        (
            "arrives(s, s.hand[c])",
            "s.sealed[l] = exists(Clerk, lambda c: s.hand[c] == l)",
            "two parts of deliver use 'c' for different things",
        ),
    ],
)
def test_a_hook_gets_in_the_way_of_no_step(step: str, hook: str, fact: str, tmp_path: Path) -> None:
    text = BELLS + RAISED.format(step) + HOOK.format("post.on(arrives)", "s, l: Letter", hook)
    assert fact in refusal(text, tmp_path).fact


def test_an_event_is_raised_in_steps_alone() -> None:
    with pytest.raises(Misuse, match="rings is raised outside an action"):
        rings(object(), None)
