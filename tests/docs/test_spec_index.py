"""What a module says is listed once, as its own, whoever puts modules together."""

from checker.docs.model import tables
from checker.docs.model.spec_index import Index, index
from spec.language.scope import Scope
from tests.specs.bells import TWO
from tests.specs.library import READERS


def listed(scope: Scope) -> Index:
    return index([scope], [], [])


def test_specs_that_only_bring_modules_together_are_none() -> None:
    assert [m.name for m in listed(TWO).modules] == ["house", "butler", "dog"]
    assert [m.name for m in listed(READERS).modules] == ["library", "weeding", "losses"]


def test_a_hook_is_told_of_with_the_steps_of_all_modules_that_bring_the_event_about() -> None:
    found = listed(TWO)
    told = tables.actions(found, found.module("butler"))
    assert told.splitlines()[-1] == (
        "| `rings(g: Guest)`: The bell rings for a guest. | `press`, `meet`, `jump` "
        "| The butler hears it, and is tired of the second time. | `heard`, `tired` |"
    )


def test_an_exemption_stands_under_the_property_with_the_module_that_says_it() -> None:
    found = listed(READERS)
    rows = tables.claims(found).splitlines()
    (at,) = [n for n, row in enumerate(rows) if "`new_books_are_unread`" in row]
    assert rows[at : at + 2] == [
        "| LIB-3 | `new_books_are_unread`: A book that is not there was not lent. "
        "| every state | `library` |",
        "| – | unless `remembered`: A book that is lost is remembered until it is struck "
        "from the list. | – | `losses` |",
    ]
    formulas = tables.formulas(found, found.module("library"))
    assert "\nunless remembered, of losses: lost[b]\n" in formulas
