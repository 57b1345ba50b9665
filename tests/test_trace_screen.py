"""The trace screen: the keys that walk along a run, and what each pane says there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from textual.pilot import Pilot

from checker.evidence.found import FOLDER
from tui.app import Explorer
from tui.screens.trace import Trace
from tui.start import Start
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


def said(screen: Trace, pane: str) -> str:
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

    explore(check)


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
