"""A member that a later module adds to an enum: known to every reader of that module, and to no
other.
"""

import sqlite3
from pathlib import Path

import pytest

from checker.docs.model import spec_index, tables
from checker.prove.cti import find
from checker.search import plain
from checker.search.compiled import explore
from impl.derive.design import derive
from spec.language import Spec
from spec.language.hashes import spec_hash
from spec.language.scope import Scope
from spec.queue import SCOPES
from spec.queue.job import Reason
from spec.queue.lease import lease
from tests.export.test_tla import judged
from tests.language.spoilt import refusal
from tests.specs.library import (
    MENDED,
    READERS,
    Place,
    library,
    mended_and_sold,
    mending,
    selling,
    shelved,
)


# ---------------------------------------------------------------- modules
def test_a_module_has_the_members_of_those_it_extends_and_no_other_has_them() -> None:
    assert list(library.members(Place)) == ["absent", "shelf", "lent"]
    assert list(mending.members(Place)) == ["absent", "shelf", "lent", "workshop"]
    assert list(mended_and_sold.members(Place)) == ["absent", "shelf", "lent", "sold", "workshop"]
    assert list(Spec("again", mended_and_sold, mending).members(Place)) == list(
        mended_and_sold.members(Place)
    )


def test_the_queue_knows_of_no_cancelling_where_nobody_cancels() -> None:
    assert list(lease.members(Reason)) == ["none", "failures", "interruptions"]
    assert list(SCOPES["whole"].spec.members(Reason))[-1] == "cancelled"


def test_a_member_more_is_another_spec() -> None:
    more = Spec("more", library)
    assert spec_hash(more) == spec_hash(library)
    more.member(Place, "attic", "nobody looks there")
    assert spec_hash(more) != spec_hash(library)


# ---------------------------------------------------------------- readers
def test_both_explorers_see_the_same() -> None:
    one, other = plain.explore(MENDED), explore(MENDED, symmetry=False)
    assert (one.states, one.depth, one.fired) == (other.states, other.depth, other.fired)
    assert dict(one.violations) == dict(other.violations) == {}
    elsewhere = "a_book_is_in_no_place_of_the_library"
    assert elsewhere in one.exercised & other.exercised
    assert elsewhere not in plain.explore(Scope("shelved", shelved, READERS.bounds)).exercised


@pytest.mark.deep
def test_tlc_sees_the_same(tmp_path: Path) -> None:
    mine, theirs = plain.explore(MENDED), judged(MENDED, tmp_path)
    assert (mine.states, mine.depth) == (theirs.distinct, theirs.depth)
    assert theirs.violated is None


@pytest.mark.parametrize("action", ["send_away", "come_back", "sell"])
def test_what_holds_in_the_first_place_is_proved_of_the_others(action: str) -> None:
    assert find(mended_and_sold, f"{action}/each_book_is_in_some_place") is None
    assert find(mended_and_sold, f"{action}/new_books_are_unread") is None


def test_the_store_takes_the_members_of_its_spec_and_no_other() -> None:
    row = "INSERT INTO book (id, place, readings) VALUES (1, 'workshop', 0)"
    for spec in mended_and_sold, selling:
        store = sqlite3.connect(":memory:")
        store.executescript(derive(Scope("store", spec, READERS.bounds)).schema)
        if spec is mended_and_sold:
            store.execute(row)
            continue
        with pytest.raises(sqlite3.IntegrityError, match="place IN"):
            store.execute(row)


def test_the_pages_say_which_module_adds_a_member() -> None:
    queue = spec_index.index(SCOPES.values(), SCOPES, spec_index.PACKAGES)
    rows = tables.enums(queue).splitlines()
    at = next(i for i, row in enumerate(rows) if row.startswith("| `Reason`: "))
    assert rows[at + 3] == "|   | `cancelled` | its client wants it no more (`cancelling`) |"


# ---------------------------------------------------------------- misuse
@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("post.member(Stamp, 'paid', '')  # here", "Stamp cannot have another member 'paid'"),
        ("post.member(Stamp, 'not paid', '')  # here", "Stamp cannot have another member"),
        ("post.member(Letter, 'lost', '')  # here", "is no enum to add 'lost' to"),
        (
            "from spec.language import Timer\n"
            "class Due(Timer):\n    off = ''\n    runs = ''\n    over = ''\n"
            "post.member(Due, 'late', '')  # here",
            "is no enum to add 'late' to",
        ),
        (
            "more = Spec('more', post)\nLost = more.member(Stamp, 'lost', '')\n"
            "post.durable('x', Letter, Stamp, Lost, '')  # here",
            "field 'x' uses Stamp.lost, which a later spec adds",
        ),
        (
            "more = Spec('more', post)\nLost = more.member(Stamp, 'lost', '')\n"
            "@post.action()  # here\ndef lose(s, l: Letter):\n    'It.'\n    s.stamp[l] = Lost\n",
            "lose uses Stamp.lost, which a later spec adds",
        ),
        (
            "more = Spec('more', post)\nLost = more.member(Stamp, 'lost', '')\n"
            "@post.invariant('P-8')  # here\ndef is_lost(s, l: Letter):\n    'It.'\n"
            "    return s.stamp[l] == Lost\n",
            "is_lost uses Stamp.lost, which a later spec adds",
        ),
        (
            "a, b = Spec('a', post), Spec('b', post)\n"
            "both = [each.member(Stamp, 'lost', '') for each in (a, b)]\n"
            "Spec('c', a, b)  # here",
            "two extended specs declare the member 'Stamp.lost'",
        ),
    ],
)
def test_a_member_that_cannot_be_is_refused(line: str, fact: str, tmp_path: Path) -> None:
    assert fact in refusal(line, tmp_path).fact
