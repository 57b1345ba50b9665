"""Which explanations some event would tell apart, and which event."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from checker.judge.follow import Follower, without
from checker.judge.jobs import Code, Seen
from checker.judge.watch import Setup

_PAIRS_MAX = 400
_ROWS_MAX = 10_000
_SECONDS = 3.0


class Telling(NamedTuple):
    """The fewest events that one of two explanations allows after the history and the other does
    not, none if there are none; and whether it is the second that allows them.
    """

    codes: tuple[Code, ...]
    second: bool


@dataclass(frozen=True)
class Group:
    """Explanations that no event to come could tell apart; and what tells them from those of the
    first group, if it was found.
    """

    sets: tuple[frozenset[str], ...]
    told_by: Telling | None = None


def apart(setup: Setup, seen: Seen, sets: Sequence[frozenset[str]], until: float) -> list[Group]:
    """Return the explanations of a history, those together that say the same; each group is told
    from the first by some events.
    """
    until = min(until, time.monotonic() + _SECONDS)
    groups: list[list[frozenset[str]]] = []
    tellings: list[Telling | None] = []
    for texts in sets:
        one = without(setup, texts)
        telling: Telling | None = None
        for n, group in enumerate(groups):
            found = _difference(without(setup, group[0]), one, seen, until)
            if found is not None and not found.codes:
                group.append(texts)
                break
            if n == 0 and found is not None:
                telling = found
        else:
            groups.append([texts])
            tellings.append(telling)
    return [Group(tuple(g), t) for g, t in zip(groups, tellings, strict=True)]


def _difference(a: Follower, b: Follower, seen: Seen, until: float) -> Telling | None:
    """Return what tells two explanations apart, or None if it was not found in time."""
    m, n = (one.open(one.follow(seen.codes, seen.claiming).last) for one in (a, b))
    begin = m, n
    met = {begin}
    left: deque[tuple[tuple[int, int], tuple[Code, ...]]] = deque([(begin, ())])
    while left:
        (m, n), way = left.popleft()
        wide = max(len(a.layers[m]), len(b.layers[n])) > _ROWS_MAX
        if wide or len(met) > _PAIRS_MAX or time.monotonic() > until:
            return None
        signs = dict.fromkeys([*a.possible(m), *b.possible(n)])
        for code in (*(Code(((sign,),)) for sign in signs), seen.quiet):
            pair = a.after(m, code), b.after(n, code)
            some = len(a.layers[pair[0]]) > 0, len(b.layers[pair[1]]) > 0
            if some[0] != some[1]:
                return Telling((*way, code), some[1])
            if some[0] and pair not in met:
                met.add(pair)
                left.append((pair, (*way, code)))
    return Telling((), False)
