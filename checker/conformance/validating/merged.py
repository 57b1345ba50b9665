"""A trace that is a partial order, as one line that keeps it.

A server has no order of commits. Known are the versions of each row, the rows of each process in
turn, of a step that left its row as it was which version it read, and of what no two rows may have
who had it first: whoever waits for it is written down later. Of other rows no step sees anything,
so any two lines that keep all this differ by swaps of steps that have nothing to do with each
other: the spec allows both, or none. A version that is missing, or a circle, is a finding.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from checker.conformance.validating.finding import Finding, NotAllowed
from checker.conformance.validating.nearest import Event
from impl.postgresql.trace import Ends, Row
from impl.terms.outcomes import Unseen

Node = tuple[int, int]
"""A row by its place in what was read, and a step that it lists; the row itself comes last."""


class _Order:
    """What comes before what."""

    def __init__(self) -> None:
        self.before: dict[Node, int] = {}
        self._after: dict[Node, list[Node]] = defaultdict(list)

    def add(self, node: Node) -> None:
        """Let a step be in the line."""
        self.before[node] = 0

    def put(self, one: Node, other: Node) -> None:
        """Let one come before the other."""
        self._after[one].append(other)
        self.before[other] += 1

    def line(self) -> Iterator[Node]:
        """Yield as many as can come before each other, those that were read first first."""
        left = dict(self.before)
        ready = [node for node, n in left.items() if not n]
        heapq.heapify(ready)
        while ready:
            node = heapq.heappop(ready)
            yield node
            for other in self._after[node]:
                left[other] -= 1
                if not left[other]:
                    heapq.heappush(ready, other)


def merged(rows: Iterable[Row], after: int, ends: Ends, slots: Collection[str] = ()) -> list[Event]:
    """Return the rows of a trace and the steps that they list in one line, numbered along it from
    the one `after` which they come, where what was before `ends`; `slots` are the fields of which
    no two rows have the same value. Raises `NotAllowed` if there is none.
    """
    every = list(rows)
    order = _Order()
    own = [[(n, i) for i in range(len(row.said.unseen) + 1)] for n, row in enumerate(every)]
    for nodes in own:
        for node in nodes:
            order.add(node)
        for one, other in itertools.pairwise(nodes):
            order.put(one, other)
    places = [(row.element, row.version) for row in every]
    versions = _chains(places, ends.versions, "version {} of {}")
    turns = [(row.process, row.nth) for row in every if row.process is not None]
    _chains(turns, ends.turns, "row {} of {}")
    _in_turn(order, every, own)
    for (element, version), n in versions.items():
        if (element, version - 1) in versions:
            order.put(own[versions[element, version - 1]][-1], own[n][-1])
    _hand_to_hand(order, every, own, slots)
    gone = {
        (n, i)
        for n, row in enumerate(every)
        for i, step in enumerate(row.said.unseen)
        if not _read(order, versions, ends.versions, own, (n, i), step) and after
    }
    line = list(order.line())
    if len(line) < len(order.before):
        stuck = min(order.before.keys() - set(line))
        row = every[stuck[0]]
        what = f"version {row.version} of {row.element} and others wait for each other"
        raise NotAllowed(Finding("order", what))
    return list(_numbered(every, line, after, gone))


def _chains(
    places: Sequence[tuple[str | None, int | None]], ends: Mapping[str, int], said: str
) -> dict[tuple[str, int], int]:
    """Return which row is at each place of its chain, which has come so far before; raises
    `NotAllowed` if one is missing, or there twice.
    """
    found: dict[tuple[str, int], int] = {}
    longest: dict[str, int] = defaultdict(int)
    for n, (chain, place) in enumerate(places):
        assert chain is not None and place is not None
        if (chain, place) in found:
            raise NotAllowed(Finding("order", f"{said.format(place, chain)} is there twice"))
        found[chain, place] = n
        longest[chain] = max(longest[chain], place)
    for chain, last in longest.items():
        for place in range(ends.get(chain, 0) + 1, last + 1):
            if (chain, place) not in found:
                raise NotAllowed(Finding("order", f"{said.format(place, chain)} is missing"))
    return found


def _in_turn(order: _Order, every: list[Row], own: list[list[Node]]) -> None:
    """Let the rows of each process, with what they list, come one after the other."""
    turns: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for n, row in enumerate(every):
        if row.process is not None and row.nth is not None:
            turns[row.process].append((row.nth, n))
    for turn in turns.values():
        turn.sort()
        for (_, one), (_, other) in itertools.pairwise(turn):
            order.put(own[one][-1], own[other][0])


def _hand_to_hand(
    order: _Order, every: list[Row], own: list[list[Node]], slots: Collection[str]
) -> None:
    """Let the steps that take a slot or give it back come as they were written."""
    last: dict[tuple[str, str], int] = {}
    for n, row in enumerate(every):
        places = [*_places(row.said.before), *_places(row.said.after)]
        named = {(field, value) for field, value in places if field in slots}
        for slot in named:
            if slot in last:
                order.put(own[last[slot]][-1], own[n][-1])
            last[slot] = n


def _places(side: object) -> Iterator[tuple[str, str]]:
    """Yield the fields of a side of a row, whatever JSON it is, that name an element."""
    if isinstance(side, dict):
        for place, value in side.items():
            if isinstance(value, str):
                yield place.partition("[")[0], value


def _read(
    order: _Order,
    versions: dict[tuple[str, int], int],
    ends: Mapping[str, int],
    own: list[list[Node]],
    node: Node,
    step: Unseen,
) -> bool:
    """Let a step come after the version of the row that it read, and before the next; return
    whether it can have read that one after the recorded state.
    """
    if step.row is None:
        return True
    read, following = (versions.get((step.row, step.after + n)) for n in (0, 1))
    if read is not None:
        order.put(own[read][-1], node)
    elif step.after > ends.get(step.row, step.after):
        what = f"version {step.after} of {step.row} was read, and is missing"
        raise NotAllowed(Finding("order", what))
    if following is not None and own[following][-1] != own[node[0]][-1]:
        order.put(node, own[following][-1])
    return read is not None or step.after == ends.get(step.row, 0)


def _numbered(
    every: list[Row], line: list[Node], after: int, gone: Collection[Node]
) -> Iterator[Event]:
    rows = [n for n, i in line if i == len(every[n].said.unseen)]
    number = {n: seq for seq, n in enumerate(rows, after + 1)}
    last = after
    for n, i in line:
        said = every[n].said
        if i < len(said.unseen):
            yield number[n], replace(said.unseen[i], after=after - 1 if (n, i) in gone else last)
        else:
            last = number[n]
            yield replace(said, seq=last)
