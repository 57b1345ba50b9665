"""The catalogue: what is claimed, what breaks without which protection, and by which evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Input, Tab, Tabs

from checker.evidence import matrix
from checker.evidence.traces import FOLDER
from checker.evidence.work import Check, Fill
from spec.failures import FAILURES
from spec.failures.edits import in_words
from spec.failures.glossary import says, spoken_of
from spec.queue import DEFAULT
from tui.rows.symbols import LEGENDS, STYLES
from tui.rows.text import Part, Plain, cell, content, cut
from tui.screens.base import Base
from tui.shared.checks import Work
from tui.widgets.table import Table

SHORT = {
    "reproduced": "repr.",
    "replayed": "repl.",
    "prevented": "prev.",
    "detected": "det.",
    "recovered": "rec.",
}
ID_WIDTH, NAME_WIDTH_MIN = 8, 24


class Catalogue(Base):
    """Two matrices, of failure modes and of claims; enter opens a trace."""

    HELP = "What breaks without which protection, what is claimed, and by which kind of evidence."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "1", "show('modes')", "Failures", tooltip="The failure modes and their five proofs"
        ),
        Binding("2", "show('claims')", "Claims", tooltip="The claims, scope by scope"),
        Binding("r", "check", "Check", tooltip="Check the scope of this row, now"),
        Binding(
            "slash", "find", "Find", key_display="/", tooltip="Show only rows with these words"
        ),
        Binding("w", "witness", "Witness", tooltip="A shortest run to what this claim speaks of"),
        Binding("x", "stop", "Stop", tooltip="Stop computing what is not known"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.shown = "modes"
        self.wanted = ""
        self.rows: dict[str, matrix.MatrixRow] = {}
        self._modes: list[matrix.MatrixRow] = []
        self._claims: list[matrix.MatrixRow] = []
        self._heard: list[object] = []

    # ---------------------------------------------------------------- drawing
    def body(self) -> ComposeResult:
        """Yield the matrix, what its symbols mean, and what is said of the cell looked at."""
        yield Tabs(Tab("1 Failure modes", id="modes"), Tab("2 Claims", id="claims"))
        yield Table(cursor_type="cell", cell_padding=0, fixed_columns=2)
        yield Input(placeholder="words that the rows have; escape shows all", id="wanted")
        yield Plain(id="legend")
        yield Plain(id="cell", classes="box")

    def on_mount(self) -> None:
        """Show what is known, and begin to compute what is not."""
        self.query_one(Tabs).can_focus = False
        self.read_matrix()
        scopes, modes = self._unknown()
        if self.explorer.fills and (scopes or modes):
            self.explorer.works.begin(Fill(scopes, modes))
            self.draw_title()
        self.query_one(Table).focus()

    def on_screen_resume(self) -> None:
        """Show what was computed while another screen was looked at."""
        if self._modes and self._heard != self._said():
            self.call_after_refresh(self.read_matrix)

    def _said(self) -> list[object]:
        return [(work.filled, work.running) for work in self.explorer.works.all]

    def read_matrix(self) -> None:
        """Read what is known anew."""
        self._heard = self._said()
        self._modes, self._claims = matrix.modes(), matrix.claims()
        self.draw()

    def _unknown(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        scopes = [
            n for n in DEFAULT if any(not r.cells[n].known for r in self._claims if n in r.cells)
        ]
        modes = [r.id for r in self._modes if any(not c.known for c in r.cells.values())]
        return tuple(scopes), tuple(modes)

    def draw(self) -> None:
        """Draw the matrix that is shown."""
        rows = self._modes if self.shown == "modes" else self._claims
        self.rows = {row.name: row for row in rows if says(_said(row), self.wanted)}
        columns = self._columns()
        kinds = [label for label, _ in columns[2:]]
        names = matrix.MARKS if self.shown == "modes" else DEFAULT
        width = columns[1][1] - 1
        cells = {
            key: [_id(row), cell(cut(row.name, width)), *_marks(row, names)]
            for key, row in self.rows.items()
        }
        assert len(kinds) == len(names)
        self.query_one(Table).fill(columns, cells)
        hidden = sum(n > self.size.width - 1 for n in accumulate(n for _, n in columns))
        more = f"{hidden} more to the right: l   " if hidden else ""
        self.query_one("#legend", Plain).update(more + LEGENDS[self.shown])
        self.draw_title()
        self.draw_cell()

    def _columns(self) -> list[tuple[str, int]]:
        """Return the columns with widths that fill the screen."""
        room = self.size.width - 1 - ID_WIDTH
        if self.shown == "modes":
            long = room >= NAME_WIDTH_MIN + 12 * len(matrix.MARKS) + 16
            marks = [(name if long else SHORT[name], 12 if long else 6) for name in matrix.MARKS]
        else:
            left = room - NAME_WIDTH_MIN - 8
            most = max((n for n in range(3, 13) if _width(n) <= left), default=4)
            marks = [(cut(name, most), min(len(name), most) + 1) for name in DEFAULT]
        wide = max((len(row.name) for row in self._modes + self._claims), default=0) + 1
        left = room - sum(width for _, width in marks)
        head = "what happens" if self.shown == "modes" else "claim"
        return [("ID", ID_WIDTH), (head, max(NAME_WIDTH_MIN, min(left, wide))), *marks]

    def draw_title(self) -> None:
        """Count the evidence by kind, and say what is being computed."""
        rows = self._modes if self.shown == "modes" else self._claims
        count = Counter(c.symbol[0] for row in rows for c in row.cells.values())
        counts = "  ".join(f"{count[kind]} {kind}" for kind in "→PESV✗–?" if count[kind])
        what = "failure modes, five proofs of each" if self.shown == "modes" else "claims by scope"
        parts: list[Part] = [f"ffq  {len(rows)} {what}   ", (counts, "not bold")]
        work = self.explorer.works.filling
        if work is not None and work.filled is not None:
            done = work.filled
            parts.append((f"   computing {done.name}, {done.done} of {done.of}", "italic"))
        self.set_title(*parts)
        self.refresh_bindings()

    def draw_cell(self) -> None:
        """Say in a few lines what the cell that is looked at means."""
        row, column = self._row(), self.query_one(Table).cursor_column
        if row is None:
            self.query_one("#cell", Plain).update("no row has these words")
            return
        names = list(matrix.MARKS if self.shown == "modes" else DEFAULT)
        name = names[max(0, column - 2)] if column >= 2 else ""
        at = row.cells.get(name)
        first: list[Part] = [(f"{row.id} {row.name}", "bold")]
        if name:
            said = f"{at.symbol}  {at.says}" if at else "is not asked in this scope"
            first.append((f"\n{name}: {said}", STYLES.get(at.symbol[0], "") if at else "dim"))
        self.query_one("#cell", Plain).update(
            content(*first, f"\n{row.doc}\n", (self._hint(row), "dim"))
        )

    def _hint(self, row: matrix.MatrixRow) -> str:
        if self.shown == "modes":
            mode = FAILURES[row.id]
            edits = ", ".join(map(in_words, mode.loss.edits))
            return f"breaks {row.breaks} in {mode.loss.scope}: {edits}; enter opens the trace"
        by = self._breakers(row)
        return f"broken by {', '.join(by)}; enter opens the trace of {by[0]}" if by else ""

    # ---------------------------------------------------------------- what is looked at
    def _row(self) -> matrix.MatrixRow | None:
        return self.rows.get(self.query_one(Table).chosen or "")

    def _breakers(self, row: matrix.MatrixRow) -> list[str]:
        return [mode.id for mode in self._modes if mode.breaks == row.name]

    @on(DataTable.CellHighlighted)
    def _look(self) -> None:
        self.draw_cell()

    @on(DataTable.CellSelected)
    def _open(self) -> None:
        row = self._row()
        if row is None:
            return
        by = [row.id] if self.shown == "modes" else self._breakers(row)
        if not by:
            self.say(f"no failure mode breaks {row.name}: there is no trace to open; r checks it")
            return
        self.explorer.open_file(str(FOLDER / f"{by[0]}.jsonl"), by[0])

    # ---------------------------------------------------------------- keys
    def why_not(self, action: str) -> str | None:
        """Say when there is nothing to stop."""
        if action == "stop" and self.explorer.works.filling is None:
            return "nothing is being computed: all that is known is shown"
        if action == "witness" and self.shown == "modes":
            return "a failure mode has a trace: enter opens it; claims (2) have witnesses"
        return None

    def action_show(self, which: str) -> None:
        """Show the other matrix."""
        self.query_one(Tabs).active = which

    @on(Tabs.TabActivated)
    def _shown(self, event: Tabs.TabActivated) -> None:
        if event.tab.id and event.tab.id != self.shown:
            self.shown = event.tab.id
            self.draw()
            self.refresh_bindings()

    def action_witness(self) -> None:
        """Show that the claim is about something."""
        from tui.screens.witness import Witness

        row = self._row()
        if row is not None:
            self.app.push_screen(Witness(self._scope(row), row.name, self.explorer.aside))

    def _scope(self, row: matrix.MatrixRow) -> str:
        """Return the scope that is looked at, or the first that has the claim."""
        name = DEFAULT[max(0, self.query_one(Table).cursor_column - 2)]
        return name if name in row.cells else next(iter(row.cells))

    def action_check(self) -> None:
        """Check the scope of this row: of a failure mode without its protection."""
        row = self._row()
        if row is None:
            return
        if self.shown == "modes":
            loss = FAILURES[row.id].loss
            self.explorer.check(Check(loss.scope, loss.edits))
            return
        self.explorer.check(Check(self._scope(row)))

    def action_stop(self) -> None:
        """Stop computing; what is known stays."""
        work = self.explorer.works.filling
        if work is not None:
            work.cancel()
            self.say("stopped: what is not known stays ?")

    def action_find(self) -> None:
        """Ask for the words that rows must have."""
        self.query_one("#wanted").add_class("-shown")
        self.query_one("#wanted").focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self.wanted = event.value
        self.draw()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.query_one(Table).focus()

    def action_back(self) -> None:
        """Show all rows again, or leave."""
        wanted = self.query_one("#wanted", Input)
        if wanted.has_class("-shown"):
            wanted.value = ""
            wanted.remove_class("-shown")
            self.query_one(Table).focus()
        else:
            super().action_back()

    def work_told(self, work: Work) -> None:
        """Show what has just been computed."""
        if isinstance(work.job, Fill) or not work.running:
            self.read_matrix()

    def on_resize(self, event: events.Resize) -> None:
        """Fill the width that there is."""
        if self._modes:
            self.draw()


def _width(most: int) -> int:
    """Return what the columns of all scopes take if their heads have so many letters at most."""
    return sum(min(len(name), most) + 1 for name in DEFAULT)


def _id(row: matrix.MatrixRow) -> Text:
    return cell(row.id, "bold")


def _said(row: matrix.MatrixRow) -> list[str]:
    """Return what a row can be found by: of a failure mode also the words that people use."""
    known = FAILURES.get(row.id)
    lines = [f"{row.id} {row.name} {row.doc} {row.breaks}"]
    return [*lines, *spoken_of(known)] if known else lines


def _marks(row: matrix.MatrixRow, names: Sequence[str]) -> list[Text]:
    found = []
    for name in names:
        at = row.cells.get(name)
        found.append(cell(at.symbol, STYLES.get(at.symbol[0], "")) if at else cell(""))
    return found
