"""How each tone looks: asked of the screen, which a change of style visits once, not every pane."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from rich.style import Style

from tui.rows.rows import Tone

if TYPE_CHECKING:
    from textual.widget import Widget

_TONES: tuple[Tone, ...] = tuple(tone for tone in get_args(Tone) if tone)
TONES = {f"tone--{tone}" for tone in _TONES}
"""The component classes of a screen whose panes have tones; the style sheet has a rule for each."""


def looks(widget: Widget) -> dict[Tone, Style]:
    """Return how each tone looks on the widget's screen."""
    screen = widget.screen
    found = {tone: _ink(screen.get_component_rich_style(f"tone--{tone}")) for tone in _TONES}
    return {"": Style.null(), **found}


def _ink(style: Style) -> Style:
    # The part that leaves the background alone. What Textual calls the partial style would have
    # lost how faint the colour is, which is seen only on its background.
    return Style(color=style.color, bold=style.bold, dim=style.dim, reverse=style.reverse)
