"""Questions: a line to fill in, or a row to pick; escape answers nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.rows.rows import Row
from tui.rows.text import Plain
from tui.widgets.lines import Lines, Pane
from tui.widgets.tones import TONES


class Ask(ModalScreen[str | None]):
    """Asks for a line of text; what the line is good for is said below while it is written."""

    DEFAULT_CSS = """
    Ask {
        align: center bottom;
        & > Vertical { height: auto; border: round $accent; background: $surface; padding: 0 1; }
        Input { border: none; height: 1; padding: 0; background: $panel; }
        Plain { height: auto; max-height: 3; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]

    def __init__(
        self, question: str, value: str = "", answer: Callable[[str], str] = lambda text: ""
    ) -> None:
        super().__init__()
        self.question, self.value, self.answer = question, value, answer

    def compose(self) -> ComposeResult:
        """Yield the question, the line, and what it is good for."""
        with Vertical():
            yield Plain(self.question)
            yield Input(self.value, compact=True)
            yield Plain(self.answer(self.value), id="answer")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self.query_one("#answer", Plain).update(self.answer(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class Pick(ModalScreen[object]):
    """Asks for one of several rows, found by words if `search`; answers what it stands for."""

    DEFAULT_CSS = """
    Pick {
        align: center middle;
        & > Vertical {
            width: 90%; max-width: 110; height: auto; max-height: 80%;
            border: round $accent; background: $surface; padding: 0 1;
        }
        Input { border: none; height: 1; padding: 0; background: $panel; }
        Pane { height: auto; max-height: 100%; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = TONES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Back"),
        Binding("j", "move(1)", "Down", show=False),
        Binding("k", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
    ]

    def __init__(self, question: str, rows: Sequence[Row], search: bool = False) -> None:
        super().__init__()
        self.question, self.rows, self.search = question, rows, search

    def compose(self) -> ComposeResult:
        """Yield the question and the rows."""
        with Vertical():
            yield Plain(self.question)
            if self.search:
                yield Input(placeholder="words find it", compact=True)
            yield Pane("choices")

    def on_mount(self) -> None:
        """Show the rows."""
        pane = self.query_one(Pane)
        pane.show(self.rows, 0)
        if self.search:
            self.query_one(Input).cursor_blink = False  # it would be drawn over and over
        else:
            pane.focus()

    @on(Input.Changed)
    def _sought(self, event: Input.Changed) -> None:
        words = event.value.lower().split()
        found = [each for each in self.rows if all(word in each.text.lower() for word in words)]
        self.query_one(Pane).show(found, 0)

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        self.query_one(Pane).action_move(step)

    @on(Input.Submitted)
    @on(Lines.Chosen)
    def _chosen(self) -> None:
        self.dismiss(self.query_one(Pane).subject)
