"""A table whose cells are plain text, and whose keys are those of the whole explorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from tui.rows.text import cell


class Table(DataTable[Text]):
    """A table that keeps the place of its cursor when it is filled anew."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open"),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("h", "cursor_left", "Left", show=False),
        Binding("l", "cursor_right", "Right", show=False),
        Binding("g", "scroll_top", "First row", show=False),
        Binding("G", "scroll_bottom", "Last row", show=False),
    ]

    def fill(self, columns: Sequence[tuple[str, int]], rows: Mapping[str, Sequence[Text]]) -> None:
        """Show these rows by key, under columns of these widths; the cursor stays on its row."""
        at = self.cursor_coordinate
        key = self.row_at(at.row)
        self.clear(columns=True)
        for label, width in columns:
            self.add_column(cell(label), width=width)
        for name, cells in rows.items():
            self.add_row(*cells, key=name)
        row = (
            list(rows).index(key)
            if key is not None and key in rows
            else min(at.row, max(0, len(rows) - 1))
        )
        self.move_cursor(row=row, column=min(at.column, max(0, len(columns) - 1)))

    def row_at(self, row: int) -> str | None:
        """Return the key of a row, or None if there is none."""
        if not self.is_valid_coordinate(Coordinate(row, 0)):
            return None
        return self.coordinate_to_cell_key(Coordinate(row, 0)).row_key.value

    @property
    def chosen(self) -> str | None:
        """The key of the row that the cursor is on."""
        return self.row_at(self.cursor_row)
