"""A spec on a disk loses what was not waited for, all of it and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from checker.search import plain
from checker.search.compiled import explore
from spec.language import Misuse, Nat, Sort, Spec, require
from spec.language.declared.disk import on_a_disk, with_copies
from spec.language.edited.edits import find, instead, weaken
from spec.language.edited.split import split
from spec.language.evaluate import Evaluator, instances
from spec.language.scope import Scope, State
from spec.queue import SCOPES
from spec.queue.job import Job
from tests.language.test_edits import BOUNDS, Clerk, Order, Run, story, till
from tests.specs.corners import Ball, Next, corners
from tests.specs.library import READERS, Book, weeding

shop = on_a_disk("shop", till, over=Order)
LAZY = weaken(shop, "settle")


class Jar(Sort):
    """Something that holds marbles."""


shelf = Spec("shelf", doc="Marbles go from jar to jar.")
shelf.durable("marbles", Jar, Nat(2), 1, "how many it holds")


@shelf.action()
def pour(s, a: Jar, b: Jar) -> None:  # type: ignore[no-untyped-def]
    """All goes from one jar to another, or comes back to where it was."""
    held = s.marbles[a]
    require(room=s.marbles[b] + held <= 2)
    s.marbles[b] = s.marbles[b] + held
    s.marbles[a] = 0


def reachable(scope: Scope) -> set[State]:
    """Return every reachable state, by the evaluator alone."""
    evaluator = Evaluator(scope)
    steps = instances(evaluator)
    found = {evaluator.initial()}
    waiting = list(found)
    while waiting:
        state = waiting.pop()
        possible = (step.after(state) for step in steps if step.refusal(state) is None)
        new = set(possible) - found
        found |= new
        waiting += new
    return found


def seen(scope: Scope, fields: Any) -> set[State]:
    """Return the reachable states with these fields alone."""
    kept = [n for n, place in enumerate(scope.places) if place.field.name in fields]
    return {tuple(state[n] for n in kept) for state in reachable(scope)}


# ------------------------------------------------------------------ every step is waited for


@pytest.mark.parametrize(
    ("spec", "over", "bounds"),
    [
        (till, Order, BOUNDS),
        (shelf, Jar, {"Jar": 3}),
        (corners, Next, {"Ball": 1, "Next": 2, "Limit": 1}),
        (corners, Ball, {"Ball": 2, "Next": 1, "Limit": 1}),
    ],
)
def test_where_every_step_waits_the_disk_changes_nothing(
    spec: Spec, over: type[Sort], bounds: dict[str, int]
) -> None:
    bare = Scope("bare", spec, bounds)
    disk = bare.on(on_a_disk("disk", spec, over=over))
    found = reachable(disk)
    assert seen(disk, spec.fields) == reachable(bare)
    assert len(found) == len(reachable(bare)), "an image says nothing new"
    for step in instances(Evaluator(disk)):
        if step.step.action.name in ("lose_power", "sync"):
            assert all(step.after(state) == state for state in found)


@pytest.mark.parametrize("name", ["one-job", "versions"])
def test_the_queue_is_no_other_on_a_disk_that_is_waited_for(name: str) -> None:
    queue = SCOPES[name]
    waits = {n: replace(a, loose=False) for n, a in queue.spec.actions.items()}
    disk = queue.on(on_a_disk("disk", queue.spec.edited("waits", actions=waits), over=Job))
    bare, found = explore(queue), explore(disk)
    assert (found.states, found.depth) == (bare.states, bare.depth)
    assert not found.violations


# ------------------------------------------------------------------ a step that is not waited for


def test_a_loss_of_power_takes_back_the_whole_step_that_was_not_waited_for() -> None:
    run = Run(LAZY).take("arrive 0", "settle 0 1", "settle 0 0", "lose_power 1")
    assert (run["paid"], run["sent"]) == ([True, False], [1, 0])
    assert run["at_work"] == [True, False], "a memory is not on the disk"


def test_what_is_synced_is_not_lost() -> None:
    run = Run(LAZY).take("arrive 0", "settle 0 1", "sync 1", "lose_power 1")
    assert (run["paid"], run["sent"]) == ([False, True], [0, 1])


def test_a_step_that_waits_brings_earlier_ones_of_the_row_along() -> None:
    lazy = weaken(shop, "raise_price")
    assert Run(lazy).take("raise_price 1", "lose_power 1")["price"] == [1, 1]
    run = Run(lazy).take("raise_price 1", "arrive 0", "settle 0 1", "lose_power 1")
    assert (run["price"], run["sent"]) == ([1, 2], [0, 2])


def test_a_step_that_is_not_waited_for_breaks_what_is_remembered_of_it() -> None:
    assert "paid_once" not in plain.explore(Scope("shop", shop, BOUNDS)).violations
    assert story(LAZY, "paid_once") == ["arrive 0", "settle 0 0", "lose_power 0"]


def test_rows_that_may_be_one_are_kept_as_they_are_after_the_step() -> None:
    disk = on_a_disk("disk", shelf, over=Jar)
    for state in reachable(Scope("shelf", disk, {"Jar": 3})):
        assert state[:3] == state[3:]
    lazy = weaken(disk, "pour")
    both = explore(Scope("shelf", lazy, {"Jar": 2}), symmetry=False)
    assert both.states == plain.explore(Scope("shelf", lazy, {"Jar": 2})).states
    assert both.states > len(reachable(Scope("shelf", disk, {"Jar": 2})))


def settle_blindly(s, c: Clerk, o: Order) -> None:  # type: ignore[no-untyped-def]
    """A clerk takes the money."""
    require(unpaid=~s.paid[o])
    s.paid[o] = True


@pytest.mark.parametrize("edited", [instead(shop, "settle", settle_blindly), split(shop, "settle")])
def test_another_step_in_its_place_waits_as_well(edited: Spec) -> None:
    lost = instances(Evaluator(Scope("shop", edited, BOUNDS)))
    losses = [step for step in lost if step.step.action.name == "lose_power"]
    states = reachable(Scope("shop", edited, BOUNDS))
    assert all(loss.after(state) == state for loss in losses for state in states)


def test_both_halves_of_a_step_that_is_not_waited_for_may_be_lost() -> None:
    run = Run(split(LAZY, "settle", "sent")).take("arrive 0", "settle 0 1", "settle_rest 0")
    assert (run["paid"], run["sent"]) == ([False, True], [0, 1])
    run.take("lose_power 1")
    assert (run["paid"], run["sent"]) == ([False, False], [0, 0])


def test_what_is_elsewhere_is_not_lost() -> None:
    parted = weaken(on_a_disk("parted", till, over=Order, elsewhere=["sent"]), "settle")
    run = Run(parted).take("arrive 0", "settle 0 1", "lose_power 1")
    assert (run["paid"], run["sent"]) == ([False, False], [0, 1])


# ------------------------------------------------------------------ copies


def test_a_row_is_put_back_as_it_was_copied() -> None:
    copied = with_copies("copied", on_a_disk("shop", till, over=Order), over=Order)
    run = Run(copied).take("arrive 0", "raise_price 1", "copy 1", "settle 0 1", "settle 0 0")
    run.take("restore 1", "lose_power 1")
    assert (run["price"], run["paid"], run["sent"]) == ([1, 2], [True, False], [1, 0])


def test_without_a_copy_a_row_is_put_back_as_it_began() -> None:
    run = Run(with_copies("copied", till, over=Order)).take("arrive 0", "settle 0 1", "restore 1")
    assert (run["paid"], run["sent"]) == ([False, False], [0, 0])


# ------------------------------------------------------------------ what is said of it


def test_what_holds_of_a_row_is_a_lemma_of_its_image() -> None:
    copied = with_copies("copied", shop, over=Order)
    assert [p for p in copied.properties if p not in till.properties] == [
        "who_pays_is_served_kept",
        "nothing_is_given_away_kept",
        "who_pays_is_served_saved",
        "nothing_is_given_away_saved",
    ]
    lemma = copied.properties["who_pays_is_served_saved"]
    assert (lemma.kind, str(lemma.body)) == ("lemma", "paid_saved[o] >> (0 < sent_saved[o])")
    assert lemma.doc == "What is paid for is sent, in the last copy."


def test_both_explorers_agree_on_a_disk_with_copies() -> None:
    spec = weaken(with_copies("copied", shop, over=Order), "settle")
    scope = Scope("copied", spec, {"Clerk": 1, "Order": 1})
    mine, theirs = plain.explore(scope), explore(scope, symmetry=False)
    assert (mine.states, mine.depth) == (theirs.states, theirs.depth)
    assert mine.violations == theirs.violations
    assert "paid_once" in mine.violations


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("text", "fact", "remedy"),
    [
        ("weaken arrive", "arrive waits for no disk", "raise_price, settle"),
        ("weaken lose_power", "lose_power waits for no disk", "raise_price, settle"),
        ("weaken setle", "there is no action 'setle'", "settle"),
    ],
)
def test_only_what_waits_can_be_weakened(text: str, fact: str, remedy: str) -> None:
    with pytest.raises(Misuse) as refused:
        find(shop, text)
    assert fact in refused.value.fact
    assert remedy in refused.value.remedy


def test_a_spec_without_a_disk_cannot_be_weakened() -> None:
    with pytest.raises(Misuse, match="settle waits for no disk"):
        weaken(till, "settle")
    with pytest.raises(Misuse, match="settle waits for no disk"):
        weaken(LAZY, "settle")


def test_a_spec_is_on_one_disk_as_a_whole() -> None:
    with pytest.raises(Misuse, match="not on one disk"):
        Spec("both", shop, corners)
    with pytest.raises(Misuse, match="no row of Order has the field 'at_work'"):
        on_a_disk("wrong", till, over=Order, elsewhere=["at_work"])
    with pytest.raises(Misuse, match="'price_kept' is declared twice"):
        on_a_disk("twice", shop, over=Order)


def test_a_row_comes_back_whose_erasure_was_not_waited_for_and_no_other() -> None:
    disk = READERS.on(on_a_disk("disk", weeding, over=Book))
    fields = set(weeding.fields)
    assert seen(disk, fields) == seen(READERS.on(weeding), fields)
    assert _back(disk) == set()
    assert _back(disk.on(weaken(disk.spec, "weed"))) == {("absent", 0, "shelf", 2)}
    copied = READERS.on(with_copies("copied", weeding, over=Book))
    assert ("absent", 0, "shelf", 2) in _back(copied, "restore")


def _back(scope: Scope, action: str = "lose_power") -> set[tuple[object, ...]]:
    """Return what an action makes of the row of a book that is not there, where it comes back."""
    evaluator = Evaluator(scope)
    (step,) = [i for i in instances(evaluator) if i.step.action.name == action]
    place, readings = (
        [p.name for p in scope.places].index(n) for n in ("place[book1]", "readings[book1]")
    )
    steps = [(s, step.after(s)) for s in reachable(scope) if step.refusal(s) is None]
    pairs = {(s[place], s[readings], t[place], t[readings]) for s, t in steps}
    return {pair for pair in pairs if pair[0] == "absent" != pair[2]}
