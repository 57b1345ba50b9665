"""What a store says of itself: how far it has come, and in which history.

A number that was given out stays given out when its row is forgotten, and so does a token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from impl.derive.design import Design
from spec.language.terms.types import Sort

_TOLD = """\
SELECT name, value FROM meta WHERE name IN ('epoch', 'boot', 'file', 'ahead', 'claims')
UNION ALL SELECT 'seq', max(seq) FROM trace"""

_LAST = """\
SELECT 'last {sort}', max(
  coalesce((SELECT max(id) FROM {table}), 0),
  coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'last {table} taken out'), 0)
)"""


@dataclass
class Told:
    """The last row of the trace, and of each table that there ever was, 0 if there was none; the
    history: epoch, boot and file; how far the clock is ahead of that of the boot; and `claims`: the
    most that there were under a key of which nothing is left.
    """

    seq: int
    rows: dict[type[Sort], int]
    epoch: int
    boot: str | None
    file: str | None
    ahead: int
    claims: int


@lru_cache(maxsize=16)
def _query(design: Design) -> str:
    lasts = [_LAST.format(sort=t.sort.__name__, table=t.name) for t in design.tables]
    return "\nUNION ALL ".join([_TOLD, *lasts])


def told(design: Design, ask: Callable[[str], list[Any]]) -> Told:
    """Ask a store of this design what it says of itself."""
    found = dict(ask(_query(design)))
    epoch = str(found.get("epoch", 0))
    return Told(
        found["seq"] or 0,
        {t.sort: found[f"last {t.sort.__name__}"] for t in design.tables},
        int(epoch) if epoch.isdecimal() else 0,
        found.get("boot"),
        found.get("file"),
        int(found.get("ahead", 0)),
        int(found.get("claims", 0)),
    )
