"""The smallest sets of protections whose loss explains a history: edits of the catalogue with which
it is a run.

Single edits are asked one by one. For larger sets one pass follows a history with every edit that
may be made at once: a row remembers which it has used, and rows that have used more than others of
the same state are left out. What is found so is asked again, each set by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from checker.judge.follow import without
from checker.judge.jobs import Code, Seen
from checker.judge.states.layer import Terms, TooMany
from checker.judge.watch import ASSUMED, Edited, Setup, edited

EDITS_MAX = 3
"""No larger sets are looked for: with enough protections gone everything is a run."""

STATES_MAX = 3_000_000


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
    one = edited(setup)
    codes, claiming = seen.codes, seen.claiming
    active = tuple(code for code in codes if not code.rests)
    reached: set[int] = set()
    left: list[frozenset[str]] = []
    for size in range(1, EDITS_MAX + 1):
        true: list[frozenset[str]] = []
        try:
            asked = {1 << i for i in range(len(one.edits))}
            if size > 1:
                before, reached = reached, _used(one, size, active, claiming, until)
                asked = set(reached)
                if len(active) < len(codes):
                    asked |= set(_extended(one, before, size))
            for bits in sorted(asked):
                _refuse_late(until)
                follower = without(setup, one.texts(bits))
                try:
                    if follower.allows(codes, claiming):
                        true.append(one.texts(bits))
                    elif size == 1 and len(active) < len(codes):
                        reached |= {bits} if follower.allows(active, claiming) else set()
                except TooMany:
                    left.append(one.texts(bits))
        except TooMany as many:
            return Explained((), f"{many} without {size} protections", tuple(left))
        except TimeoutError:
            why = f"the time was up among sets of {size} protections"
            return Explained(tuple(true), why, tuple(left))
        if true:
            return Explained(tuple(sorted(true, key=sorted)), None, tuple(left))
    return Explained((), None, tuple(left))


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
