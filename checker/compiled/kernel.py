"""The search itself: this file's text is compiled together with the code generated from a scope.

What is declared below as a stand-in is what the generated code brings: the words of a state, where
the parts of a thread's workspace lie, and how states are expanded, made canonical and checked. A
thread works on batches: all successors of a batch first, then their hashes, asking for the cache
lines of the table on the way, and only then the look-ups, whose lines have come by then.
"""

from __future__ import annotations

from typing import Any

WORDS = 1
MAX_BATCH = 512
AHEAD = 64
"""How many look-ups lie between asking for a line of the table and using it."""
RECENT_BITS = 13
"""A thread remembers 2^13 recent successors: 64 KiB of one-word states, inside the second-level
cache.
"""
ALIVE = MAX_BATCH
"""From here on in the workspace, which begins with the states of a batch that an action is enabled
in: for each state, whether some step is possible.
"""
EDGE = 2 * MAX_BATCH
"""For each state, whether some step leads to a state."""
TAIL, END, DEAD = 3 * MAX_BATCH, 3 * MAX_BATCH + 1, 3 * MAX_BATCH + 2
"""Where the thread's states end, where its memory for them does, and how many had no successor."""
CONTROL = 3 * MAX_BATCH + 16
"""The counts of actions, violations, pending claims and switched-off guards follow; see `module`.
"""
LABELS = CONTROL
"""After those: for the first successor that a step brings, the number of the step. Expanding one
state at a time, that is the step of each successor.
"""
LABEL_BITS = 16
"""An edge is one word: the number of its step, and above it the state that it leads to."""

SEARCH, REINSERT, BACK, SEE, CANON, NUMBER, EDGES, PROMISED = 0, 1, 2, 3, 4, 5, 6, 7
DONE, BUSY, TABLE_FULL, STATES_FULL = 0, 1, 2, 3
NEXT, COUNT = 0, 16
"""In the words that threads share, a cache line apart: the next chunk, and how many states there
are.
"""


def _stand_in(*_: Any) -> Any:
    """Stand-in: an operation of `intrinsics`."""
    raise NotImplementedError


def expand(states: Any, first: int, n: int, buf: Any, work: Any) -> int:
    """Stand-in: write the successors of n states to `buf` and return how many."""
    raise NotImplementedError


def canonical(buf: Any, m: int) -> int:
    """Stand-in: replace each state in `buf` by its representative."""
    raise NotImplementedError


def see(states: Any, first: int, n: int, work: Any) -> int:
    """Stand-in: check the properties of n new states."""
    raise NotImplementedError


def see_edges(states: Any, first: int, n: int, work: Any) -> int:
    """Stand-in: note the step properties whose antecedent held."""
    raise NotImplementedError


def promised(states: Any, n: int, found: Any, case: int) -> int:
    """Stand-in: tell for each state whether cause (1) and outcome (2) of a `leads_to` hold."""
    raise NotImplementedError


get = put = peek = claim = fetch_add = prefetch = shr = shl = pick = flag = mix = home = _stand_in


# ---- the kernel: compiled from here on
def hash_at(array: Any, k: int) -> int:
    """Return the hash of state k of an array."""
    h = 0
    for w in range(WORDS):
        h = mix(h, get(array, k * WORDS + w))
    return h


def same(a: Any, j: int, b: Any, k: int) -> bool:
    """Return whether state j of one array is state k of another."""
    equal = True
    for w in range(WORDS):
        equal = equal & (get(a, j * WORDS + w) == get(b, k * WORDS + w))
    return equal


def sift(recent: Any, buf: Any, hb: Any, m: int) -> int:
    """Drop the states that came up a moment ago, hash the others, and return how many those are.

    Most successors are known already, and most of those were met just before: a small memory that
    stays in the cache spares their look-up in the large table.
    """
    kept = 0
    for k in range(m):
        h = hash_at(buf, k)
        at = shr(h, 64 - RECENT_BITS)
        new = flag(not same(recent, at, buf, k))
        for w in range(WORDS):
            x = get(buf, k * WORDS + w)
            put(recent, at * WORDS + w, x)
            put(buf, kept * WORDS + w, x)
        put(hb, kept, h)
        kept += new
    return kept


def insert(
    table: Any, slots: int, states: Any, tail: int, buf: Any, hb: Any, m: int, solo: int
) -> int:
    """Add the states of `buf` that are new to the table and to `states`; return the new end of
    `states`.

    One-word states are in the table themselves, negated bit by bit: they are never negative, so a
    slot is never 0. Of wider ones it holds the position in `states`, from 1, and above it 24 bits
    of the hash.
    """
    for k in range(m):
        prefetch(table, home(get(hb, k + AHEAD), slots))
        h = get(hb, k)
        at = home(h, slots)
        if WORDS == 1:
            x = get(buf, k)
            slot = ~x
        else:
            for w in range(WORDS):
                put(states, tail * WORDS + w, get(buf, k * WORDS + w))
            slot = shl(h, 40) | (tail + 1)
        while True:
            y = peek(table, at)
            if y == 0:
                if WORDS == 1:
                    put(states, tail, x)
                if solo:
                    put(table, at, slot)
                else:
                    y = claim(table, at, slot)
                if y == 0:
                    tail += 1
                    break
            if WORDS == 1:
                if y == slot:
                    break
            elif (y ^ slot) >> 40 == 0 and same(states, (y & 0xFFFFFFFFFF) - 1, buf, k):
                break
            at += 1
            if at == slots:
                at = 0
    return tail


