"""The numbers of states, and the edges between them: compiled with the kernel, for liveness."""

from __future__ import annotations

from typing import Any

from checker.search.compiled.code.kernel import (
    LABEL_BITS,
    LABELS,
    expand,
    get,
    hash_at,
    home,
    prefetch,
    put,
    same,
    shl,
)


# ---- the kernel: compiled from here on
def number(states: Any, table: Any, n: int, slots: int) -> int:
    """Enter n states, all different, with their numbers into an empty table."""
    for k in range(n):
        h = hash_at(states, k)
        at = home(h, slots)
        while get(table, at) != 0:
            at += 1
            if at == slots:
                at = 0
        put(table, at, shl(h, 40) | (k + 1))
    return n


def number_of(table: Any, slots: int, states: Any, buf: Any, k: int, h: int) -> int:
    """Return the number of state k of `buf`, or -1 if it has none."""
    at = home(h, slots)
    known = -1
    while known < 0:
        y = get(table, at)
        if y == 0:
            break
        if (y ^ shl(h, 40)) >> 40 == 0 and same(states, (y & 0xFFFFFFFFFF) - 1, buf, k):
            known = (y & 0xFFFFFFFFFF) - 1
        at += 1
        if at == slots:
            at = 0
    return known


def edges(
    states: Any, table: Any, buf: Any, hb: Any, work: Any, counts: Any, found: Any, args: Any
) -> int:
    """Write the edges of the states in [low, high) to `found`, how many each has to `counts`, and
    return how many there are, or -1 if one leads to no state known.
    """
    low, high, slots = args
    e = 0
    for i in range(high - low):
        m = expand(states, low + i, 1, buf, work)
        put(counts, i, m)
        for k in range(m):
            h = hash_at(buf, k)
            put(hb, k, h)
            prefetch(table, home(h, slots))
        for k in range(m):
            to = number_of(table, slots, states, buf, k, get(hb, k))
            if to < 0:
                return -1
            put(found, e, (to << LABEL_BITS) | get(work, LABELS + k))
            e += 1
    return e
