"""What screens tell the application."""

from __future__ import annotations

from textual.message import Message


class Open(Message):
    """The reader wants to see a trace; `source` is what `ffq browse` is given to open it again."""

    def __init__(self, file: str, source: str | None = None, step: int | None = None) -> None:
        super().__init__()
        self.file, self.source, self.step = file, source or file, step
