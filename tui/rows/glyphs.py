"""What is drawn with: glyphs of one cell each, and what stands for them where only ASCII is shown.

`--ascii` is a filter on what is drawn, so no screen has to think of it: borders, scroll bars and
words of the checker go through it as well.
"""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

EVENT, TARGET, RAIL, ARROW = "■", "▼", "│", "─"
FAULT = "▲"
ARMED, DOOMED, VIOLATED, SAFE = "○", "●", "✗", "·"
HOLDS, FAILS = "✓", "✗"
MISSING, RUNNING, UNKNOWN = "–", "◌", "?"
TEE = "├"
LOOP_TOP, LOOP, LOOP_END = "┌", "│", "└"

GLYPHS = (
    *(EVENT, TARGET, RAIL, ARROW, FAULT, ARMED, DOOMED, VIOLATED, SAFE, HOLDS, FAILS),
    *(MISSING, RUNNING, UNKNOWN, TEE, LOOP_TOP, LOOP, LOOP_END),
)

_ASCII = {
    "■": "#", "▼": "v", "│": "|", "─": "-", "▲": "^", "○": "o", "●": "!", "✗": "X",
    "·": ".", "✓": "+", "–": "-", "—": "-", "◌": "~", "…": ">", "→": ">", "←": "<", "↑": "^",
    "↓": "v", "≤": "<", "≥": ">", "×": "x", "’": "'", "“": '"', "”": '"', "∞": "8",
    "▁": "_", "▂": "_", "▃": "-", "▄": "-", "▅": "=", "▆": "=", "▇": "#", "█": "#", "▶": ">",
    "⏎": "<", "⭘": "o", "▸": ">", "•": "*",
}  # fmt: skip


@lru_cache(4096)
def ascii_only(text: str) -> str:
    """Return the text in ASCII, each character in as many cells as before."""
    if text.isascii():
        return text
    return "".join(_one(c) for c in text)


def _one(c: str) -> str:
    if c.isascii():
        return c
    if c in _ASCII:
        return _ASCII[c]
    if "─" <= c <= "╿":  # lines of boxes
        return "-" if c in "─━┄┅┈┉╌╍═╴╶╸╺" else "|" if c in "│┃┆┇┊┋╎╏║╵╷╹╻" else "+"
    if "▀" <= c <= "▟":  # blocks: scroll bars, edges
        return " " if c in "▔▕▏▎▁▀▄" else "#"
    return "?" * cell_len(c)


class Ascii(LineFilter):
    """Draws everything in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments in ASCII."""
        return [
            Segment(ascii_only(text), style, control)
            if not control
            else Segment(text, style, control)
            for text, style, control in segments
        ]
