"""What somebody meets who opens the explorer for the first time: words, and nothing cut unsaid."""

import pytest
from textual.pilot import Pilot

from checker.evidence.marks import Reproduced
from checker.evidence.replayed import reproduced
from checker.evidence.traces import FOLDER
from checker.shown.failures import LEGEND as PRINTED
from spec.failures import FAILURES
from spec.failures.edits import in_words
from spec.queue import DEFAULT
from tests.explorer.screens import drawn, explore, press, text
from tui.app import Explorer
from tui.rows import glyphs
from tui.rows.symbols import LEGENDS
from tui.screens.run.trace import LEGEND
from tui.shared.start import Start
from tui.widgets.lines import Pane

LATE = Start(str(FOLDER / "FM-010.jsonl"), "FM-010")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_run_of_the_catalogue_says_which_failure_it_is(size: tuple[int, int]) -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        first = drawn(app)[0]
        assert first.startswith("FM-010 a_late_worker_is_believed  ✗ at 8  INV-004")

    explore(look, LATE, size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_step_that_is_looked_at_has_its_sentence(size: tuple[int, int]) -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        for key, sentence in (
            ("", "The handler has returned and the worker reports success."),
            ("k", "A worker takes a job that is ready:"),
            ("g", "A worker that lost its claim reports success"),
        ):
            if key:
                await press(pilot, key)
            assert sentence in text(app)
        await press(pilot, "G", "f4", "u")
        assert "A worker takes a job that is ready:" in text(app), "in what if too"

    explore(look, LATE, size)


def test_why_a_move_is_possible_begins_with_what_it_is() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "k")
        rows = [each.text for each in app.screen.query_one("#why", Pane).rows]
        assert rows[1] == "  The handler has returned and the worker reports success."

    explore(look, LATE, (120, 40))


EDITS = [edit for mode in FAILURES.values() for loss in mode.losses for edit in loss.edits]


@pytest.mark.parametrize("edit", sorted(set(EDITS)))
def test_what_is_taken_away_is_said_with_all_of_its_names_and_no_word_of_command(edit: str) -> None:
    kind, *names = edit.split() if " " in edit else ("without", edit)
    said = in_words(edit)
    assert all(name in said.replace(",", "").split() for name in names)
    assert kind == "without" or not said.startswith(kind)


def test_what_is_taken_away_is_said_of_the_run() -> None:
    assert in_words("instead claim pop") == "pop in place of claim"
    assert in_words("unfair recoverer_restart") == "recoverer_restart not promised"
    assert in_words("settle_done.fenced") == in_words("without settle_done.fenced")


def test_what_shows_a_failure_is_not_marked_as_a_failure() -> None:
    mode = FAILURES["FM-005"]
    found = reproduced(mode, mode.loss)
    assert found.ok and found.symbol == "→1"
    assert Reproduced(False, "", "it broke nothing").symbol == "✗", "which is one"
    for legend in (LEGENDS["modes"], PRINTED):
        assert "→n shown in n steps" in legend and "✗n" not in legend


def test_every_mark_of_a_state_is_in_the_legend() -> None:
    for mark in (glyphs.ARMED, glyphs.DOOMED, glyphs.VIOLATED, glyphs.SAFE, glyphs.RUNNING):
        assert mark in LEGEND

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        assert LEGEND in text(app)
        await press(pilot, "question_mark")
        assert glyphs.RUNNING in text(app), "where there is no border, the help has it"

    explore(look, LATE, (120, 40))


def test_what_is_cut_ends_in_a_mark() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        rows = [row for row in drawn(app) if "claim(job1)" in row and glyphs.TARGET in row]
        assert rows and all("…" in row for row in rows)

    explore(look, LATE, (100, 30))


def test_the_claims_show_every_scope_and_no_name_runs_into_the_next_column() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "2")
        head, *rows = drawn(app)[2:]
        heads = head.split()[2:]
        assert len(heads) == len(DEFAULT)
        for name, shown in zip(DEFAULT, heads, strict=True):
            assert name == shown or (shown[-1] == "…" and name.startswith(shown[:-1]))
        cut = next(row for row in rows if "each_claim_has" in row)
        _, name, symbol, *_ = cut.split()
        assert name == "each_claim_has_a_new_token" and len(symbol) <= 3

    async def narrow(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "2")
        long = next(row for row in drawn(app) if "accepted_jobs" in row).split()[1]
        assert long[-1] == "…" and "accepted_jobs_are_in_the_queue".startswith(long[:-1])

    explore(look, size=(170, 40))
    explore(narrow, size=(80, 24))


def test_where_not_every_scope_has_room_the_legend_says_so() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "2")
        heads = text(app).splitlines()[2].split()[2:]
        whole = [head for head in heads if head in DEFAULT or head.endswith("…")]
        assert f"{len(DEFAULT) - len(whole)} more to the right" in text(app)

    explore(look, size=(80, 24))
