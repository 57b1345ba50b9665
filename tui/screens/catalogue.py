"""The catalogue: what is claimed, what breaks without which protection, and by which evidence."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import DataTable

from checker.evidence.found import FOLDER
from spec.failures import FAILURES
from tui.messages import Open
from tui.screens.base import Base
from tui.text import Plain, cell


class Catalogue(Base):
    """The failure modes; enter opens the trace of one."""

    HELP = "What is claimed, and what breaks without which protection."

    def body(self) -> ComposeResult:
        """Yield the matrix, and a line on the row that is looked at."""
        yield DataTable(cursor_type="row")
        yield Plain(id="cell")

    def on_mount(self) -> None:
        """Fill the matrix."""
        self.set_title(f"ffq  {len(FAILURES)} failure modes")
        table: DataTable[object] = self.query_one(DataTable)
        table.add_columns("ID", "what happens")
        for id, mode in FAILURES.items():
            table.add_row(cell(id), cell(mode.name), key=id)
        table.focus()

    @on(DataTable.RowHighlighted)
    def _look(self, event: DataTable.RowHighlighted) -> None:
        if event.row_key.value:
            self.query_one("#cell", Plain).update(FAILURES[event.row_key.value].doc)

    @on(DataTable.RowSelected)
    def _open(self, event: DataTable.RowSelected) -> None:
        self.post_message(Open(str(FOLDER / f"{event.row_key.value}.jsonl")))
