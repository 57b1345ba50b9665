"""A process of the spec, as whoever takes its steps keeps it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from impl.derive.design import Design
from impl.terms.outcomes import OutcomeUnknown, Unseen
from spec.language.scope import Value
from spec.language.terms.types import Sort


@dataclass(eq=False)
class Process:
    """A process of the spec: which one, what it remembers, how many rows of the trace are its own,
    and its steps since the last of them, which left the store as it was. Its threads take its steps
    one at a time, under `lock`. `doubt`: why it may have done what it does not remember; then it
    can do nothing more.
    """

    sort: type[Sort]
    element: int
    memory: dict[str, Value]
    unseen: list[Unseen] = field(default_factory=list)
    rows: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    doubt: OutcomeUnknown | None = None


def newcomer(design: Design, sort: type[Sort], element: int) -> Process:
    """Return a process that remembers nothing yet."""
    return Process(sort, element, dict(design.blank[sort]))
