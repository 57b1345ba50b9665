"""Histories: the token of a claim says which one it was given out in, by its epoch.

A new boot begins one, for whoever held a claim has died. So does a store that was put back or
copied: it would give out again what was given out since. Whoever held a claim holds none now.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from impl.interface.transaction import History
from impl.sqlite.file.gate import Mark
from impl.sqlite.store import Store
from impl.sqlite.transaction import SQLiteTransaction
from impl.terms.clock import QueueClock
from impl.terms.unusable import StoreError


def enter(store: Store, clock: QueueClock) -> History:
    """Return the history of the store, which is begun if there is none that can go on. Raises
    `StoreError`.
    """
    with told(store.path):
        boot = clock.boot()
    assert store.gate is not None and store.place is not None
    here = store.place.name
    mark = store.gate.mark()  # before the store is read, which can only be further then
    with store.transaction(writes=False) as t:
        found = t.history
        if store.read_only or _goes_on(t, found, boot, here, mark):
            clock.ahead = _ahead(t, found, clock, boot)
            return found
    with store.transaction() as t:
        found = t.history
        if not _goes_on(t, found, boot, here, t.span.mark):  # or another process was faster
            found = _begin(t, found, clock, boot, here)
    clock.ahead = found.ahead
    return found


@contextlib.contextmanager
def told(path: object) -> Iterator[None]:
    """Raise `StoreError` where the system does not tell the boot, or the time since then."""
    try:
        yield
    except OSError as failed:
        fact = f"cannot tell boots apart: {failed.strerror}"
        missing = isinstance(failed, FileNotFoundError)
        remedy = "use it on Linux" if missing else "try again once that is put right"
        raise StoreError(path, fact, remedy) from None


def _goes_on(t: SQLiteTransaction, found: History, boot: str, here: str, mark: Mark | None) -> bool:
    """Return whether what was found is the end of what was: without a mark nobody can know."""
    same = (found.boot, found.file) == (boot, here)
    return same and mark is not None and not t.is_behind(mark)


def _begin(
    t: SQLiteTransaction, found: History, clock: QueueClock, boot: str, here: str
) -> History:
    """Begin a history above all that were: a copy does not know how high others have come since,
    but they have come no higher than the seconds that have passed.
    """
    mark = t.span.mark
    highest = max(found.epoch, 0 if mark is None else mark.epoch)
    if found.epoch and (mark is None or found.file != here):
        highest = max(highest, clock.wall() // 1000)
    begun = History(highest + 1, boot, here, _ahead(t, found, clock, boot))
    clock.ahead = begun.ahead
    t.begin_history(begun)
    for (job,) in t.own("SELECT id FROM job WHERE status = 'claimed'"):
        t.take("expire", j=job - 1)
    return begun


def _ahead(t: SQLiteTransaction, found: History, clock: QueueClock, boot: str) -> int:
    """Return how far the queue's clock is ahead of the boot's: within a boot, as far as it was; in
    another one it goes on where the wall clock is, if the last step was not later.
    """
    if found.boot == boot:
        return found.ahead
    last = t.own("SELECT at FROM trace ORDER BY seq DESC LIMIT 1")
    latest: int = max([clock.wall(), found.ahead, *(at for (at,) in last)])
    return latest - clock.machine.since_boot()
