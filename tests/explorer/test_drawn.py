"""Every screen fits, draws what it was given, and reads no text as markup."""

from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from checker.evidence.traces import FOLDER
from tests.explorer.screens import drawn, explore, press, text, to_row
from tui.app import Explorer
from tui.rows import glyphs
from tui.rows.text import cell, content
from tui.shared.start import Start

LATE = FOLDER / "FM-010.jsonl"
SIZES = [(120, 40), (100, 30), (80, 24), (60, 20)]


# ---------------------------------------------------------------- how it is drawn
def every_place() -> list[Start]:
    return [Start(), Start(str(LATE), "FM-010")]


@pytest.mark.deep
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("start", every_place(), ids=["catalogue", "trace"])
def test_nothing_is_drawn_past_the_edge(size: tuple[int, int], start: Start) -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        for mode in ("f6", "f2", "f3"):
            await press(pilot, mode)
            screen = app.screen.region
            for widget in app.screen.query("Screen > *"):
                if widget.display and widget.region.area:
                    assert screen.contains_region(widget.region), (mode, widget)
            assert drawn(app)[-1].strip(), "the keys are shown"

    explore(look, start, size)


@pytest.mark.deep
def test_resizing_keeps_the_place() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await to_row(app, pilot, "FM-010")
        for size in [(60, 20), (120, 40), (80, 24)]:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert any("FM-010 a_late_worker_is_believed" in line for line in drawn(app)[-9:])
        await press(pilot, "enter", "k", "k")
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert app.opened is not None
        assert app.opened.step == 6

    explore(look)


@pytest.mark.deep
def test_ascii_draws_ascii_alone() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        assert text(app).isascii()
        await press(pilot, "f3")
        assert text(app).isascii()
        assert "worker1" in text(app)

    explore(look, Start(str(LATE), "FM-010"), (120, 40), ascii_only=True)


def test_every_glyph_is_one_cell_wide_and_so_is_its_stand_in() -> None:
    for glyph in glyphs.GLYPHS:
        assert cell_len(glyph) == 1
        assert len(glyphs.ascii_only(glyph)) == 1
        assert glyphs.ascii_only(glyph) != "?" or glyph == "?"
    assert cell_len(glyphs.ascii_only("⚡")) == cell_len("⚡") == 2


@pytest.mark.deep
@pytest.mark.parametrize("start", every_place(), ids=["catalogue", "trace"])
def test_without_colour_no_cell_has_any(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        styles = [s.style for strip in app.screen._compositor.render_strips() for s in strip]
        coloured = [s for s in styles if s and (_colour(s.color) or _colour(s.bgcolor))]
        assert not coloured
        assert any(s and s.reverse for s in styles), "where the reader is, is reversed"

    explore(look, start)


def _colour(colour: object) -> bool:
    return colour is not None and not getattr(colour, "is_default", True)


# ---------------------------------------------------------------- hostile text
HOSTILE = [
    "[b]bold[/b]", "[/]", "[@click=app.leave]x[/]", "\x1b[31mred", "a\x00b", "‮txet", "e\u0301" * 9,
    "👩‍🚀", "line\nbreak", "x" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: ascii(v[:12]))
def test_text_is_shown_as_it_is_or_escaped_and_never_read_as_markup(value: str) -> None:
    shown = content(value).plain
    assert "[" not in value or "[" in shown
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert len(shown) <= 4_000
    assert "\n" not in cell(value).plain


@pytest.mark.deep
def test_a_hostile_name_of_a_file_is_shown_literally(tmp_path: Path) -> None:
    file = tmp_path / "[b]x[@click=app.leave]y.jsonl"
    file.write_text("{}\n", "utf-8")

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        assert "[b]x[@click=app.leave]y.jsonl" in text(app).replace("\n", "")

    explore(look, Start(str(file), str(file)), (200, 24))


def test_no_screen_uses_a_widget_that_reads_markup() -> None:
    for file in Path("tui").rglob("*.py"):
        if file.name != "text.py":
            source = file.read_text("utf-8")
            assert "import Static" not in source and ", Static" not in source, file
            assert "Label(" not in source and "from_markup" not in source, file
