"""What the laboratory measured, in figures that commands and pages print."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from checker.crashlab.explore import Found
from checker.crashlab.images.judge import VERDICTS, Word
from checker.crashlab.survey import Measured

COLUMNS: dict[str, Callable[[Measured], tuple[Found, bool | None]]] = {
    "process crash": lambda m: (m.spares, True),
    "power loss": lambda m: (m.spares, False),
    "spilling disk": lambda m: (m.spills, False),
    "forgetting disk": lambda m: (m.forgets, None),
}
"""What a setting is measured on, and whether the process alone crashes."""


def cell(row: Measured, column: str) -> str:
    """Return what a setting has come through, in words."""
    found, process = COLUMNS[column](row)
    words: Iterable[Word] = VERDICTS
    wrong = [f"{found.count(w, process):,} {w}" for w in words if found.count(w, process)]
    count = found.count(None, process)
    return f"{', '.join(wrong) or 'all well'} of {count:,}" if count else "no sync to fail"


def numbers(found: Found) -> dict[str, int]:
    """Return how many crashes and images there were, and of each verdict."""
    return {
        "crashes": found.count(),
        "images": len(found.images),
        **{verdict: found.count(verdict) for verdict in VERDICTS},
    }


def wrong(found: Found) -> str:
    """Return what was found that may not be, in words."""
    words: Iterable[Word] = VERDICTS
    return ", ".join(f"{found.count(word):,} {word}" for word in words if found.count(word))
