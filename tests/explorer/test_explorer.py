"""The explorer around its screens: places, keys, files that cannot be shown, how it is left."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from checker.evidence import matrix
from checker.evidence.traces import FOLDER
from checker.evidence.work import Check, Checked, Told
from checker.runs.exploration import Progress
from spec.failures import FAILURES
from tests.explorer.screens import drawn, explore, press, text, to_row
from tui.app import Explorer
from tui.screens.keys import Keys
from tui.screens.problem import Problem
from tui.shared.checks import Work
from tui.shared.start import Start

LATE = FOLDER / "FM-010.jsonl"


def altered(tmp_path: Path, **header: object) -> Start:
    """Return a start on a trace whose header says something else."""
    file = tmp_path / "a.jsonl"
    first, rest = LATE.read_text("utf-8").split("\n", 1)
    file.write_text(json.dumps(json.loads(first) | header) + "\n" + rest, "utf-8")
    return Start(str(file), str(file))


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
