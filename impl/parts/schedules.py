"""Schedules: a job for each moment that has come, however many ask for it, and however often.

What the spec calls a tick is a key here, of the kind, the period and the moment. Whoever asks looks
at what the store has: up to which moment there are jobs is written with them, in one transaction,
so that no moment is taken for served whose job is not there, and none is served again when its job
is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from impl.interface.transaction import Transaction
from impl.parts.asking import Enqueued
from impl.parts.owner import Owner

_SERVED = "SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?"

_SERVES = """\
INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


class Enqueue(Protocol):
    """Puts a job in, within a transaction."""

    def __call__(
        self, kind: str, payload: str, *, key: str, within: Transaction | None = None
    ) -> Enqueued:
        """Return the job."""


def serve(
    queue: Owner, enqueue: Enqueue, wall: Callable[[], int], kind: str, period: int, catch_up: int
) -> list[Enqueued]:
    """Put in a job for each moment that has come since the last one that has one, of the last
    `catch_up`; return those that are new. A schedule that nobody knows begins with its last moment.
    """
    name = f"every {period} s: {kind}"
    if not _open(queue.store.own(_SERVED, (name,)), wall() // (period * 1000), catch_up):
        return []  # without the lock
    with queue.transaction() as t:
        t.alone(f"serving {name}")
        last = wall() // (period * 1000)
        moments = _open(t.own(_SERVED, (name,)), last, catch_up)
        found = [_put_in(enqueue, t, kind, period, n) for n in moments]
        if moments:
            t.own(_SERVES, (name, str(last)))
    return [made for made in found if made.new]


def _open(served: list[tuple[int]], last: int, catch_up: int) -> range:
    """Return the moments that want a job."""
    after = served[0][0] if served else last - 1
    return range(max(after, last - catch_up) + 1, last + 1)


def _put_in(enqueue: Enqueue, t: Transaction, kind: str, period: int, n: int) -> Enqueued:
    moment = datetime.fromtimestamp(n * period, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return enqueue(kind, moment, key=f"{kind}, every {period} s, at {moment}", within=t)
