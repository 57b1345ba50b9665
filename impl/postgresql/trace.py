"""The trace of a store on a server, to be read: what each row is known by, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from impl.terms.outcomes import Traced, Unseen
from impl.terms.unusable import REMEDY, Damaged

_ROWS = """\
SELECT seq, element, version, process, nth, actor, action, params, before, after, unseen, note
FROM trace ORDER BY seq"""


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


def rows(ask: Callable[[str], list[Any]], path: str) -> Iterator[Row]:
    """Yield the rows of a trace; raises `Damaged` if one lists what is no step."""
    for seq, element, version, process, nth, actor, action, *texts, note in ask(_ROWS):
        params, before, after, listed = texts
        if not isinstance(listed, list):
            listed = [listed]
        unseen = tuple(_unseen(path, element, version, step) for step in listed)
        said = Traced(seq, actor, action, params, before, after, unseen, note)
        yield Row(element, version, process, nth, said)


def _unseen(path: str, element: str, version: int, step: Any) -> Unseen:
    match step:
        case [None | str() as row, int(after), str(action), dict(params)]:
            return Unseen(after, action, params, {}, row)
        case [None | str() as row, int(after), str(action), dict(params), dict(over)]:
            return Unseen(after, action, params, over, row)
    fact = f"version {version} of {element} lists what is no step: {repr(step)[:80]}"
    raise Damaged(path, fact, REMEDY)
