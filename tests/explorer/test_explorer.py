"""The explorer around its screens: places, keys, files that cannot be shown, how it is left."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from checker.evidence import matrix
from checker.evidence.traces import FOLDER
from checker.evidence.work import Check, Checked, Told
from checker.runs.exploration import Progress
from spec.failures import FAILURES
from tests.explorer.screens import drawn, explore, press, text
from tui.app import Explorer
from tui.rows import glyphs
from tui.rows.text import cell, content
from tui.screens.keys import Keys
from tui.screens.problem import Problem
from tui.shared.checks import Work
from tui.shared.start import Start
from tui.widgets.table import Table

LATE = FOLDER / "FM-010.jsonl"
SIZES = [(120, 40), (100, 30), (80, 24), (60, 20)]


def altered(tmp_path: Path, **header: object) -> Start:
    """Return a start on a trace whose header says something else."""
    file = tmp_path / "a.jsonl"
    first, rest = LATE.read_text("utf-8").split("\n", 1)
    file.write_text(json.dumps(json.loads(first) | header) + "\n" + rest, "utf-8")
    return Start(str(file), str(file))


async def to_row(app: Explorer, pilot: Pilot[str], id: str) -> None:
    app.screen.query_one(Table).move_cursor(row=list(FAILURES).index(id))
    await pilot.pause()


# ---------------------------------------------------------------- places and keys
@pytest.mark.deep
def test_enter_opens_the_trace_of_a_failure_mode_and_leaving_says_how_to_come_back() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        assert "FM-001" in text(app)
        await to_row(app, pilot, "FM-010")
        await press(pilot, "enter")
        assert app.current_mode == "trace"
        assert app.opened is not None
        assert app.opened.run.name == "FM-010"
        await press(pilot, "k", "ctrl+q")
        assert app.return_value == "ffq browse FM-010 --step 7"

    explore(look)


def test_a_key_that_does_nothing_now_says_why() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "f5")
        assert "Replay needs a trace: open one in the catalogue (F2) with enter" in text(app)
        await press(pilot, "x")
        assert "nothing is being computed" in text(app)

    explore(look)


@pytest.mark.deep
def test_the_keys_are_searched_by_words_and_say_why_one_is_disabled() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "question_mark", "s", "t", "o", "p")
        assert isinstance(app.screen, Keys)
        assert "Stop computing what is not known" in text(app)
        assert "not now: nothing is being computed" in text(app)
        assert "Check the scope" not in text(app)
        await press(pilot, "escape")
        assert app.screen is not None
        assert not isinstance(app.screen, Keys)

    explore(look, size=(120, 40))


@pytest.mark.deep
def test_the_catalogue_shows_claims_and_finds_rows_by_words() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "2")
        assert "INV-001" in text(app)
        await press(pilot, "slash")
        app.screen.query_one("#wanted", Input).value = "late worker"
        await press(pilot, "enter", "1")
        rows = [line for line in drawn(app) if line.startswith("FM-")]
        found = [row.split()[0] for row in rows]
        assert {"FM-010", "FM-011", "FM-012"} <= set(found) and len(found) < 8
        await press(pilot, "escape")
        assert sum(line.startswith("FM-") for line in drawn(app)) > 8

    explore(look)


@pytest.mark.deep
def test_the_catalogue_finds_a_failure_mode_by_its_symptom() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "slash")
        app.screen.query_one("#wanted", Input).value = "poison message"
        await press(pilot, "enter")
        rows = [line for line in drawn(app) if line.startswith("FM-")]
        assert [row.split()[0] for row in rows] == ["FM-027a"]

    explore(look)


@pytest.mark.deep
def test_the_palette_finds_a_failure_mode_by_its_name() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "ctrl+p")
        app.screen.query_one(Input).value = "late_worker_is_believed"
        await pilot.pause(0.5)
        await press(pilot, "enter")
        await pilot.pause(0.5)
        assert app.opened is not None
        assert app.opened.run.name == "FM-010"

    explore(look)


@pytest.mark.deep
def test_a_click_looks_at_a_row_and_a_second_one_opens_it() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await pilot.click("Table", offset=(2, 2))
        await pilot.pause()
        second = list(FAILURES)[1]
        assert drawn(app)[-7].startswith(f"│ {second} ")
        await pilot.click("Table", offset=(2, 2))
        await pilot.pause()
        assert app.opened is not None
        assert app.opened.run.name == second

    explore(look)


# ---------------------------------------------------------------- files that cannot be shown
def test_a_damaged_file_gives_a_screen_that_says_so_and_how_to_go_on(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("{}\n", "utf-8")

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        assert isinstance(app.screen, Problem)
        assert "it cannot be believed" in text(app)
        assert "is not the header of a trace" in text(app)
        assert "How to go on" in text(app)
        await press(pilot, "q")
        assert "FM-001" in text(app)

    explore(look, Start(str(file), str(file)), (200, 24))
    assert file.read_text("utf-8") == "{}\n"


@pytest.mark.deep
@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"version": 99}, "another version of ffq made it"),
        ({"spec": "0" * 32}, "it is of another spec"),
        ({"off": []}, "the spec does not follow it"),
    ],
)
def test_a_file_of_another_time_says_which(
    tmp_path: Path, header: dict[str, object], said: str
) -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        assert isinstance(app.screen, Problem)
        assert said in text(app)

    explore(look, altered(tmp_path, **header))


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


@pytest.mark.deep
def test_what_is_computed_while_another_screen_is_looked_at_is_shown_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def known() -> list[matrix.MatrixRow]:
        cells = dict.fromkeys(matrix.MARKS, matrix.Cell("E", "as it was found"))
        return [matrix.MatrixRow("FM-010", "a_late_worker_is_believed", "It is.", cells)]

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        assert "?     ?     ?" in text(app)
        await press(pilot, "f6")
        monkeypatch.setattr(matrix, "modes", known)
        app.works.all.append(work(running=False))
        await press(pilot, "f2")
        await pilot.pause()
        assert "E     E     E     E     E" in text(app)

    monkeypatch.setattr(
        matrix,
        "modes",
        lambda: [replace(r, cells=dict.fromkeys(matrix.MARKS, matrix.UNKNOWN)) for r in known()],
    )
    explore(look)


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


# ---------------------------------------------------------------- runs
class NoProcess:
    """Work that nobody does."""

    def cancel(self) -> None:
        """Do nothing."""


def work(**given: object) -> Work:
    return Work(Check("one-job", ("settle_done.fenced",)), NoProcess(), **given)  # type: ignore[arg-type]


def test_a_run_shows_how_far_it_is_and_that_it_can_be_cancelled() -> None:
    running = work()
    for second, (states, frontier) in enumerate([(10, 9), (400, 90), (900, 80), (1200, 40)]):
        running.take(Progress("explore", states, 0, second, frontier, float(second)))

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        app.works.all.append(running)
        await press(pilot, "f6")
        assert "Runs  1 running" in text(app)
        assert "states 1,200   400/s   3.0 s" in text(app)
        assert "depth 3   frontier 40 (growing)" in text(app)
        await press(pilot, "x")
        assert running.cancelled

    explore(look)
    assert sum(running.fresh) == 1200


@pytest.mark.deep
def test_a_run_that_ended_names_what_never_fired() -> None:
    told = (Told("INV-001", "rows_are_kept", "E", "every state"),)
    fired = (("abandon", 0), ("claim", 7))
    end = Checked(None, 744, 8, 0.5, told, fired)

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        app.works.all.append(work(end=end, running=False))
        await press(pilot, "f6")
        assert "never fired: abandon" in text(app)
        assert "every state was visited" in text(app)
        await press(pilot, "x")
        assert "this check is not running" in text(app)
        await press(pilot, "enter")
        assert "there is no counterexample" in text(app)

    explore(look, size=(120, 40))
