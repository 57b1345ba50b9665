"""A page is filled block by block, and what is wrong with it is told with its line."""

import os
import re
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.docs.blocks import Trouble, difference, fill, find
from checker.docs.pages import all_pages

PRINTERS = {
    "answer": lambda given: f"| {' '.join(given) or 42} |",
    "picky": lambda given: _refuse(),
}


def _refuse() -> str:
    raise ValueError("name one module")


def page_of(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_a_block_is_filled_and_every_other_line_is_left_alone() -> None:
    before = page_of(
        "# One ", "<!-- generated: answer -->", "old", "<!-- end -->", "", "  two\t",
        "<!--generated: answer a b-->", "<!--end-->", "three",
    )  # fmt: skip
    after = fill("a.md", before, PRINTERS)
    assert after == page_of(
        "# One ", "<!-- generated: answer -->", "", "| 42 |", "", "<!-- end -->", "", "  two\t",
        "<!--generated: answer a b-->", "", "| a b |", "", "<!--end-->", "three",
    )  # fmt: skip
    assert fill("a.md", after, PRINTERS) == after


def test_marks_inside_a_fence_are_text() -> None:
    text = page_of("```md", "<!-- generated: nonsense -->", "```", "~~~", "<!-- end -->", "~~~")
    assert find("a.md", text) == []
    assert fill("a.md", text, PRINTERS) == text


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["x", "<!-- generated: answr -->", "<!-- end -->"], "a.md:2: there is no block 'answr'"),
        (["<!-- generated: answer -->", "x"], "a.md:1: this block is not closed"),
        (
            ["<!-- generated: answer -->", "<!-- generated: answer -->", "<!-- end -->"],
            "a.md:1: this block is not closed",
        ),
        (["x", "x", "<!-- end -->"], "a.md:3: an <!-- end --> without a block"),
        (["<!-- generated: -->", "<!-- end -->"], "a.md:1: this block has no name"),
        (["<!-- generated: picky -->", "<!-- end -->"], "a.md:1: picky: name one module"),
    ],
)
def test_a_block_that_cannot_be_printed_is_reported_with_its_line(
    lines: list[str], complaint: str
) -> None:
    with pytest.raises(Trouble) as trouble:
        fill("a.md", page_of(*lines), PRINTERS)
    assert str(trouble.value).startswith(complaint)


def test_an_unknown_block_is_told_the_nearest_names() -> None:
    with pytest.raises(Trouble, match="write one of: answer"):
        fill("a.md", "<!-- generated: answr -->\n<!-- end -->\n", PRINTERS)


def test_what_is_stale_is_shown_as_a_diff() -> None:
    assert difference("a.md", "a\nb\n", "a\nc\n").splitlines()[-2:] == ["-b", "+c"]
    assert difference("a.md", "a\n", "a\n") == ""


# ---------------------------------------------------------------- the command line

FRESH = "# A page\n\n<!-- generated: sorts -->\n<!-- end -->\nBy hand.\n"


def test_a_stale_page_is_shown_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(FRESH, "utf-8")
    page.chmod(0o640)
    assert main(["docs", str(page)]) == 1
    said = capsys.readouterr()
    assert "+| `Job` | A unit of work" in said.out
    assert "ffq docs --write" in said.err
    assert page.read_text("utf-8") == FRESH

    assert main(["docs", "--write", str(page)]) == 0
    assert page.read_text("utf-8").endswith("<!-- end -->\nBy hand.\n")
    assert page.stat().st_mode & 0o777 == 0o640
    assert main(["docs", str(page)]) == 0
    assert os.listdir(tmp_path) == ["page.md"]


def test_a_page_with_a_bad_block_is_bad_usage_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, gone = (tmp_path / name for name in ("good.md", "bad.md", "gone.md"))
    good.write_text(FRESH, "utf-8")
    bad.write_text("<!-- generated: sorst -->\n<!-- end -->\n", "utf-8")
    assert main(["docs", "--write", str(good), str(bad), str(gone)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert f"{bad}:1: there is no block 'sorst'; write one of: sorts" in said[0]
    assert f"{gone}:1: No such file or directory" in said[1]
    assert good.read_text("utf-8") == FRESH


def test_a_failed_write_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(FRESH, "utf-8")

    def fail(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert main(["docs", "--write", str(page)]) == 2
    assert page.read_text("utf-8") == FRESH
    assert os.listdir(tmp_path) == ["page.md"]


LINE_MAX, CELL_MAX = 140, 200
"""Characters of a line of a cell, and of the whole cell, as they are read: more is no table."""


def long_cells(text: str) -> list[str]:
    """Return the cells that are longer, or have lines that are, links and marks left out."""
    found = []
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("|"):
            continue
        for cell in re.split(r"(?<!\\)\|", line)[1:-1]:
            shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).replace("`", "").strip()
            lines = shown.split("<br>")
            found += [line for line in lines if len(line) > LINE_MAX]
            found += [shown] * (len(" ".join(lines)) > CELL_MAX and len(lines) > 1)
    return found


def test_no_cell_of_a_page_is_longer_than_a_line() -> None:
    pages = {page.name: long_cells(page.read_text("utf-8")) for page in all_pages()}
    assert len(pages) > 80
    assert {name: cells for name, cells in pages.items() if cells} == {}


def test_a_cell_that_is_too_long_is_found() -> None:
    long = "x" * (LINE_MAX + 1)
    assert long_cells(f"| a | b |\n| --- | --- |\n| `{long}` | [y]({long}) |") == [long]
    several = "<br>".join(["x" * 100] * 2)
    assert long_cells(f"| {several} |") == [several]
    assert long_cells(f"| {several[:-9]} |") == []
    assert long_cells(f"```text\n| {long} |\n```\n| {long[1:]} |") == []
