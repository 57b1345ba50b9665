"""The names of the panes on one line, where there is room for only one of them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget


class TabLine(Widget):
    """Names to choose from; a click picks one."""

    DEFAULT_CSS = "TabLine { height: 1; }"

    active: reactive[int] = reactive(0)

    class Picked(Message):
        """A name was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, names: Sequence[str], id: str | None = None) -> None:
        super().__init__(id=id)
        self.names = names

    def render_line(self, y: int) -> Strip:
        """Return the line; the name of the pane that is shown is reversed."""
        base = self.rich_style
        look = base + Style(reverse=True)
        segments = [
            Segment(f" {name} ", look if n == self.active else base)
            for n, name in enumerate(self.names)
        ]
        return Strip(segments).crop(0, self.size.width).extend_cell_length(self.size.width, base)

    def on_click(self, event: events.Click) -> None:
        """Pick the name below the mouse."""
        end = 0
        for number, name in enumerate(self.names):
            end += len(name) + 2
            if event.x < end:
                self.post_message(self.Picked(number))
                return
