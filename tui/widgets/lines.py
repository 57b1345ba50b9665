"""Panes drawn line by line: only the lines that are on the screen are ever made."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.rows.rows import Piece, Row, Tone, fold, having
from tui.rows.text import one_line
from tui.widgets.tones import looks


class Lines(ScrollView, can_focus=True):
    """Rows of text with a cursor; a subclass says how many lines there are and what is on each."""

    DEFAULT_CSS = """
    Lines {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "end(0)", "First", show=False),
        Binding("end", "end(1)", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]

    cursor: reactive[int] = reactive(0, init=False)
    """The number of the row that the cursor is on."""

    @dataclass
    class Pointed(Message):
        """The cursor has come to another row, by key or mouse."""

        lines: Lines
        row: int

        @property
        def control(self) -> Lines:
            """The pane, for `@on`."""
            return self.lines

    @dataclass
    class Chosen(Pointed):
        """Enter was pressed on a row, or it was clicked when the cursor was there."""

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.drawn = 0
        self._base = Style.null()
        self._looks: dict[Tone, Style] = {}

    # ---------------------------------------------------------------- what a subclass says
    @property
    def line_count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def line(self, n: int) -> tuple[int, Sequence[Piece]]:
        """Return the number of the row that line `n` belongs to, and its pieces."""
        raise NotImplementedError

    def line_of(self, row: int) -> int:
        """Return the first line of a row."""
        return row

    def stop(self, row: int, step: int) -> int | None:
        """Return where the cursor comes to from `row`: the row, or the next it may stand on."""
        return row if 0 <= row < self.line_count else None

    # ---------------------------------------------------------------- drawing
    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of a part of the screen."""
        self._base, self._looks = self.rich_style, looks(self)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one line of the screen."""
        self.drawn += 1
        n, width = y + int(self.scroll_offset.y), self.size.width
        base, look = self._base, self._looks
        if n >= self.line_count:
            return Strip.blank(width, base)
        number, pieces = self.line(n)
        here = number == self.cursor and self.stop(number, 1) == number
        bar = here and self.has_focus
        segments = [Segment(">" if here and n == self.line_of(number) else " ", base)]
        segments += [Segment(one_line(text), base + look[tone]) for text, tone in pieces]
        if bar:
            segments = [Segment(s.text, (s.style or base) + look["here"]) for s in segments]
        strip = Strip(segments)
        if strip.cell_length > width - 1:  # the last column is the scroll bar's
            cut = strip.crop(0, width - 2)
            strip = Strip([*cut, Segment("…", segments[-1].style)])
        return strip.extend_cell_length(width, segments[-1].style if bar else base)

    def lay_out(self) -> None:
        """Say anew how long this is, and keep the cursor in sight."""
        # Set as it would be, but without laying out the whole screen: the gutter of the scroll bar
        # is always there, so no other widget moves.
        self.set_reactive(Lines.virtual_size, Size(self.size.width, self.line_count))
        self._scroll_update(self.virtual_size)
        self.show_cursor()

    def show_cursor(self) -> None:
        """Scroll as little as needed to have the cursor on the screen."""
        if self.size.height and self.line_count:
            line = Region(0, self.line_of(self.cursor), self.size.width, 1)
            self.scroll_to_region(line, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        """Lay the text out for the new width."""
        self.lay_out()
        self.refresh()

    def watch_cursor(self, before: int, now: int) -> None:
        """Draw the cursor where it is now."""
        self.show_cursor()
        self.refresh_row(before)
        self.refresh_row(now)

    def on_focus(self) -> None:
        """Draw the cursor as what keys move."""
        self.refresh_row(self.cursor)

    on_blur = on_focus

    def refresh_row(self, row: int) -> None:
        """Draw a row anew."""
        first = self.line_of(row)
        after = self.line_of(row + 1) if row + 1 < self.row_count else self.line_count
        self.refresh_lines(first, max(after - first, 1))

    # ---------------------------------------------------------------- keys and mouse
    def action_move(self, step: int) -> None:
        """Move the cursor; where no row can be pointed at, scroll."""
        to = self.stop(self.cursor + step, step)
        if to is None:
            self.scroll_relative(y=step, animate=False, force=True)
        else:
            self._point(to)

    def action_page(self, step: int) -> None:
        """Move by the height of the pane."""
        last = self.row_count - 1
        to = min(max(self.cursor + step * max(self.size.height - 1, 1), 0), last)
        found = self.stop(to, step)
        self._point(self.stop(to, -step) if found is None else found)

    def action_end(self, end: int) -> None:
        """Move to the first or the last row."""
        self._point(self.stop(self.row_count - 1, -1) if end else self.stop(0, 1))

    def action_choose(self) -> None:
        """Say that this row is meant."""
        if self.stop(self.cursor, 1) == self.cursor:
            self.post_message(self.Chosen(self, self.cursor))

    @property
    def row_count(self) -> int:
        """How many rows there are; a row may take several lines."""
        return self.line_count

    def _point(self, to: int | None) -> None:
        if to is not None and to != self.cursor:
            self.cursor = to
            self.post_message(self.Pointed(self, to))

    def on_click(self, event: events.Click) -> None:
        """Point at the row below the mouse, and choose it the second time."""
        n = event.get_content_offset(self)
        line = -1 if n is None else n.y + int(self.scroll_offset.y)
        if not 0 <= line < self.line_count:
            return
        number, _ = self.line(line)
        if self.stop(number, 1) != number:
            return
        if number == self.cursor:
            self.post_message(self.Chosen(self, number))
        self._point(number)


class Pane(Lines):
    """Rows that are all at hand, folded to the width; the cursor stops at those with a subject."""

    def __init__(
        self, id: str | None = None, rows: Sequence[Row] = (), classes: str | None = None
    ) -> None:
        super().__init__(id, classes)
        self.rows: Sequence[Row] = rows
        self.only = ""
        """The words that a row must have to be shown."""
        self._lines: list[tuple[int, tuple[Piece, ...]]] = []
        self._first: list[int] = []

    def show(self, rows: Sequence[Row], cursor: int | None = None) -> None:
        """Show other rows; the cursor stays where it was unless it is sent elsewhere."""
        self.refresh_row(self.cursor)
        kept = having(rows, self.only)
        self.rows = [rows[n] for n in kept]
        wanted = self.cursor if cursor is None else bisect_left(kept, cursor)
        wanted = min(max(wanted, 0), max(len(rows) - 1, 0))
        stop = self.stop(wanted, 1)
        stop = self.stop(wanted, -1) if stop is None else stop
        self.set_reactive(Pane.cursor, wanted if stop is None else stop)
        self.lay_out()
        self.refresh_row(self.cursor)

    @property
    def subject(self) -> object:
        """What the row under the cursor stands for."""
        return self.rows[self.cursor].subject if self.cursor < len(self.rows) else None

    def lay_out(self) -> None:
        """Fold every row to the width, and draw anew the lines that differ."""
        width = (self.size.width or self.container_size.width) - 2  # the cursor, the scroll bar
        before, self._lines, self._first = self._lines, [], []
        for number, each in enumerate(self.rows):
            self._first.append(len(self._lines))
            self._lines += [(number, line) for line in fold(each.pieces, max(width, 8), each.hang)]
        super().lay_out()
        pairs = enumerate(zip_longest(before, self._lines))
        differ = [n for n, (old, new) in pairs if old != new]
        if differ:
            self.refresh_lines(differ[0], differ[-1] - differ[0] + 1)

    @property
    def line_count(self) -> int:
        """How many lines the rows take."""
        return len(self._lines)

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def line(self, n: int) -> tuple[int, Sequence[Piece]]:
        """Return line `n` and its row."""
        return self._lines[n]

    def line_of(self, row: int) -> int:
        """Return the first line of a row."""
        return self._first[row] if row < len(self._first) else 0

    def stop(self, row: int, step: int) -> int | None:
        """Return the next row that stands for something."""
        while 0 <= row < len(self.rows):
            if self.rows[row].subject is not None:
                return row
            row += step
        return None
