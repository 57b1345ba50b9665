"""Room on the disk: a job is taken in only if there is room to finish what is in already.

A full store must refuse new work first. Finishing work needs space too, for its trace.
"""

from __future__ import annotations

import os

from impl.sqlite.file.files import LOG_BYTES
from impl.sqlite.file.place import found_at
from impl.sqlite.store import Store
from impl.terms.unusable import Full

PER_JOB = 8 * 1024
"""Bytes that a job may still need: rows of its trace, and its effects."""

ALWAYS = LOG_BYTES
"""Bytes for the log of the store."""


def pages(store: Store, before: int) -> int:
    """Return how many pages are free, as the spec counts them: one is that of the log, and any more
    are for a job each. No more than `before` jobs are in the queue.
    """
    if (least := _at_least(store) - ALWAYS - PER_JOB * before) >= PER_JOB:
        return 1 + least // PER_JOB  # without a statement
    return 1 + max(0, (room(store) - _needed(_open(store))) // PER_JOB)


def full(store: Store) -> Full:
    """Return the error that says how far the room goes."""
    open_jobs = _open(store)
    needed = _needed(open_jobs)
    fact = f"has room for {room(store)} bytes, and finishing {open_jobs} jobs may need {needed}"
    remedy = "let workers finish jobs, or make room" if open_jobs else "make room on its disk"
    return Full(store.path, fact, remedy)


def _needed(open_jobs: int) -> int:
    return ALWAYS + PER_JOB * open_jobs


def _open(store: Store) -> int:
    # Each open job has one of these, and an index on it: those that are over are not looked at.
    times = ("due", "lease")
    return sum(_count(store, f"{_COUNT} {time} IS NOT NULL") for time in times)


_COUNT = "SELECT count(*) FROM job WHERE"


def _count(store: Store, query: str) -> int:
    ((number,),) = store.own(query)
    return int(number)


def room(store: Store) -> int:
    """Return how many bytes the store can still grow: the disk's, or its own limit."""
    pragma = store.connection.pragma
    free = pragma("max_page_count") - pragma("page_count") + pragma("freelist_count")
    most: int = free * pragma("page_size")
    return min(most, _on_disk(store))


def _at_least(store: Store) -> int:
    """Return how many bytes that is at least, as the file system tells: what is in the log may be
    new, and what this transaction has written may be in memory, of which the log has that much.
    """
    found = map(found_at, (store.path, f"{store.path}-wal"))
    used = sum(file.st_size for file in found if file is not None)
    return min(store.most_bytes - used - LOG_BYTES, _on_disk(store))


def _on_disk(store: Store) -> int:
    disk = os.statvfs(os.path.dirname(store.path))
    return disk.f_bavail * disk.f_frsize
