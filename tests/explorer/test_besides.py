"""What is laid beside a run: a good run, another branch, what is told of it; and fewer lines."""

from textual.pilot import Pilot

from checker.evidence.traces import FOLDER
from spec.failures import FAILURES
from tests.explorer.screens import explore, press, text
from tui.app import Explorer
from tui.screens.asking import Pick
from tui.screens.run.compare import Compare
from tui.shared.opened import told_in
from tui.shared.start import Start
from tui.widgets.lines import Pane

LATE = Start(str(FOLDER / "FM-010.jsonl"), "FM-010")


async def waited(app: Explorer, pilot: Pilot[str], group: str) -> None:
    """Wait for what another process is asked."""
    await app.workers.wait_for_complete([w for w in app.workers if w.group == group])
    await pilot.pause()


def test_the_good_run_leaves_the_bad_one_before_the_step_that_breaks_it() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "o")
        await waited(app, pilot, "good")
        assert isinstance(app.screen, Compare)
        ours, good = app.screen.ours, app.screen.theirs
        # The holder settles instead of the late worker: one step, and the job is done.
        assert [i.step.call for i in ours.steps[:7]] == [i.step.call for i in good.steps[:7]]
        assert good.steps[7].step.call != ours.steps[7].step.call
        assert app.opened is not None and app.opened.step == 7

    explore(look, LATE)


def test_two_branches_stand_beside_each_other_and_both_can_be_opened_again() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "k", "t", "2", "u", "3", "c")
        assert isinstance(app.screen, Pick) and "branch 1" in text(app)
        await press(pilot, "down", "enter")
        assert isinstance(app.screen, Compare)
        pairs = app.screen.pairs
        assert pairs[-2:] == [(8, None), (None, 8)], "they part at the last step"
        await press(pilot, "q")
        assert len(list(app._places())) == 2

    explore(look, LATE)


def test_a_run_says_where_its_failure_is_told() -> None:
    mode = FAILURES["FM-010"]
    places = dict(told_in(mode))
    assert places["page"].endswith("docs/failure-modes/FM-010.md")
    assert {i.url for i in mode.incidents} < set(places.values())

    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "i")
        assert "fm-010-a-late-worker-was-believed.md" in text(app)

    explore(look, LATE, size=(120, 40))


def test_a_pane_shows_only_the_lines_with_the_words_at_every_step() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        await press(pilot, "f", *"worker2", "enter")
        pane = app.screen.query_one("#moves", Pane)
        for _ in range(2):
            assert pane.rows and all("worker2" in each.text for each in pane.rows)
            await press(pilot, "k")
        await press(pilot, "f", *(["backspace"] * 7), "enter")
        assert any("worker2" not in each.text for each in pane.rows)

    explore(look, LATE)


def test_a_heading_stays_with_its_lines_and_brings_them_along() -> None:
    async def look(app: Explorer, pilot: Pilot[str]) -> None:
        app.screen.query_one("#state", Pane).focus()
        await press(pilot, "d", "f", *"job1", "space", *"token", "enter")
        shown = [each.text for each in app.screen.query_one("#state", Pane).rows]
        assert shown[0] == "job1" and all("token" in each for each in shown[1:]) and shown[1:]

    explore(look, LATE)
