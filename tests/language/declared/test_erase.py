"""A row that is erased is as if it had never been: in the spec, in the store, and for TLC."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from checker.search import plain
from checker.search.compiled import explore
from impl.derive.design import derive
from impl.sqlite.store import Store
from impl.terms.outcomes import Done, Refused
from spec.language.edited.split import split
from spec.language.evaluate import Evaluator, instances
from spec.language.scope import Scope, Value
from tests.export.test_tla import judged
from tests.specs.cards import TWO
from tests.specs.library import BOOKS, READERS, everything, weeding
from tests.walks import Walks


# ---------------------------------------------------------------- what it means
def _after(action: str, **before: Value) -> dict[str, Value]:
    """Return the places after a step of the first two cards, that differ from the beginning."""
    evaluator = Evaluator(TWO)
    names = [p.name for p in TWO.places]
    state = dict(zip(names, evaluator.initial(), strict=True)) | {
        name.replace("_", "[card") + "]": value for name, value in before.items()
    }
    (step,) = [
        i
        for i in instances(evaluator)
        if i.step.action.name == action and list(i.step.binding.values()) in ([0, 1], [0])
    ]
    after = step.after(tuple(state[n] for n in names))
    start = evaluator.initial()
    return {n: v for n, v, was in zip(names, after, start, strict=True) if v != was}


def test_all_durable_fields_of_all_modules_are_cleared_and_nothing_else() -> None:
    assert _after("copy", number_1=0, red_1=True, red_2=True, link_1=0, link_2=0) == {
        "red[card2]": True,
        "link[card2]": 0,
        "copies[card1]": 1,
        "seen[card1]": True,
    }


def test_what_is_assigned_stands_if_it_is_the_same_element_by_another_name() -> None:
    evaluator = Evaluator(TWO)
    itself = next(i for i in instances(evaluator) if i.step.binding == {"a": 0, "b": 0})
    place = [p.name for p in TWO.places].index("number[card1]")
    assert itself.step.action.name == "copy"
    assert itself.after(evaluator.initial())[place] == 2


def test_an_element_is_erased_that_was_named_when_it_was_said() -> None:
    assert _after("tear", link_1=1, link_2=0, number_2=2, red_2=True) == {}


HALF = READERS.on(split(everything, "weed"))
"""The book is thrown away some time after it was looked at; it may have been lent by then."""


@pytest.mark.parametrize("scope", [TWO, HALF], ids=["cards", "split"])
def test_both_explorers_see_the_same(scope: Scope) -> None:
    one, other = plain.explore(scope), explore(scope, symmetry=False)
    assert (one.states, one.depth, one.fired) == (other.states, other.depth, other.fired)
    assert one.violations == other.violations


def test_a_row_that_is_erased_later_may_be_another_by_then() -> None:
    # It is worn, looked at twice and thrown away; the next one of its name is thrown away as well.
    assert dict(plain.explore(HALF).violations) == {"books_are_somewhere": 10}


@pytest.mark.deep
def test_tlc_sees_the_same(tmp_path: Path) -> None:
    mine, theirs = plain.explore(TWO), judged(TWO, tmp_path)
    assert (mine.states, mine.depth) == (theirs.distinct, theirs.depth)
    assert theirs.violated is None


# ---------------------------------------------------------------- in the store
def test_a_row_that_must_be_there_is_deleted_and_found_gone_beside_the_spec() -> None:
    walks = Walks(derive(BOOKS), seed=1).run(walks=12, steps=40)
    statement = walks.design.transitions["weed"].statement
    assert statement is not None
    assert statement.text.splitlines()[0] == "DELETE FROM book"
    assert walks.taken["weed"] > 10
    assert walks.refused["weed.worn"] > 10


def test_a_row_that_need_not_be_there_is_written_as_if_it_were_not() -> None:
    # With no guard, nothing says that the book is there.
    bare = replace(weeding.actions["weed"].parts[0], guards=())
    weed = replace(weeding.actions["weed"], parts=(bare,))
    anybody = weeding.edited("bare", actions={**weeding.actions, "weed": weed})
    walks = Walks(derive(BOOKS.on(anybody)), seed=1).run(walks=6, steps=40)
    statement = walks.design.transitions["weed"].statement
    assert statement is not None
    assert statement.form == "upsert"
    assert walks.taken["weed"] > 10


def test_nothing_is_left_of_the_row_and_the_trace_says_what_went(tmp_path: Path) -> None:
    design = derive(Scope("weeding", weeding, READERS.bounds), {"place": "absent"})
    (table,) = (t for t in design.tables if t.name == "book")
    assert table.always  # no row says that its book is absent, for then it is not there
    with closing(Store(design, str(tmp_path / "library.db"))) as store:
        store.take("buy", {"b": 0}, {})
        for _ in range(2):
            store.take("lend", {"r": 0, "b": 0}, {"hand": None})
            store.take("give_back", {"r": 0}, {"hand": 0})
        gone: dict[str, Value] = {"place": "absent", "readings": 0}
        assert store.take("weed", {"b": 0}, {}) == Done(row=gone, memory={})
        assert store.query("SELECT count(*) FROM book") == [(0,)]
        last = list(store.trace())[-1]
        assert last.before == {"place[book1]": "shelf", "readings[book1]": 2}
        assert last.after == {"place[book1]": "absent", "readings[book1]": 0}
        assert store.take("weed", {"b": 0}, {}) == Refused("worn")
        assert isinstance(store.take("buy", {"b": 0}, {}), Done)
