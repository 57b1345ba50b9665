"""Ways through the explorer: back, out, the search, the next reason, the palette, and a check."""

import asyncio
import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from checker.evidence.traces import FOLDER, as_kept
from checker.explain import bookmarks
from checker.explain.moves import Move
from spec.queue import SCOPES
from tests.explorer.screens import drawn, explore, press, text
from tui.app import Explorer
from tui.commands import Everything
from tui.screens.begin import Begin
from tui.screens.catalogue import Catalogue
from tui.screens.export import Export
from tui.screens.keys import keys_of
from tui.screens.run.compare import Compare
from tui.screens.run.replay import Replay
from tui.screens.run.trace import Trace
from tui.screens.run.what_if import WhatIf
from tui.shared.start import Start
from tui.widgets.lines import Pane

LATE = Start(str(FOLDER / "FM-010.jsonl"), "FM-010")


# ---------------------------------------------------------------- back and out
def test_back_goes_to_the_place_that_one_came_from() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        for key, screen in (("t", WhatIf), ("s", Replay)):
            await press(pilot, key)
            assert isinstance(app.screen, screen)
            await press(pilot, "q")
            assert isinstance(app.screen, Trace)
        await press(pilot, "t", "f5", "q")
        assert isinstance(app.screen, WhatIf)
        await press(pilot, "q", "q")
        assert isinstance(app.screen, Catalogue)

    explore(look, LATE)


def test_back_from_a_branch_that_was_opened_at_once_goes_to_its_run() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "q")
        assert isinstance(app.screen, Trace)

    explore(look, Start(LATE.file, "FM-010", 7, ("heartbeat(worker2)",)))


def test_going_to_and_fro_leaves_no_way_of_many_steps() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "f4", "f3", "f4", "f3", "q")
        assert isinstance(app.screen, Catalogue)

    explore(look, LATE)


def left(*keys: str) -> list[str]:
    """Press keys, leave, and return what is printed."""

    async def within() -> list[str]:
        app = Explorer(LATE, fills=False)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await press(pilot, *keys)
            await press(pilot, "ctrl+q")
        return (app.return_value or "").splitlines()

    return asyncio.run(within())


def test_leaving_from_elsewhere_prints_the_branch_too() -> None:
    (branch,) = left("k", "t", "2")
    assert branch == "ffq browse FM-010 --step 7 --take 'heartbeat(worker2)'"
    here = "ffq browse FM-010 --step 7"
    assert left("k", "t", "2", "q") == [here, branch], "from the run"
    assert left("k", "t", "2", "f2") == [here, branch], "from the catalogue"
    assert left("k") == [here]


def test_ctrl_c_leaves_as_what_is_interrupted() -> None:
    async def within() -> Explorer:
        app = Explorer(LATE, fills=False)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await press(pilot, "k", "ctrl+c")
        return app

    app = asyncio.run(within())
    assert (app.return_code, app.return_value) == (130, "ffq browse FM-010 --step 7")


# ---------------------------------------------------------------- the search
def test_escape_ends_a_search_before_it_goes_back() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        screen = app.screen
        assert isinstance(screen, Trace)
        await press(pilot, "slash", *"claim", "enter")
        assert screen._signs.found
        await press(pilot, "escape")
        assert isinstance(app.screen, Trace) and not app.screen._signs.found
        await press(pilot, "escape")
        assert isinstance(app.screen, Catalogue)

    explore(look, LATE)


def test_n_is_the_next_that_was_found_and_nothing_else() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "n")
        assert isinstance(app.screen, Trace) and "/ searches" in text(app)
        await press(pilot, "g", "slash", *"action", "colon", *"claim", "enter", "n")
        assert app.screen.at == 7

    explore(look, LATE)


# ---------------------------------------------------------------- what is watched
def test_an_expression_is_watched_above_the_state_until_it_is_asked_for_again() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        keys = ["token", "left_square_bracket", "job1", "right_square_bracket"]
        asked = [key for word in keys for key in ([word] if "_" in word else [*word])]
        await press(pilot, "k", "equals_sign", *asked)
        assert "here: 2" in text(app)
        await press(pilot, "enter")
        assert "= token[job1]  1 -> 2" in text(app)
        await press(pilot, "k")
        assert "= token[job1]  1" in text(app)
        await press(pilot, "equals_sign", *asked, "enter")
        assert "= token[job1]" not in text(app)

    explore(look, LATE, size=(140, 40))


# ---------------------------------------------------------------- why
def test_why_goes_on_from_the_move_that_is_chosen_and_points_at_what_it_explains() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        screen = app.screen
        assert isinstance(screen, Trace)
        await press(pilot, "k")
        moves, why = (screen.query_one(f"#{name}", Pane) for name in ("moves", "why"))
        chosen = moves.subject
        assert isinstance(chosen, Move) and chosen.name == "settle_done(worker1)"
        screen.show_moves()  # as when the marks come: every move is another object
        await press(pilot, "w")
        pointed = moves.subject
        assert isinstance(pointed, Move) and pointed.name == "settle_failed(worker2)"
        assert why.rows[0].text.startswith("worker2 settle_failed")

    explore(look, LATE, (120, 40))


