"""Patience with a store that cannot be used: it is asked again, as long as a lease may last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from impl.queue import Queue
from impl.terms.interrupt import outside
from impl.terms.unusable import Damaged, Full, OtherHistory, StoreError

_T = TypeVar("_T")

_SLICE = 0.1
"""Seconds until it is asked again."""


def patiently(queue: Queue, ask: Callable[[], _T]) -> _T:
    """Return what `ask` returns once the store can be used; then what it raises is raised.

    Raises `StoreError` after the time of a lease, and at once what waiting here does not mend:
    `OtherHistory`, `Damaged`, and `Full`, for it is others who make room.
    """
    until = time.monotonic() + queue.lease_ms / 1000
    while True:
        try:
            return ask()
        except (OtherHistory, Damaged, Full):
            raise
        except StoreError:
            if time.monotonic() > until:
                raise
        outside(time.sleep, _SLICE)  # a handler that waits here may be broken off
