"""A bad image of the crash laboratory: who did what, the disk among them, and what was left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll

from tui.rows import glyphs
from tui.rows.rows import Piece, Tone
from tui.rows.text import Plain, content
from tui.screens.base import Base
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from checker.crashlab.story import Story

_FATES: dict[str, Tone] = {"lost": "bad", "arrived": "good"}


class Lanes(Lines):
    """What happened, one row each, and a lane for each actor."""

    def __init__(self, story: Story, id: str | None = None) -> None:
        super().__init__(id)
        self.story = story
        self._lane = {actor: n for n, actor in enumerate(story.actors)}
        self._digits = len(str(len(story.rows)))
        self.set_reactive(Lanes.cursor, story.crash - 1)

    @property
    def line_count(self) -> int:
        """One line for each row."""
        return len(self.story.rows)

    @property
    def head(self) -> str:
        """The line above: which lane belongs to whom."""
        lanes = "".join(f"{actor[:7]:<8}" for actor in self._lane)
        return f"  {'#':>{self._digits}} {lanes}"

    def line(self, n: int) -> tuple[int, Sequence[Piece]]:
        """Return a row."""
        row = self.story.rows[n]
        crash, end = row.n == self.story.crash, row.n == len(self.story.rows)
        glyph = glyphs.FAULT if crash else glyphs.VIOLATED if end else glyphs.EVENT
        tone: Tone = "fault" if crash else "bad" if end else "title"
        pieces: list[Piece] = [(f" {row.n:>{self._digits}} ", "")]
        for lane in range(len(self._lane)):
            acts = lane == self._lane[row.actor]
            pieces.append((glyph if acts else glyphs.RAIL, tone if acts else "dim"))
            pieces.append((" " * 7, ""))
        if row.fate:
            pieces.append((f"{row.fate} ", _FATES.get(row.fate, "armed")))
        pieces.append((row.what, tone if crash or end else ""))
        return n, pieces


class Image(Base):
    """The story of one image, and below it what is in the files."""

    HELP = "What the store asked of its disk, where the power failed, and what was left."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", "Next", show=False),
        Binding("k", "move(-1)", "Before", show=False),
        Binding("c", "crash", "Crash", tooltip="go to where the power failed"),
        Binding("v", "verdict", "Verdict", tooltip="go to what was found in the end"),
    ]

    def __init__(self, place: Path, story: Story) -> None:
        super().__init__()
        self.place, self.story = place, story

    def body(self) -> ComposeResult:
        """Put the lanes above what was found."""
        with Vertical(classes="box", id="lanes-box"):
            yield Plain(id="lanes-head")
            yield Lanes(self.story, id="lanes")
        with VerticalScroll(classes="box", id="image-end"):
            yield Plain(id="image-said")

    def on_mount(self) -> None:
        """Say what is looked at."""
        from checker.crashlab.story import ending

        story = self.story
        self.set_title(f"{self.place.name}  {story.verdict}")
        self.query_one("#lanes-box").border_title = content(story.title)
        self.query_one("#lanes-head", Plain).update(self.query_one(Lanes).head)
        self.query_one("#image-said", Plain).update("\n".join([self._row(), *ending(story)]))
        self.query_one(Lanes).focus()

    def _row(self) -> str:
        row = self.story.rows[self.query_one(Lanes).cursor]
        fate = f" ({row.fate})" if row.fate else ""
        return f"{row.n} of {len(self.story.rows)}: {row.actor}: {row.what}{fate}"

    @on(Lines.Pointed)
    def _pointed(self) -> None:
        from checker.crashlab.story import ending

        said = [self._row(), *ending(self.story)]
        self.query_one("#image-said", Plain).update("\n".join(said))

    def action_move(self, step: int) -> None:
        """Go to the next row, or to the one before."""
        self.query_one(Lanes).action_move(step)

    def action_crash(self) -> None:
        """Go to where the power failed."""
        self._go(self.story.crash)

    def action_verdict(self) -> None:
        """Go to the end."""
        self._go(len(self.story.rows))

    def _go(self, n: int) -> None:
        self.query_one(Lanes).cursor = n - 1
        self._pointed()

    @property
    def command(self) -> str:
        """The command that opens this image again."""
        import shlex

        return f"ffq browse {shlex.quote(str(self.place))}"


def opened(place: Path) -> Base:
    """Return the screen for a kept image, or the one that says why there is none."""
    from checker.crashlab.keep import BadImage, load
    from checker.crashlab.story import open_story
    from tui.screens.problem import Problem

    try:
        return Image(place, open_story(load(place.parent, place.name)))
    except BadImage as wrong:
        remedies = ("`ffq crashlab` makes images anew", "q goes back to the catalogue")
        return Problem(str(place), "it cannot be used", str(wrong), remedies)