def test_where_one_pane_is_shown_why_begins_with_the_move_that_is_chosen() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "k", "w")
        rows = app.screen.query_one("#why", Pane).rows
        assert rows[0].text.startswith("worker1 settle_done")

    explore(look, LATE, (80, 24))


# ---------------------------------------------------------------- notes
def test_a_note_on_a_run_of_the_catalogue_is_kept_where_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(FOLDER.iterdir())

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "m", *"here", "enter")
        await app.workers.wait_for_complete([w for w in app.workers if w.group == "notes"])
        await pilot.pause()
        assert "kept in .ffq/notes/FM-010.notes.jsonl" in text(app)
        assert "here" in (tmp_path / ".ffq" / "notes" / "FM-010.notes.jsonl").read_text()
        screen = app.screen
        assert isinstance(screen, Trace)
        assert screen.noted() == {8: "here"}

    explore(look, LATE)
    assert sorted(FOLDER.iterdir()) == before


def test_a_note_on_a_trace_of_ones_own_stays_beside_it(tmp_path: Path) -> None:
    mine = shutil.copy(FOLDER / "FM-010.jsonl", tmp_path)
    assert bookmarks.beside(Path(mine)) == tmp_path / "FM-010.notes.jsonl"


# ---------------------------------------------------------------- the palette, the keys
def test_the_palette_has_what_can_be_done_here() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        commands = Everything(app.screen)
        for word, does in (
            ("export", "Export: a postmortem"),
            ("note", "keep a note on this step"),
            ("compare", "Compare: another run beside this one"),
        ):
            best = max([hit async for hit in commands.search(word)], key=lambda hit: hit.score)
            assert does in str(best.text), word
        shown = [hit async for hit in commands.discover()]
        assert any("What if" in str(hit.text) for hit in shown)

    explore(look, LATE)


def test_what_the_palette_finds_is_done() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "ctrl+p", *"here export")
        await pilot.pause(0.5)
        await press(pilot, "enter")
        await pilot.pause()
        assert isinstance(app.screen, Export)

    explore(look, LATE, (120, 40))


def test_the_keys_of_the_screen_stand_before_those_of_every_list() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        found = keys_of(app.screen)  # type: ignore[arg-type]
        names = [key.does for key in found]
        assert not any(name.startswith("Scroll") for name in names)
        for own in ("keep a note on this step", "Next fault", "Take move 9"):
            assert names.index(own) < names.index("Up") and names.index(own) < names.index("First")

    explore(look, LATE)


# ---------------------------------------------------------------- names
def test_a_name_of_the_catalogue_is_understood_in_any_case() -> None:
    for file in FOLDER.glob("*.jsonl"):
        assert as_kept(file.stem) == as_kept(file.stem.lower()) == as_kept(file.stem.upper())
        assert as_kept(file.stem.lower()) == file.stem
    for other in ("one-job", "fm-010.jsonl", "./fm-010", "my fm-010"):
        assert as_kept(other) == other


def test_a_run_is_compared_with_one_named_in_small_letters() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "c", *"fm-011", "enter")
        assert isinstance(app.screen, Compare)

    explore(look, LATE)


# ---------------------------------------------------------------- lists
def test_j_and_k_walk_along_the_formats() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "e", "j", "j", "k")
        screen = app.screen
        assert isinstance(screen, Export)
        assert screen.query_one("#formats", OptionList).highlighted == 1

    explore(look, LATE)


@pytest.mark.parametrize("there", [[], ["tab"], ["tab", "tab"]], ids=["scopes", "search", "guards"])
def test_enter_begins_the_check_wherever_one_is(there: list[str]) -> None:
    begun: list[object] = []

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        app.push_screen(Begin(SCOPES), begun.append)
        await pilot.pause()
        await press(pilot, *there, "enter")
        assert not isinstance(app.screen, Begin)

    explore(look)
    assert [str(check) for check in begun] and begun[0] is not None


def test_space_takes_a_guard_away_and_a_scope_that_is_clicked_is_only_looked_at() -> None:
    begun: list[object] = []

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        app.push_screen(Begin(SCOPES), begun.append)
        await pilot.pause()
        assert await pilot.click("#scopes", offset=(2, 1))
        await pilot.pause()
        assert isinstance(app.screen, Begin) and app.screen.scope == "life"
        app.screen.query_one(Input).value = "settle_done.fenced"
        await pilot.pause()
        app.screen.query_one("#guards").focus()
        await press(pilot, "home", "space")
        assert any("without settle_done.fenced" in line for line in drawn(app))
        await press(pilot, "enter")

    explore(look)
    (check,) = begun
    assert (check.scope, check.without) == ("life", ("settle_done.fenced",))  # type: ignore[attr-defined]
