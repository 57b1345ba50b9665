"""What a later module excepts from an earlier one's property: every reader knows it, and no claim
says more for it.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from checker.explain.clauses import property_clauses
from checker.explain.run import broken_run
from checker.prove.cti import find
from checker.runs.exploration import Exploration
from checker.search import plain
from checker.search.compiled import explore
from impl.derive.design import derive
from spec.language import Spec
from spec.language.edited.edits import without
from spec.language.hashes import claims_hash, spec_hash
from spec.language.scope import Scope
from spec.queue import DEFAULT, SCOPES
from tests.export.test_tla import judged
from tests.specs.library import BOOKS, READERS, everything, library, losses, weeding

Search = Callable[..., Exploration]

EXEMPTIONS = {
    "books_are_somewhere.thrown_away": ("books_are_somewhere", 6),
    "books_are_somewhere.gone": ("books_are_somewhere", 3),
    "new_books_are_unread.remembered": ("new_books_are_unread", 3),
}
"""What each is missed by, in how many steps: buying, lending and giving back, until it is worn."""


# ---------------------------------------------------------------- modules
def test_two_modules_that_each_add_exemptions_join_and_each_counts_once() -> None:
    assert library.exemption_names() == []
    assert everything.exemption_names() == list(EXEMPTIONS)
    again = Spec("again", everything, losses, weeding)
    assert again.exemption_names() == list(EXEMPTIONS)
    assert again.properties == everything.properties


def test_what_a_module_excepts_is_not_excepted_from_where_the_module_is_missing() -> None:
    found = plain.explore(Scope("weeding", weeding, READERS.bounds))
    assert dict(found.violations) == {}
    lost = weeding.edited("losses come", actions=everything.actions, fields=everything.fields)
    found = plain.explore(Scope("lost", lost, READERS.bounds))
    assert dict(found.violations) == {"books_are_somewhere": 3, "new_books_are_unread": 3}


def test_an_exemption_leaves_what_can_happen_as_it_is_and_changes_what_is_claimed() -> None:
    for name in EXEMPTIONS:
        less = without(everything, name)
        assert spec_hash(less) == spec_hash(everything)
        kinds = "invariant", "step"
        assert claims_hash(less, *kinds) != claims_hash(everything, *kinds)
        assert claims_hash(less, "leads_to") == claims_hash(everything, "leads_to")


# ---------------------------------------------------------------- what is asked
@pytest.mark.parametrize("search", [plain.explore, explore], ids=["plain", "compiled"])
def test_a_step_that_only_an_exemption_reads_is_not_asked_about(search: Search) -> None:
    # `strike_out` changes nothing that `books_are_somewhere` reads, and what it claims would be
    # false there.
    found = search(BOOKS)
    assert dict(found.violations) == {}
    assert not found.never_fired


@pytest.mark.parametrize("search", [plain.explore, explore], ids=["plain", "compiled"])
@pytest.mark.parametrize("name", EXEMPTIONS)
def test_an_exemption_taken_away_is_missed(search: Search, name: str) -> None:
    violated, steps = EXEMPTIONS[name]
    found = search(READERS, off=(name,))
    assert dict(found.violations) == {violated: steps}
    assert len(found.walk(violated).steps) == steps


@pytest.mark.deep
@pytest.mark.parametrize("name", [None, *EXEMPTIONS])
def test_tlc_says_the_same(name: str | None, tmp_path: Path) -> None:
    spec = without(everything, name) if name else everything
    theirs, mine = judged(READERS.on(spec), tmp_path), plain.explore(READERS)
    if name is None:
        assert (theirs.violated, theirs.distinct, theirs.depth) == (None, mine.states, mine.depth)
    else:
        assert (theirs.violated, theirs.steps) == EXEMPTIONS[name]


MISSED = [(name, e) for name in DEFAULT for e in SCOPES[name].spec.exemption_names()]


@pytest.mark.deep
@pytest.mark.parametrize(("name", "exemption"), MISSED)
def test_no_exemption_of_the_queue_is_idle(name: str, exemption: str) -> None:
    spec, excepted = SCOPES[name].spec, exemption.partition(".")[0]
    # A lemma is asked of states as well here, though no verdict of a scope speaks of it.
    claim = replace(spec.properties[excepted], kind="invariant")
    if spec.properties[excepted].kind == "lemma":
        spec = spec.edited("lemma", properties={**spec.properties, excepted: claim})
    found = explore(SCOPES[name].on(spec), off=(exemption,))
    assert set(found.violations) == {excepted}


def test_a_step_is_proved_with_its_exemption_and_refuted_without() -> None:
    for obligation, name in (
        ("weed/books_are_somewhere", "books_are_somewhere.thrown_away"),
        ("lose/new_books_are_unread", "new_books_are_unread.remembered"),
    ):
        assert find(everything, obligation) is None
        assert find(without(everything, name), obligation) is not None


# ---------------------------------------------------------------- what is said
def test_an_exemption_is_a_clause_of_its_own_when_a_run_is_explained() -> None:
    run = broken_run(READERS, ["books_are_somewhere.thrown_away"], "books_are_somewhere")
    said = {
        c.name: (c.text, c.holds) for c in property_clauses(run, run.end, "books_are_somewhere")
    }
    assert said["must"] == ("place'[book1] != absent", False)
    assert said["unless gone"][1] is False
    assert "unless thrown_away" not in said


def test_the_store_refuses_a_row_only_where_the_exemption_does_not_hold() -> None:
    store = sqlite3.connect(":memory:")
    store.executescript(derive(Scope("store", everything, READERS.bounds)).schema)
    row = "INSERT INTO book (id, place, readings, lost) VALUES ({0}, 'absent', {0}, {1})"
    for readings, lost in (0, False), (1, True):
        store.execute(row.format(readings, lost))
    with pytest.raises(sqlite3.IntegrityError, match="LIB-3 new_books_are_unread"):
        store.execute(row.format(2, False))
