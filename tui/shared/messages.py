"""What screens and background work tell the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from tui.shared.checks import Work


class Open(Message):
    """The reader wants to see a trace; `source` is what `ffq browse` is given to open it again."""

    def __init__(self, file: str, source: str | None = None, step: int | None = None) -> None:
        super().__init__()
        self.file, self.source, self.step = file, source or file, step


class Told(Message):
    """Work in the background has said something."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work

    def can_replace(self, message: Message) -> bool:
        """Let only the latest be drawn, so that a slow terminal never lags behind."""
        return isinstance(message, Told) and message.work is self.work
