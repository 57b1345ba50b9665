"""The whole run on one line: a mark for each state, and the words for what the marks say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.rows import glyphs
from tui.rows.rows import mark_tone
from tui.rows.text import one_line
from tui.widgets.tones import looks

WORST = (glyphs.VIOLATED, glyphs.DOOMED, glyphs.ARMED, *"123456789", glyphs.RUNNING, "?")
"""Which mark stands for several, first the gravest."""


def gravest(marks: Sequence[str]) -> str:
    """Return the mark that stands for these."""
    present = set(marks)
    return next((m for m in WORST if m in present), marks[0])


def shrunk(marks: Sequence[str], cells: int) -> list[str]:
    """Return the marks of a run in so many cells, the gravest of each part of it."""
    if len(marks) <= cells:
        return list(marks)
    edges = [i * len(marks) // cells for i in range(cells + 1)]
    return [gravest(marks[a:b]) for a, b in pairwise(edges)]


class Scrub(Widget):
    """Where the reader is, in one line; a click on a mark goes there."""

    DEFAULT_CSS = "Scrub { height: 1; }"

    at: reactive[int] = reactive(0)

    class Sent(Message):
        """A mark was clicked."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.steps, self.words = 0, ""
        self._marks: Sequence[str] = glyphs.RUNNING
        self._cells: list[str] = []

    def tell(self, steps: int, marks: Sequence[str], words: str) -> None:
        """Show the marks of a run of so many steps, one for each state, and what they say."""
        self.steps, self.words = steps, words
        self._marks = marks or glyphs.RUNNING * (steps + 1)
        self._cells = []
        self.refresh()

    def on_resize(self) -> None:
        """Make the marks anew for the new width."""
        self._cells = []

    def _room(self) -> int:
        """Return how many cells the marks may take."""
        return max(min(self.steps + 1, self.size.width // 2), 1)

    def _cell(self) -> int:
        return self.at * len(self._cells) // (self.steps + 1)

    def _head(self) -> str:
        return f" {self.at}/{self.steps}  "

    def render_line(self, y: int) -> Strip:
        """Return the line."""
        if not self._cells:
            self._cells = shrunk(self._marks, self._room())
        base, look = self.rich_style, looks(self)
        segments = [Segment(self._head(), base)]
        for n, mark in enumerate(self._cells):
            style = base + look[mark_tone(mark)]
            if n == self._cell():
                style += look["here"]
            segments.append(Segment(mark, style))
        segments.append(Segment("  " + one_line(self.words), base))
        return Strip(segments).crop(0, self.size.width).extend_cell_length(self.size.width, base)

    def on_click(self, event: events.Click) -> None:
        """Go to the step whose mark was clicked."""
        cell = event.x - cell_len(self._head())
        if 0 <= cell < len(self._cells):
            self.post_message(self.Sent(-(-cell * (self.steps + 1) // len(self._cells))))
