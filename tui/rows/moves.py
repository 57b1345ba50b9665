"""What can happen next: every move of a state, where it leads, and what refuses the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checker.explain.moves import Move
from tui.rows import glyphs
from tui.rows.rows import Piece, Row, mark_tone, name_of, row

KEYS = "123456789"
"""The first nine possible moves are taken by a key each."""


def move_rows(
    moves: Sequence[Move],
    mark: Callable[[Move], str],
    taken: Callable[[Move], str] = lambda move: "",
    missed: Callable[[Move], str] = lambda move: "",
) -> list[Row]:
    """Return a row for each move, those that are possible first and numbered.

    `mark` says where a move leads, `taken` that a run takes it, `missed` which guard that was taken
    away would have refused it.
    """
    width = min(max((len(_name(m)) for m in moves), default=0), 34)
    rows = []
    for number, move in enumerate(moves):
        name: Piece = (f" {_name(move):<{width}}  ", "fault" if move.fault else "")
        if move.enabled:
            key = KEYS[number] if number < len(KEYS) else " "
            sign = mark(move)
            notes = [note for note in (taken(move), "FAULT" if move.fault else "") if note]
            pieces: list[str | Piece] = [f"{key} ", (sign, mark_tone(sign)), name, "  ".join(notes)]
            if guard := missed(move):
                pieces += ["  " if notes else "", (f"only without {guard}", "bad")]
            rows.append(row(*pieces, subject=move, hang=6))
        else:
            why = f"refused by {', '.join(move.refused_by)}"
            name = (name[0], "dim")
            rows.append(row((f"- {glyphs.SAFE}", "dim"), name, (why, "dim"), subject=move, hang=6))
    return rows


def _name(move: Move) -> str:
    return name_of(move.actor, move.call)
