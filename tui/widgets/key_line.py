"""The keys below a screen, in one line.

Textual's footer is a widget for each key, made anew whenever one comes or goes: a third of what
the first screen costs, and most of what a key costs.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widget import Widget

from tui.rows.text import content

if TYPE_CHECKING:
    from textual.binding import ActiveBinding
    from textual.screen import Screen


class KeyLine(Widget):
    """The keys that are shown, dim if they do nothing now; a click presses one."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-line--key"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom;
        height: 1;
        color: $footer-description-foreground;
        background: $footer-background;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        & .key-line--key { color: $footer-key-foreground; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[ActiveBinding] = []

    def on_mount(self) -> None:
        """Hear of every key that comes or goes."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        first: dict[str, ActiveBinding] = {}
        for bound in screen.active_bindings.values():
            if bound.binding.show:
                first.setdefault(bound.binding.action, bound)
        keys = list(first.values())
        if keys != self.keys:
            self.keys = keys
            self.refresh()

    def _shown(self, bound: ActiveBinding) -> str:
        return self.app.get_key_display(bound.binding)

    def render(self) -> Content:
        """Return the line."""
        look = self.get_visual_style("key-line--key", partial=True)
        parts = []
        for bound in self.keys:
            off = "" if bound.enabled else "dim"
            key = content(self._shown(bound)).stylize(look)
            parts.append(content(key, f" {bound.binding.description} ").stylize(off))
        return content(*parts)

    def _at(self, x: int) -> ActiveBinding | None:
        """Return the key that is drawn there."""
        widths = [cell_len(f"{self._shown(b)} {b.binding.description} ") for b in self.keys]
        ends = accumulate(widths)
        return next((bound for bound, end in zip(self.keys, ends, strict=True) if x < end), None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say more of the key below the mouse."""
        bound = self._at(event.x)
        self.tooltip = None if bound is None else content(bound.tooltip)

    def on_click(self, event: events.Click) -> None:
        """Press the key below the mouse."""
        if (bound := self._at(event.x)) is not None:
            self.app.simulate_key(bound.binding.key)
