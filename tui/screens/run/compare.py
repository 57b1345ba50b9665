"""Two runs beside each other: which steps they share, and where they part."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from checker.explain.align import Pair, align
from checker.explain.run import Run
from spec.language.scope import value_name
from tui.rows import glyphs
from tui.rows.rows import Row, Tone, name_of, row
from tui.screens.base import Base
from tui.widgets.lines import Lines, Pane


class Compare(Base):
    """Two runs, step by step; below, the fields in which they differ there."""

    HELP = "Two runs beside each other; below, the fields in which they differ at that step."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", "Next", show=False),
        Binding("k", "move(-1)", "Before", show=False),
        Binding("exclamation_mark", "part", "Where they part", key_display="!"),
    ]

    def __init__(self, ours: Run, theirs: Run, name: str) -> None:
        super().__init__()
        self.ours, self.theirs, self.name_of_theirs = ours, theirs, name
        self.pairs: list[Pair] = [(0, 0), *align(ours, theirs)]

    def body(self) -> ComposeResult:
        """Yield the steps, and below them the fields."""
        yield Pane(id="pairs", classes="box")
        yield Pane(id="fields", classes="box")

    def on_mount(self) -> None:
        """Show both runs."""
        shared = sum(None not in pair for pair in self.pairs) - 1
        names = f"{self.ours.name} beside {self.name_of_theirs}"
        # The count first: a file may have a name that fills the line.
        self.set_title(f"{shared} of {len(self.pairs) - 1} steps are shared  {names}")
        pane = self.query_one("#pairs", Pane)
        pane.show([self._pair(pair) for pair in self.pairs], 0)
        pane.focus()
        self._show_fields()

    def _pair(self, pair: Pair) -> Row:
        ours, theirs = (_called(run, n) for run, n in zip(self._runs, pair, strict=True))
        both = None not in pair
        width = 36 if self.app.size.width >= 100 else 32
        mark = " " if both else "<" if pair[1] is None else ">"
        tone: Tone = "" if both else "changed"
        return row((f"{ours:<{width}} ", tone), (mark, "bad"), (f" {theirs}", tone), subject=pair)

    @property
    def _runs(self) -> tuple[Run, Run]:
        return self.ours, self.theirs

    @on(Lines.Pointed, "#pairs")
    def _pointed(self) -> None:
        self._show_fields()

    def _show_fields(self) -> None:
        """Show what differs after the steps that both have taken up to this row."""
        at = self.query_one("#pairs", Pane).cursor
        counts = [max((p[i] or 0 for p in self.pairs[: at + 1]), default=0) for i in (0, 1)]
        states = [
            {
                p.name: value_name(p.field.type, v)
                for p, v in zip(run.scope.places, run.states[min(n, run.end)], strict=True)
            }
            for run, n in zip(self._runs, counts, strict=True)
        ]
        names = [*states[0], *(name for name in states[1] if name not in states[0])]
        differ = [
            row(
                (f"{name:<22} ", ""),
                (f"{states[0].get(name, glyphs.MISSING):<12} ", "changed"),
                (states[1].get(name, glyphs.MISSING), "changed"),
            )
            for name in names
            if states[0].get(name) != states[1].get(name)
        ]
        self.query_one("#fields", Pane).show(differ or [row(("both are in the same state", "dim"))])
        box = self.query_one("#fields")
        box.border_title = f"Fields that differ after steps {counts[0]} and {counts[1]}"

    def action_move(self, step: int) -> None:
        """Move along both runs."""
        self.query_one("#pairs", Pane).action_move(step)

    def action_part(self) -> None:
        """Go to the first step that only one of them takes."""
        at = next((n for n, pair in enumerate(self.pairs) if None in pair), None)
        if at is None:
            self.say("they never part")
        else:
            self.query_one("#pairs", Pane).cursor = at
            self._show_fields()


def _called(run: Run, n: int | None) -> str:
    if n is None:
        return ""
    line = run.lines[n - 1] if n else None
    return f"{n:>3} {name_of(line.actor, line.call)}" if line else "  0 the beginning"
