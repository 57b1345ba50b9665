"""Rows of text, before anything is drawn.

A piece of text is drawn as it is: nothing in it is markup, and what no terminal can print is shown
as its escape, so that a value from a model or a database cannot draw over its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rich.cells import cell_len, set_cell_size

from tui.rows import glyphs
from tui.rows.text import one_line

Tone = Literal["", "title", "dim", "good", "bad", "changed", "fault", "armed", "here"]
"""What a piece of text means; the style sheet says how it looks."""

Piece = tuple[str, Tone]


@dataclass(frozen=True)
class Row:
    """One row: its pieces, what it stands for, and how far its second line is moved in."""

    pieces: tuple[Piece, ...]
    subject: object = None
    hang: int = 2

    @property
    def text(self) -> str:
        """The row without its tones."""
        return "".join(text for text, _ in self.pieces)


def row(*pieces: str | Piece, subject: object = None, hang: int = 2) -> Row:
    """Return a row of these pieces; one without a tone is plain."""
    toned: list[Piece] = [(p, "") if isinstance(p, str) else p for p in pieces]
    return Row(tuple(toned), subject, hang)


def having(rows: Sequence[Row], words: str) -> list[int]:
    """Return the numbers of the rows that have these words, in themselves or in the heading above
    them, which stays if one of its rows does; and of all that only say something.
    """
    wanted, kept, heading = words.lower().split(), list[int](), -1
    for n, each in enumerate(rows):
        if isinstance(each.subject, str):
            heading = n
        above = rows[heading].text if heading >= 0 else ""
        said = f"{above} {each.text}".lower()
        if each.subject is None or all(word in said for word in wanted):
            if -1 < heading < n and heading not in kept and each.subject is not None:
                kept.append(heading)
            kept.append(n)
    return kept


@lru_cache(4096)
def fold(pieces: tuple[Piece, ...], width: int, hang: int = 2) -> tuple[tuple[Piece, ...], ...]:
    """Return the pieces as lines of so many cells, broken at spaces where that is possible."""
    hang = min(hang, max(width - 8, 0))
    lines: list[list[Piece]] = [[]]
    used = 0
    for text, tone in pieces:
        for word in re.findall(r" +|[^ ]+", one_line(text)):
            if used + cell_len(word) > width and used > hang:
                lines.append([(" " * hang, "")])
                used = hang
                if word.isspace():
                    continue
            while used + cell_len(word) > width:
                head = set_cell_size(word, max(width - used, 1)).rstrip() or word[0]
                lines[-1].append((head, tone))
                lines.append([(" " * hang, "")])
                word, used = word[len(head) :], hang
            lines[-1].append((word, tone))
            used += cell_len(word)
    return tuple(tuple(line) for line in lines)


def name_of(actor: str, call: str) -> str:
    """Return how a step is called: `worker1 claim(job1)`."""
    return call if actor == "-" else f"{actor} {call}"


MARKS: dict[str, Tone] = {
    glyphs.ARMED: "armed",
    glyphs.DOOMED: "bad",
    glyphs.VIOLATED: "bad",
    glyphs.UNKNOWN: "dim",
    glyphs.RUNNING: "dim",
    glyphs.SAFE: "dim",
}


def mark_tone(mark: str) -> Tone:
    """Return how a mark of fate is drawn."""
    return MARKS.get(mark, "")
