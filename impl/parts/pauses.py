"""Pauses: kinds of which nothing is claimed until somebody resumes them.

What the spec calls `paused` is a row here, and the statement that claims a job looks for it itself.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass

from impl.interface.transaction import Transaction


@dataclass(frozen=True)
class Pause:
    """A kind that is paused: since when by the wall clock, in ms, and by which user, in which
    process of the system.
    """

    kind: str
    since: int
    user: str
    pid: int


def pause(t: Transaction, kind: str) -> bool:
    """Pause a kind; return whether it was not paused. One that is stays as it is."""
    insert = """\
INSERT INTO paused (kind, since, user, pid) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING kind"""
    return bool(t.own(insert, (kind, t.now, _user(), os.getpid())))


def resume(t: Transaction, kind: str) -> bool:
    """Resume a kind; return whether it was paused."""
    return bool(t.own("DELETE FROM paused WHERE kind = ? RETURNING kind", (kind,)))


def pauses(t: Transaction, now: int, wall: int) -> list[Pause]:
    """Return the kinds that are paused, by name, at a moment by the clock of the queue and by the
    wall clock.
    """
    query = "SELECT kind, since - ? + ?, user, pid FROM paused ORDER BY kind"
    return [Pause(*row) for row in t.own(query, (now, wall))]


def _user() -> str:
    """Return by which name the system knows whose process this is, or else the number."""
    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
