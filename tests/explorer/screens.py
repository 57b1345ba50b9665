"""The explorer driven without a terminal: open it at a size, press keys, and read the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from spec.failures import FAILURES
from tui.app import Explorer
from tui.shared.host import Host
from tui.shared.start import Start
from tui.widgets.table import Table

Look = Callable[[Explorer, Pilot[str]], Awaitable[None]]


def explore(
    look: Look, start: Start | None = None, size: tuple[int, int] = (80, 24), **how: bool
) -> None:
    """Open the explorer, which computes nothing by itself, wait until it is drawn, and look."""

    async def within() -> None:
        app = Explorer(start, fills=False, **how)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await look(app, pilot)

    asyncio.run(within())


def drawn(app: Host) -> list[str]:
    """Return the lines of the screen as a terminal shows them."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def text(app: Host) -> str:
    """Return the screen as one text."""
    return "\n".join(drawn(app))


async def press(pilot: Pilot[str], *keys: str) -> None:
    """Press keys one after the other, and wait until what they did is drawn."""
    await pilot.press(*keys)
    await pilot.pause()


async def to_row(app: Explorer, pilot: Pilot[str], id: str) -> None:
    app.screen.query_one(Table).move_cursor(row=list(FAILURES).index(id))
    await pilot.pause()
