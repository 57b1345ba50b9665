"""Sets of states that agree with what was seen: this file's text is compiled together with the
steps of a watched queue.

A row is the words of a state, and after them the edits that some run there has used, one bit each.
A row is of no use beside one of the same state that has used less. What is declared below as a
stand-in is what the generated code brings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WORDS = USED = ROW = 1
"""How many words a state has, the edits have, and both."""
EACH = 2
"""A row that was just made, and the number of the step that led to it."""
CAPACITY, SLOTS, MOST, IDLE, ALLOWED = 0, 1, 2, 3, 4
"""In `args`: how many rows there is room for, how large the table is, how many edits a row may have
used, and whether idle steps are taken as well; then, a bit each, which edits may be used, which are
remembered, which count, and which are in force whether they were used or not.
"""
KEPT = COUNTED = AWAKE = 0
CLOSE, SEE, EDGES, ENTER = 0, 1, 2, 3
LABEL_BITS = 16


def _stand_in(*_: Any) -> Any:
    """Stand-in: an operation of `intrinsics`."""
    raise NotImplementedError


def expand(states: Any, i: int, buf: Any, plan: Any, args: Any) -> int:
    """Stand-in: write the rows that the planned steps make of row i, and return how many."""
    raise NotImplementedError


get = put = shl = mix = _stand_in
home: Callable[..., int] = _stand_in


# ---- the kernel: compiled from here on
def hash_row(array: Any, k: int) -> int:
    """Return the hash of the state that begins at word k."""
    h = 0
    for w in range(WORDS):
        h = mix(h, get(array, k + w))
    return h


def alike(a: Any, j: int, b: Any, k: int) -> bool:
    """Return whether the states that begin at these words are the same."""
    equal = True
    for w in range(WORDS):
        equal = equal & (get(a, j + w) == get(b, k + w))
    return equal


def beyond(a: Any, j: int, b: Any, k: int) -> int:
    """Return 0 if all that one row has used the other has used as well."""
    more = 0
    for w in range(USED):
        more |= get(a, j + WORDS + w) & ~get(b, k + WORDS + w)
    return more


def edits_in(buf: Any, k: int, args: Any) -> int:
    """Return how many of the edits that count the row has used."""
    n = 0
    for w in range(USED):
        x = get(buf, k + WORDS + w) & get(args, COUNTED + w)
        while x != 0:
            x &= x - 1
            n += 1
    return n


def place(states: Any, table: Any, buf: Any, k: int, hb: Any, args: Any) -> int:
    """Return the free slot for a row, or -1 if a row makes it useless; those it makes useless are
    marked.
    """
    slots = get(args, SLOTS)
    at = home(hash_row(buf, k), slots)
    while True:
        y = get(table, at) - 1
        if y < 0:
            return at
        if alike(states, y * ROW, buf, k) and get(hb, y) == 0:
            if beyond(states, y * ROW, buf, k) == 0:
                return -1
            if beyond(buf, k, states, y * ROW) == 0:
                put(hb, y, 1)
        at += 1
        if at == slots:
            at = 0
    return -1


def add(
    states: Any, table: Any, buf: Any, m: int, hb: Any, counts: Any, args: Any, n: int, i: int
) -> int:
    """Add those of m rows that are of use to n others; return how many there are then."""
    for k in range(m):
        if edits_in(buf, k * EACH, args) <= get(args, MOST):
            at = place(states, table, buf, k * EACH, hb, args)
            if at >= 0:
                for w in range(ROW):
                    put(states, n * ROW + w, get(buf, k * EACH + w))
                put(hb, n, 0)
                put(counts, n, shl(i, LABEL_BITS) | get(buf, k * EACH + ROW))
                n += 1
                put(table, at, n)
    return n


def enter(states: Any, table: Any, hb: Any, args: Any, found: Any, size: int) -> int:
    """Write rows, all of use, as they are; return how many."""
    for k in range(size):
        at = place(states, table, found, k * ROW, hb, args)
        if at < 0:
            return k
        for w in range(ROW):
            put(states, k * ROW + w, get(found, k * ROW + w))
        put(hb, k, 0)
        put(table, at, k + 1)
    return size


def close(
    states: Any, table: Any, buf: Any, hb: Any, counts: Any, plan: Any, args: Any, n: int
) -> int:
    """Add to n rows all that planned steps lead to; return how many there are then, or -1 if there
    is no room.
    """
    i = 0
    while i < n:
        if get(hb, i) == 0:
            m = expand(states, i, buf, plan, args)
            if n + m > get(args, CAPACITY):
                return -1
            n = add(states, table, buf, m, hb, counts, args, n, i)
        i += 1
    return n


def see(
    states: Any,
    table: Any,
    buf: Any,
    hb: Any,
    counts: Any,
    plan: Any,
    args: Any,
    found: Any,
    size: int,
) -> int:
    """Write the rows that planned steps make of others; return how many, or -1 if there is no
    room.
    """
    n = 0
    for i in range(size):
        m = expand(found, i, buf, plan, args)
        if n + m > get(args, CAPACITY):
            return -1
        n = add(states, table, buf, m, hb, counts, args, n, i)
    return n


def edges(
    states: Any, table: Any, buf: Any, plan: Any, args: Any, found: Any, n: int, room: int
) -> int:
    """Write each step between n rows, none of which has used anything, as from, label, to; return
    how many there are, or -1 if there is no room.
    """
    e = 0
    slots = get(args, SLOTS)
    for i in range(n):
        m = expand(states, i, buf, plan, args)
        if e + m > room:
            return -1
        for k in range(m):
            at = home(hash_row(buf, k * EACH), slots)
            to = -1
            while to < 0:
                y = get(table, at) - 1
                if y < 0:
                    break
                if alike(states, y * ROW, buf, k * EACH):
                    to = y
                at += 1
                if at == slots:
                    at = 0
            put(found, 3 * e, i)
            put(found, 3 * e + 1, get(buf, k * EACH + ROW))
            put(found, 3 * e + 2, to)
            e += 1
    return e


def run(
    mode: int,
    states: Any,
    table: Any,
    buf: Any,
    hb: Any,
    counts: Any,
    plan: Any,
    args: Any,
    found: Any,
    shared: Any,
) -> int:
    """The one way in; `shared` has how many rows there are, and room for how many edges."""
    if mode == CLOSE:
        return close(states, table, buf, hb, counts, plan, args, get(shared, 0))
    if mode == SEE:
        return see(states, table, buf, hb, counts, plan, args, found, get(shared, 0))
    if mode == ENTER:
        return enter(states, table, hb, args, found, get(shared, 0))
    return edges(states, table, buf, plan, args, found, get(shared, 0), get(shared, 1))
