"""Memory by the gigabyte: reserved as addresses, and filled only as far as states are found."""

from __future__ import annotations

import mmap
import os
from typing import Any

import numpy as np

_LEAST = 1 << 20


def physical() -> int:
    """Return how many bytes of memory the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def reserve(words: int) -> tuple[Any, int]:
    """Return an array of that many words, or of as many as the system grants, and how many those
    are.
    """
    while True:
        try:
            return _map(words), words
        except (OSError, MemoryError, OverflowError, ValueError):
            if words <= _LEAST:
                raise MemoryError(f"no room to reserve {words * 8:,} bytes for states") from None
            words //= 2


def _map(words: int) -> Any:
    if not hasattr(mmap, "MAP_ANONYMOUS"):
        return np.zeros(words, np.int64)
    unreserved = getattr(mmap, "MAP_NORESERVE", 0x4000 if os.uname().sysname == "Linux" else 0)
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | unreserved
    block = mmap.mmap(-1, words * 8, flags=flags)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        block.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(block, np.int64)
