"""Where a queue is kept: its address says in which store."""

from __future__ import annotations

from impl.derive.design import Design
from impl.derive.store import Store
from impl.sqlite.queue_store import QueueStore
from impl.terms.clock import Clock


def store_at(
    address: str, design: Design, clock: Clock | None, busy_ms: int, read_only: bool
) -> Store:
    """Open the store of a queue, making it if there is none; raises `StoreError`, `BadRequest`."""
    return QueueStore(design, address, clock, busy_ms, read_only)
