"""What tests turn to see that the answer does not depend on it."""

from __future__ import annotations

from dataclasses import dataclass

from checker.search.compiled.code.layout import WORD_BITS


@dataclass(frozen=True)
class Tuning:
    """How the explorer goes about its work; none of it changes the answer.

    `growth` is the factor by which the table of states grows, by default less the larger it is;
    `load` how full it gets before that. `word_bits` packs states into more words than they need.
    So `many` states are found with code as it stands before it is optimised.
    """

    slots: int = 1 << 20
    growth: float | None = None
    load: float = 0.72
    batch: int | None = None
    word_bits: int = WORD_BITS
    many: int = 1 << 20

    def grown(self, slots: int) -> int:
        """Return the next size of a table."""
        if self.growth is not None:
            return int(slots * self.growth) + 1
        if slots < 1 << 24:
            return slots * 4
        return slots * 2 if slots < 1 << 26 else int(slots * 1.4)