def region_of(plan: Any, regions: int, chunk: int) -> int:
    """Return the region that a chunk is in; `plan` has the low end, high end and first chunk of
    each.
    """
    r = 0
    while r < regions and get(plan, 3 * r + 5) <= chunk:
        r += 1
    return r


def expand_chunk(states: Any, first: int, n: int, buf: Any, work: Any) -> int:
    """Write the successors of n states to `buf`, count the states that have none, and return how
    many.
    """
    for i in range(n):
        put(work, ALIVE + i, 0)
        put(work, EDGE + i, 0)
    m = expand(states, first, n, buf, work)
    dead = 0
    for i in range(n):
        dead += 1 - (get(work, ALIVE + i) | get(work, EDGE + i))
    put(work, DEAD, get(work, DEAD) + dead)
    return m


def search(
    states: Any,
    table: Any,
    buf: Any,
    hb: Any,
    work: Any,
    shared: Any,
    plan: Any,
    args: Any,
    recent: Any,
) -> int:
    """Expand chunks of the level until there are no more, or something is full, or the budget is
    spent.
    """
    regions, batch, budget, slots, limit, room, solo = args
    tail, end = get(work, TAIL), get(work, END)
    while budget > 0:
        budget -= 1
        # Before a chunk is taken: one that is taken is finished.
        if peek(shared, COUNT) > limit:
            return TABLE_FULL
        if tail + room > end:
            return STATES_FULL
        chunk = fetch_add(shared, NEXT, 1)
        r = region_of(plan, regions, chunk)
        if r == regions:
            return DONE
        first = get(plan, 3 * r) + (chunk - get(plan, 3 * r + 2)) * batch
        n = min(batch, get(plan, 3 * r + 1) - first)
        m = expand_chunk(states, first, n, buf, work)
        see_edges(states, first, n, work)
        canonical(buf, m)
        m = sift(recent, buf, hb, m)
        for k in range(min(m, AHEAD)):
            prefetch(table, home(get(hb, k), slots))
        before = tail
        tail = insert(table, slots, states, tail, buf, hb, m, solo)
        see(states, before, tail - before, work)
        put(work, TAIL, tail)
        fetch_add(shared, COUNT, tail - before)
    return BUSY


def reinsert(states: Any, table: Any, hb: Any, shared: Any, plan: Any, args: Any) -> int:
    """Enter the states found so far, all different, into a table that was emptied."""
    regions, batch, budget, slots, _, _, _ = args
    while budget > 0:
        budget -= 1
        chunk = fetch_add(shared, NEXT, 1)
        r = region_of(plan, regions, chunk)
        if r == regions:
            return DONE
        first = get(plan, 3 * r) + (chunk - get(plan, 3 * r + 2)) * batch
        n = min(batch, get(plan, 3 * r + 1) - first)
        for k in range(n):
            h = hash_at(states, first + k)
            put(hb, k, h)
            prefetch(table, home(h, slots))
        for k in range(n):
            h = get(hb, k)
            at = home(h, slots)
            slot = ~get(states, first + k) if WORDS == 1 else shl(h, 40) | (first + k + 1)
            while peek(table, at) != 0 or claim(table, at, slot) != 0:
                at += 1
                if at == slots:
                    at = 0
    return BUSY


def back(states: Any, buf: Any, work: Any, target: Any, low: int, high: int, batch: int) -> int:
    """Return the first state of a batch in [low, high) that has the target among its successors, or
    -1.
    """
    while low < high:
        n = min(batch, high - low)
        m = expand_chunk(states, low, n, buf, work)
        canonical(buf, m)
        for k in range(m):
            if same(buf, k, target, 0):
                return low
        low += n
    return -1


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


def run(
    mode: int,
    states: Any,
    table: Any,
    buf: Any,
    hb: Any,
    work: Any,
    shared: Any,
    plan: Any,
    args: Any,
    recent: Any,
) -> int:
    """The one way in, so that the code generated from a scope is compiled once."""
    if mode == SEARCH:
        return search(states, table, buf, hb, work, shared, plan, args, recent)
    if mode == REINSERT:
        return reinsert(states, table, hb, shared, plan, args)
    if mode == BACK:
        return back(states, buf, work, hb, get(args, 0), get(args, 1), get(args, 2))
    if mode == SEE:
        return see(states, 0, get(args, 0), work)
    if mode == NUMBER:
        return number(states, table, get(args, 0), get(args, 1))
    if mode == EDGES:
        return edges(states, table, buf, hb, work, shared, recent, args)
    if mode == PROMISED:
        return promised(states, get(args, 0), recent, get(args, 1))
    return canonical(buf, get(args, 0))
