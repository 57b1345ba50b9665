"""The smallest sets of protections whose loss explains a history: edits of the catalogue with which
it is a run.

Single edits are asked one by one. For larger sets one pass follows a history with every edit that
may be made at once: a row remembers which it has used, and rows that have used more than others of
the same state are left out. What is found so is asked again, each set by itself. Where that pass
has too many rows, the known designs are asked for what of them explains it, and with what beside;
if none does, all sets of the size are asked one by one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from checker.judge.follow import anew, without
from checker.judge.jobs import Code, Seen
from checker.judge.states.layer import Terms, TooMany
from checker.judge.watch import ASSUMED, Edited, Setup, edited
from spec.failures.profiles import PROFILES

EDITS_MAX = 3
"""No larger sets are looked for: with enough protections gone everything is a run."""

STATES_MAX = 500_000
"""So many rows that pass may have after an event."""


@dataclass(frozen=True)
class Explained:
    """The smallest sets of edits, all of the same size; `stopped` says why there may be others, if
    the search was not finished. Of those that are `left` it is not known whether they explain
    it.
    """

    sets: tuple[frozenset[str], ...]
    stopped: str | None = None
    left: tuple[frozenset[str], ...] = ()


def explain(setup: Setup, seen: Seen, until: float | None = None) -> Explained:
    """Return all smallest sets of edits with which some run shows these events; `until` is when
    `time.monotonic` ends the search.
    """
    search = _Search(setup, seen, until)
    for size in range(1, EDITS_MAX + 1):
        true: list[frozenset[str]] = []
        stopped = None
        try:
            try:
                asked = search.reached(size)
            except TooMany as many:
                known = search.designed(size)
                if known:
                    why = f"{many} without {size} protections, so there may be others"
                    return Explained(tuple(sorted(known, key=sorted)), why, tuple(search.left))
                asked = search.every(size)
            true += search.true(asked, size)
        except TimeoutError:
            stopped = f"the time was up among sets of {size} protections"
        if true or stopped:
            return Explained(tuple(sorted(true, key=sorted)), stopped, tuple(search.left))
    return Explained((), None, tuple(search.left))


class _Search:
    """What is known so far of what explains a history."""

    def __init__(self, setup: Setup, seen: Seen, until: float | None) -> None:
        self.setup, self.seen, self.until = setup, seen, until
        self.one = edited(setup)
        self.active = tuple(code for code in seen.codes if not code.rests)
        self.rests = len(self.active) < len(seen.codes)
        self.before: set[int] = set()
        """Sets of the size before with which a run shows all but that it comes to rest."""
        self.left: list[frozenset[str]] = []

    def reached(self, size: int) -> Iterable[int]:
        """Return the sets of this size that may explain it; raises `TooMany`."""
        if size == 1:
            return self.every(1)
        before = self.before
        self.before = _used(self.one, size, self.active, self.seen.claiming, self.until)
        more = _extended(self.one, before, size) if self.rests else ()
        return sorted(self.before | set(more))

    def every(self, size: int) -> Iterator[int]:
        """Yield all sets of this size, but for those with one with which too much is possible."""
        for bits in map(sum, combinations([1 << i for i in range(len(self.one.edits))], size)):
            texts = self.one.texts(bits)
            if self._together(texts) and not any(fewer <= texts for fewer in self.left):
                yield bits

    def _together(self, texts: frozenset[str]) -> bool:
        """Return whether they can be made at once: no two make another step of the same."""
        ways = [way for way in map(self.one.way, texts) if way is not None]
        return len(ways) == len(set(ways))

    def true(self, asked: Iterable[int], size: int) -> Iterator[frozenset[str]]:
        """Yield those of these sets that explain it."""
        reached = set[int]()
        for bits in asked:
            _refuse_late(self.until)
            texts = self.one.texts(bits)
            follower = without(self.setup, texts) if size == 1 else anew(self.setup, texts)
            try:
                # Whether it comes to rest takes the longest to ask.
                active = follower.allows(self.active, self.seen.claiming)
                reached |= {bits} if active else set()
                if (active or size == 1) and follower.allows(self.seen.codes, self.seen.claiming):
                    yield texts
            except TooMany:
                self.left.append(texts)
        if self.rests:
            self.before = reached

    def designed(self, size: int) -> list[frozenset[str]]:
        """Return sets of this size that explain it and are part of a known design, or are a known
        design with one more edit.
        """
        found = dict[frozenset[str], None]()
        for profile in PROFILES.values():
            texts = frozenset(profile.edits) & frozenset(self.one.edits)
            more = [texts | {text} for text in self.one.edits if len(texts) == size - 1]
            found |= {one: None for one in more if self._together(one) and self._explained(one)}
            if not found and self._explained(texts):
                for text in sorted(texts):
                    texts = texts - {text} if self._explained(texts - {text}) else texts
                found |= {texts: None} if len(texts) == size else {}
        return list(found)

    def _explained(self, texts: frozenset[str]) -> bool:
        _refuse_late(self.until)
        try:
            return anew(self.setup, texts).allows(self.seen.codes, self.seen.claiming)
        except TooMany:
            return False


def _refuse_late(until: float | None) -> None:
    if until is not None and time.monotonic() > until:
        raise TimeoutError


def _used(
    one: Edited,
    size: int,
    codes: Sequence[Code],
    claiming: frozenset[int],
    until: float | None,
) -> set[int]:
    """Return the sets of edits, up to a size, that runs which show these events use."""
    machine, terms = one.machine, Terms(one.machine.every, size, kept=True, states_max=STATES_MAX)
    layer = machine.first(replace(terms, claiming=claiming))
    for code in codes:
        now = replace(terms, claiming=code.claiming)
        for i, signs in enumerate(code.shows):
            _refuse_late(until)
            hidden = None if i + 1 == len(code.shows) else machine.plan(())
            layer = machine.after(layer, machine.plan(signs), now, hidden)
    found = {u & machine.counted for u in machine.used_by(layer.live)}
    return {u for u in found if not any(o != u and o & ~u == 0 for o in found)}


def _extended(one: Edited, reached: Iterable[int], size: int) -> Iterator[int]:
    """Yield sets of edits with one more, by which a run may come to rest: one that replaces an
    action or drops an assumption.
    """
    for edits in reached:
        if edits.bit_count() + 1 != size:
            continue
        replaced = {one.way(text) for text in one.texts(edits)} - {None}
        for i, text in enumerate(one.edits):
            way = one.way(text)
            plain = way is None and text.split()[0] not in ASSUMED
            if not edits >> i & 1 and way not in replaced and not plain:
                yield edits | 1 << i
