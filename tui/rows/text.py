"""The one door for text: what comes from a model or a database is never read as markup.

Textual reads `[b]` in a plain `str` in many places: `Static`, cells of a table, border titles,
labels of a tree. So every text goes through here, as `Content` for widgets or `cell` for tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.content import Content
from textual.visual import VisualType
from textual.widgets import Static

TEXT_MAX = 4000
"""A longer value is cut: nobody reads it on a screen, and it must not slow one down."""

Part = str | Content | tuple[str, str]


def printable(text: str) -> str:
    """Return the text with what no terminal should be sent escaped, and cut if it is too long."""
    if len(text) > TEXT_MAX:
        text = text[: TEXT_MAX - 1] + "…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """Return the text on one line."""
    return printable(text).replace("\n", "\\n")


def cut(text: str, width: int) -> str:
    """Return the text in so many letters at most, with a mark where it is cut."""
    return text if len(text) <= width else text[: width - 1] + "…"


def condition(text: str) -> str:
    """Return a condition of the spec with its sign for a negation as a word."""
    return text.replace("~", "not ")


def content(*parts: Part) -> Content:
    """Return content made of plain text, of content, and of (text, style) pairs."""
    safe: list[Part] = []
    for part in parts:
        if isinstance(part, str):
            safe.append(printable(part))
        elif isinstance(part, tuple):
            safe.append((printable(part[0]), part[1]))
        else:
            safe.append(part)
    return Content.assemble(*safe)


def lines(rows: Iterable[Content]) -> Content:
    """Return the rows below each other."""
    return Content("\n").join(rows)


def cell(text: str, style: str = "") -> Text:
    """Return the text for a cell of a table, an option or a label of a tree."""
    return Text(one_line(text), style, no_wrap=True)


class Plain(Static):
    """A static text that reads no markup."""

    def __init__(
        self, text: str | Content = "", *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(_whole(text), id=id, classes=classes, markup=False)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        """Show another text."""
        super().update(_whole(content) if isinstance(content, str) else content, layout=layout)

    def title(self, text: str, below: str = "") -> None:
        """Write on the border above, and below."""
        self.border_title, self.border_subtitle = content(one_line(text)), content(one_line(below))


def _whole(text: str | Content) -> Content:
    return content(text)
