"""Room on the disk: a job is taken in only if there is room to finish what is in already.

A full store must refuse new work first. Finishing work needs space too, for its trace.
"""

from __future__ import annotations

import os
from pathlib import Path

from impl.sqlite.files import LOG_BYTES, MEMORY, StoreError
from impl.sqlite.store import Store

PER_JOB = 8 * 1024
"""Bytes that a job may still need: rows of its trace, and its effects."""

ALWAYS = LOG_BYTES
"""Bytes for the log of the store."""


def require_room(store: Store) -> None:
    """Raise `StoreError` if the jobs in the queue may need what is left."""
    free = room(store)
    if free >= ALWAYS + PER_JOB * _count(store, "SELECT coalesce(max(id), 0) FROM job"):
        return  # cheaper than to count those that are open
    # Each open job has one of these, and an index on it: those that are over are not looked at.
    times = ("due", "wait_until", "lease_until")
    open_jobs = sum(
        _count(store, f"SELECT count(*) FROM task WHERE {time} IS NOT NULL") for time in times
    )
    needed = ALWAYS + PER_JOB * open_jobs
    if free < needed:
        fact = f"has room for {free} bytes, and finishing {open_jobs} jobs may need {needed}"
        remedy = "let workers finish jobs, or make room" if open_jobs else "make room on its disk"
        raise StoreError(store.path, fact, remedy)


def _count(store: Store, query: str) -> int:
    ((number,),) = store.own(query)
    return int(number)


def room(store: Store) -> int:
    """Return how many bytes the store can still grow: the disk's, or its own limit."""
    pragma = store.connection.pragma
    pages = pragma("max_page_count") - pragma("page_count") + pragma("freelist_count")
    left: int = pages * pragma("page_size")
    if store.path == MEMORY:
        return left
    disk = os.statvfs(Path(store.path).absolute().parent)
    return min(left, disk.f_bavail * disk.f_frsize)
