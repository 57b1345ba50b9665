"""A failure mode to come begins as a page and a postmortem that only have to be filled in."""

import ast
from pathlib import Path

import pytest

from checker.docs.blocks import find
from checker.docs.skeleton import Unusable, entry, files
from tests.checkout import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "failure-modes").mkdir(parents=True)
    (tmp_path / "postmortems").mkdir()
    return tmp_path


def shape(text: str) -> list[str]:
    """Return the headings below the title, and the kinds of blocks, in the order of the page."""
    lines = [line for line in text.splitlines() if line.startswith(("## ", "<!-- generated"))]
    return [line.split(" FM-")[0] for line in lines]


def test_the_skeleton_has_the_shape_of_the_pages_that_are_there(checkout: Path) -> None:
    page, told = files("FM-099a", "a_thing_goes_wrong", checkout).values()
    known = ROOT / "docs" / "failure-modes" / "FM-010.md"
    assert shape(page) == shape(known.read_text(encoding="utf-8"))
    (story,) = (ROOT / "postmortems").glob("fm-010-*.md")
    assert shape(told) == shape(story.read_text(encoding="utf-8"))
    assert [b.arguments for b in find("page", page)] == [("FM-099a",)] * 7


def test_the_entry_is_python_that_makes_a_failure_mode() -> None:
    text = entry("FM-099a", "a_thing_goes_wrong").removesuffix(",")
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call) and ast.unparse(call.func) == "FailureMode"


@pytest.mark.parametrize(
    ("id", "name", "fact"),
    [
        ("FM-99", "a_thing_goes_wrong", "is no ID of a failure mode"),
        ("FM-010", "a_thing_goes_wrong", "is in the catalogue already"),
        ("FM-099", "../../evil", "is no name"),
    ],
)
def test_what_cannot_be_begun_is_refused(checkout: Path, id: str, name: str, fact: str) -> None:
    with pytest.raises(Unusable, match=fact):
        files(id, name, checkout)


def test_a_page_that_is_there_is_left_alone(checkout: Path) -> None:
    page = next(iter(files("FM-099", "a_thing_goes_wrong", checkout)))
    page.write_text("mine", encoding="utf-8")
    with pytest.raises(Unusable, match="is there already; it was left alone"):
        files("FM-099", "a_thing_goes_wrong", checkout)
