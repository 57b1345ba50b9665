"""The trace of a store on a server, to be read: what each row is known by, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from impl.terms.outcomes import Traced, Unseen
from impl.terms.unusable import REMEDY, Damaged

Ask = Callable[[str, Any], list[Any]]
"""Returns the rows of a query."""

_ROWS = """\
SELECT seq, element, version, process, nth, actor, action, params, before, after, unseen, note
FROM trace WHERE seq > ? ORDER BY seq"""

_VERSIONS = "SELECT element, max(version) FROM trace WHERE seq <= ? GROUP BY element"

_TURNS = """\
SELECT process, max(nth) FROM (
  SELECT process, nth FROM trace WHERE seq <= ? AND process IS NOT NULL
  UNION ALL SELECT element, nth FROM origin WHERE nth > 0
) AS turn GROUP BY process"""


@dataclass(frozen=True)
class Row:
    """A row of the trace: which row of the store it changes, as which version; whose memory, as
    which row of that process. Its `seq` is that of the writing, which is no order of commits.
    """

    element: str
    version: int
    process: str | None
    nth: int | None
    said: Traced


@dataclass(frozen=True)
class Ends:
    """How far what came before an origin had come: each row of the store by its version, and each
    process by its rows.
    """

    versions: Mapping[str, int]
    turns: Mapping[str, int]


def ends(ask: Ask, after: int) -> Ends:
    """Return how far the rows of a trace had come that are before an origin, after this row."""
    return Ends(dict(ask(_VERSIONS, (after,))), dict(ask(_TURNS, (after,))))


def rows(ask: Ask, begins: int, path: str) -> Iterator[Row]:
    """Yield the rows of a trace after this one; raises `Damaged` if one lists what is no step."""
    for seq, element, version, process, nth, actor, action, *texts, note in ask(_ROWS, (begins,)):
        params, before, after, listed = texts
        if not isinstance(listed, list):
            listed = [listed]
        unseen = tuple(_unseen(path, element, version, step) for step in listed)
        said = Traced(seq, actor, action, params, before, after, unseen, note)
        yield Row(element, version, process, nth, said)


def _unseen(path: str, element: str, version: int, step: Any) -> Unseen:
    match step:
        case [int(after), str(action), dict(params), dict(over), None | str() as row]:
            return Unseen(after, action, params, over, row)
    fact = f"version {version} of {element} lists what is no step: {repr(step)[:80]}"
    raise Damaged(path, fact, REMEDY)
