"""The trace screen: the keys that walk along a run, and what each pane says there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from checker.evidence.traces import FOLDER
from checker.explain.run import broken_run, open_run
from checker.runs.trace import record
from spec.queue import SCOPES
from tests.explorer.screens import text
from tui.app import Explorer
from tui.rows.rows import fold
from tui.screens.run.replay import Replay
from tui.screens.run.trace import Trace
from tui.screens.run.what_if import WhatIf
from tui.shared.start import Start
from tui.widgets.lines import Pane
from tui.widgets.timeline import Timeline

LATE = FOLDER / "FM-010.jsonl"


def explore(
    check: Callable[[Trace, Pilot[str]], Awaitable[None]],
    size: tuple[int, int] = (120, 40),
    file: str = str(LATE),
    step: int | None = None,
) -> None:
    """Open a trace, wait until it is drawn, and look."""

    async def within() -> None:
        app = Explorer(Start(file, file, step))
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            assert isinstance(app.screen, Trace)
            await check(app.screen, pilot)

    asyncio.run(within())


def said(screen: Screen[None], pane: str) -> str:
    return "\n".join(each.text for each in screen.query_one(f"#{pane}", Pane).rows)


async def press(pilot: Pilot[str], keys: Sequence[str]) -> None:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()


def test_a_trace_opens_at_its_end_and_says_why_the_property_is_broken() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        assert screen.at == 8
        why = said(screen, "why")
        assert "only_the_holder_settles  is BROKEN after step 8" in why
        assert "token[job[worker1]] == held[worker1]" in why

    explore(check)


def test_the_guard_that_was_taken_away_is_named_where_it_would_have_refused() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        await press(pilot, "k")
        assert screen.at == 7
        assert "the run takes it: step 8  only without fenced" in said(screen, "moves")
        why = said(screen, "why")
        assert "false since step 7 (worker2 claim(job1))" in why
        assert "with that guard, the move would be refused here" in why
        assert "false since step 7" in text(screen.explorer), "what differs is drawn"

    explore(check)


def test_a_run_that_never_ends_is_explained_by_what_it_owes() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        first = screen.query_one("#invariants", Pane).rows[0].text
        assert first == "✗ LIVE-02 orphans_are_freed   owed for ever since step 6"
        why = said(screen, "why")
        assert "LIVE-02 orphans_are_freed  is BROKEN: owed for ever since step 6" in why
        assert "✗ outcome" in why and "false since step 6 (worker1 crash)" in why
        assert "no step that fairness demands is possible there" in why
        await press(pilot, "g")
        first = screen.query_one("#invariants", Pane).rows[0].text
        assert first == "✓ LIVE-02 orphans_are_freed   broken at 8"

    explore(check, file=str(FOLDER / "FM-017.jsonl"))


def test_a_branch_that_still_owes_something_has_broken_nothing() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        await press(pilot, ["f4"])
        other = screen.app.screen
        assert isinstance(other, WhatIf)
        first = other.query_one("#invariants", Pane).rows[0].text
        assert first == "– LIVE-02 orphans_are_freed   owed since step 6"
        assert "is broken" not in text(screen.explorer).splitlines()[0]

    explore(check, file=str(FOLDER / "FM-017.jsonl"))


def test_a_number_out_of_its_range_is_explained_like_any_property(tmp_path: Path) -> None:
    run = broken_run(SCOPES["one-job"], ["recover.expired"], "range_fails")
    file = tmp_path / "range.jsonl"
    file.write_text(record(run.trace, run.story))

    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        assert "✗ range range_fails" in said(screen, "invariants")
        assert "range_fails  is BROKEN" in said(screen, "why")
        assert "0 <= fails <= MaxFails" in said(screen, "why")
        _, pieces = screen.query_one(Timeline).line(8)
        assert pieces[-1][0] == "fails would leave its range"
        assert "State before step 8, which leads to none" in text(screen.explorer)

    explore(check, file=str(file))


def test_keys_walk_along_the_run() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        walked = []
        keys = ("g", "j", "right_square_bracket", "right_curly_bracket", "down", "G", "k")
        for key in (*keys, "left_square_bracket", "left_curly_bracket"):
            await press(pilot, [key])
            walked.append(screen.at)
        # job1 acts at 1 and 4, the only fault is 4, worker2 acts at 7 alone
        assert walked == [0, 1, 4, 4, 5, 8, 7, 7, 4]
        assert screen.query_one(Timeline).cursor == 4

    explore(check)


def test_enter_on_a_field_goes_to_its_last_writer() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        await press(pilot, ["g", "j", "j", "j", "j"])  # the lease ran out: written by 2 before
        screen.query_one("#state").focus()
        await press(pilot, ["down", "enter"])
        assert screen.at == 2

    explore(check)


@pytest.mark.deep
def test_a_search_goes_to_what_it_finds() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        await press(pilot, ["g", "slash", *"action", "colon", *"claim", "enter", "n"])
        assert screen.at == 7
        assert screen.query_one(Timeline).signs.found == [2, 7]

    explore(check)


@pytest.mark.deep
def test_a_move_is_taken_beside_the_run_and_undone() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        await press(pilot, ["k", "1"])
        what_if = pilot.app.screen
        assert isinstance(what_if, WhatIf)
        assert (what_if.node.branch, what_if.node.depth) == (1, 8)
        assert "branch 1" in said(what_if, "tree")
        await press(pilot, ["u"])
        assert (what_if.node.branch, what_if.node.depth) == (0, 7)
        assert len(what_if.branches.kept) == 1

    explore(check)


def test_the_file_shows_what_the_spec_says_and_the_guard_that_is_missing() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        await press(pilot, ["s"])
        replay = pilot.app.screen
        assert isinstance(replay, Replay)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        shown = said(replay, "sql")
        assert "UPDATE job" in shown and "fenced" not in shown
        assert "done" in said(replay, "store")

    explore(check)


def test_a_run_of_20_000_steps_draws_only_what_is_on_the_screen() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        run, timeline = open_run(LATE), screen.query_one(Timeline)
        many = 2_500
        story = replace(run.story, lines=run.story.lines * many)
        states = (run.states[0], *(run.states[1:] * many))
        timeline.show_run(replace(run, story=story, states=states, steps=run.steps * many), 0)
        await pilot.pause()
        before = timeline.drawn
        timeline.cursor = 19_999
        await pilot.pause()
        assert timeline.line_count == 20_001
        assert timeline.scroll_offset.y > 19_900
        assert timeline.drawn - before <= 4 * timeline.size.height

    explore(check)


def test_hostile_text_is_shown_and_never_obeyed() -> None:
    (line,) = fold((("[b]x[/] \x1b[2J\u202e", ""),), 80)
    assert "".join(text for text, _ in line) == "[b]x[/] \\x1b[2J\\u202e"
    lines = fold((("w" * 10_000, ""),), 40)
    assert all(sum(len(text) for text, _ in each) <= 40 for each in lines)


def test_a_smaller_screen_keeps_the_place() -> None:
    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        await press(pilot, ["g", "j", "j", "j"])
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert screen.at == screen.query_one(Timeline).cursor == 3
        assert screen.query_one("#moves").size.height > 3
        assert screen.query_one("#why").size.height == 0

    explore(check)


@pytest.mark.deep
def test_a_note_is_kept_beside_the_file_and_found_again(tmp_path: Path) -> None:
    file = tmp_path / "late.jsonl"
    file.write_bytes(LATE.read_bytes())

    async def check(screen: Trace, pilot: Pilot[str]) -> None:
        await press(pilot, ["k", "m"])
        pilot.app.screen.query_one(Input).value = "[b]here[/]"
        await press(pilot, ["enter", "g", "apostrophe", "enter"])
        assert screen.at == 7
        assert screen.query_one(Timeline).signs.noted == {7: "[b]here[/]"}

    explore(check, file=str(file))
    assert (tmp_path / "late.notes.jsonl").exists()
