"""The search itself: this file's text is compiled together with the code generated from a scope.

What is declared below as a stand-in is what the generated code brings: the words of a state, where
the parts of a thread's workspace lie, and how states are expanded, made canonical and checked. A
thread works on batches: all successors of a batch first, then their hashes, asking for the cache
lines of the table on the way, and only then the look-ups, whose lines have come by then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WORDS = 1
MAX_BATCH = 512
AHEAD = 24
"""How many look-ups lie between asking for a line of the table and using it: the processor drops
what it is asked for when too much is on its way.
"""
SOON = 12
"""How many lie between asking for the state that a slot points at and comparing with it."""
RECENT_BITS = 14
"""A thread remembers 2^14 recent successors: 128 KiB of one-word states, inside the second-level
cache.
"""
LINE = 8
"""Slots in a cache line of the table, all compared at once."""
TAG_BITS = 24
POSITION = (1 << 40) - 1
"""A slot of a state of several words: so many bits of its hash above its position."""
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


get = put = peek = scan = claim = fetch_add = prefetch = trailing = _stand_in
shr = shl = pick = flag = mix = home = _stand_in
number: Callable[..., int] = _stand_in  # in `numbering`, as the next
edges: Callable[..., int] = _stand_in


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
    table: Any, lines: int, states: Any, tail: int, buf: Any, hb: Any, m: int, solo: int
) -> int:
    """Add the states of `buf` that are new to the table and to `states`; return the new end of
    `states`.

    One-word states are in the table themselves, negated bit by bit: they are never negative, so a
    slot is never 0. Of wider ones it holds the position in `states`, from 1, and above it 24 bits
    of the hash. A line fills from its first slot on, and is read once: its first free slot is
    still free when claimed, or the line is read again, so no state gets in twice.
    """
    compared = pick(WORDS == 1, -1, ~POSITION)
    for k in range(m):
        prefetch(table, home(get(hb, k + AHEAD), lines) * LINE)
        h = get(hb, k)
        at = home(h, lines) * LINE
        if WORDS == 1:
            slot = ~get(buf, k)
        else:
            ask_for_state(table, lines, states, tail, get(hb, k + SOON))
            slot = shl(h, 64 - TAG_BITS) | (tail + 1)
        while True:
            seen = scan(table, at, slot, compared)
            if WORDS == 1:
                if seen & 255 != 0:
                    break
            elif holds(table, at, seen & ~(seen >> LINE) & 255, states, buf, k):
                break
            if seen >> LINE == 0:
                at += LINE
                if at == lines * LINE:
                    at = 0
            else:
                at += trailing(seen >> LINE)
                for w in range(WORDS):
                    put(states, tail * WORDS + w, get(buf, k * WORDS + w))
                if solo:
                    put(table, at, slot)
                    tail += 1
                    break
                if claim(table, at, slot) == 0:
                    tail += 1
                    break
                at -= at & (LINE - 1)
    return tail


def ask_for_state(table: Any, lines: int, states: Any, tail: int, h: int) -> int:
    """Ask for the state that a look-up will compare with: its line of the table is here by now."""
    at = home(h, lines) * LINE
    like = scan(table, at, shl(h, 64 - TAG_BITS), ~POSITION) & 255
    there = (peek(table, at + (trailing(like) & (LINE - 1))) & POSITION) - 1
    prefetch(states, pick((like != 0) & (there >= 0), there, tail) * WORDS)
    return 0


def holds(table: Any, at: int, like: int, states: Any, buf: Any, k: int) -> bool:
    """Return whether one of the slots of a line that have the right bits of the hash has state
    k.
    """
    while like != 0:
        if same(states, (peek(table, at + trailing(like)) & POSITION) - 1, buf, k):
            return True
        like &= like - 1
    return False


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
    regions, batch, budget, lines, limit, room, solo = args
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
            prefetch(table, home(get(hb, k), lines) * LINE)
        before = tail
        tail = insert(table, lines, states, tail, buf, hb, m, solo)
        see(states, before, tail - before, work)
        put(work, TAIL, tail)
        fetch_add(shared, COUNT, tail - before)
    return BUSY


def reinsert(states: Any, table: Any, hb: Any, shared: Any, plan: Any, args: Any) -> int:
    """Enter the states found so far, all different, into a table that was emptied."""
    regions, batch, budget, lines, _, _, solo = args
    while budget > 0:
        budget -= 1
        chunk = fetch_add(shared, NEXT, 1)
        r = region_of(plan, regions, chunk)
        if r == regions:
            return DONE
        first = get(plan, 3 * r) + (chunk - get(plan, 3 * r + 2)) * batch
        n = min(batch, get(plan, 3 * r + 1) - first)
        for k in range(n):
            put(hb, k, hash_at(states, first + k))
        for k in range(min(n, AHEAD)):
            prefetch(table, home(get(hb, k), lines) * LINE)
        for k in range(n):
            prefetch(table, home(get(hb, k + AHEAD), lines) * LINE)
            h = get(hb, k)
            at = home(h, lines) * LINE
            slot = (
                ~get(states, first + k) if WORDS == 1 else shl(h, 64 - TAG_BITS) | (first + k + 1)
            )
            while True:
                free = scan(table, at, slot, -1) >> LINE
                if free == 0:
                    at += LINE
                    if at == lines * LINE:
                        at = 0
                elif solo:
                    put(table, at + trailing(free), slot)
                    break
                elif claim(table, at + trailing(free), slot) == 0:
                    break
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
