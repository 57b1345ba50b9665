"""A layer: all states that agree with what was seen so far, and the terms on which it is made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from spec.language.scope import Value

Array = np.ndarray[Any, Any]
Sign = tuple[Value, ...]
"""What a step shows of itself, such as `("start", 0)`; `()` if it is hidden."""

CLAIMS = "claims"
"""What a claim shows itself as: nobody sees it, but it is known who may claim when."""


class TooMany(Exception):
    """More states agree with the history than there is room for."""

    def __init__(self, states: int) -> None:
        super().__init__(f"more than {states:,} states agree with it")
        self.states = states


@dataclass(frozen=True)
class Terms:
    """On which terms steps are taken: which edits may be used, one bit each, how many of them,
    whether rows remember what they have used, whether idle steps are taken as well, and which
    workers claim now, if not all. No layer has more than `states_max` rows.
    """

    allowed: int
    most: int = 64
    kept: bool = False
    idle: bool = False
    claiming: frozenset[int] | None = None
    states_max: int = 1_000_000


@dataclass(frozen=True)
class Layer:
    """The rows in which nothing that is of use is missing.

    `came` says of each from which row it was come by, and by which step; the first `seen` come from
    the layer before, by the line that was seen.
    """

    rows: Array
    came: Array
    dead: Array
    seen: int

    @cached_property
    def alive(self) -> Array:
        """The numbers of the rows that others do not make useless."""
        return np.flatnonzero(self.dead == 0)

    @cached_property
    def live(self) -> Array:
        """The rows that others do not make useless."""
        return np.ascontiguousarray(self.rows[self.alive])

    def __len__(self) -> int:
        return len(self.alive)

    @cached_property
    def key(self) -> bytes:
        """The same for all layers of the same rows."""
        order = np.lexsort(self.live.T)
        return self.live[order].tobytes()
