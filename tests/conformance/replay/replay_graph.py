"""Every edge of a state graph on the store: it is put into a state, and each step is tried there.

The rows of a state are written by hand, so no run has to lead to it; whether one does is for the
explorer to say, which finds the states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from checker.conformance.beside_spec import Divergence, Replay, Steps
from checker.process.children import pool
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.code.symmetry import merged
from checker.search.compiled.states import states
from impl.derive.design import Design, derive
from impl.derive.sql import encode, identifier
from impl.derive.tables import Table
from impl.derive.transition import Transition
from impl.derive.view import Global
from spec.language.scope import Scope, State
from spec.language.terms.expr import Expr, Read, Var
from spec.language.terms.tree import children
from spec.queue import SCOPES

_STATES = 1000
"""How many states a process gets at a time; they share a store, whose trace is in memory too."""


@dataclass
class Tried:
    """How many states the store was in, which actions it took there, and what it was refused."""

    states: int
    taken: Counter[str]
    refused: Counter[str]


@dataclass(frozen=True)
class _Row:
    """A row that may be there: its table, its element, and where a state has its columns."""

    table: Table
    element: int
    at: tuple[int, ...]
    insert: str
    delete: str


class Anywhere(Replay):
    """A replay that can be put into any state."""

    def __init__(self, design: Design, steps: Steps) -> None:
        """Begin in the initial state, on a store in memory."""
        super().__init__(design, steps=steps)
        self._rows = [_row(t, e, steps) for t in design.tables for e in _elements(t, self.scope)]
        self._remembered = [
            (self.memories[f.over][place.element], f.name, at)
            for at, place in enumerate(self.scope.places)
            if (f := place.field).survival == "volatile"
            if f.over is not None and place.element is not None
        ]

    def put(self, state: State) -> None:
        """Write the rows and the memory of a state; `self.state` is what the store has now."""
        put = self.store.scribe.put
        for row in self._rows:
            values = [state[at] for at in row.at]
            if values == [self.state[at] for at in row.at]:
                continue
            kinds = [f.type for f in row.table.columns]
            if values == list(row.table.initial.values()) and row.table.sort is not Global:
                put(row.delete, (row.element + 1,))
            else:
                stored = (encode(t, v) for t, v in zip(kinds, values, strict=True))
                put(row.insert, (row.element + 1, *stored))
        for memory, field, at in self._remembered:
            memory[field] = state[at]
        self.before = self.state = state

    def try_all(self, tried: Tried) -> None:
        """Try every step of the scope, coming back from each; raises `Divergence`."""
        state = self.state
        for instance in self.steps.every:
            action, refusal = instance.step.action.name, self.step(instance)
            if refusal is None:
                tried.taken[action] += 1
                self.put(state)
            else:
                tried.refused[f"{action}.{refusal}"] += 1
        tried.states += 1


def _row(t: Table, element: int, steps: Steps) -> _Row:
    start = steps.evaluator.start
    columns = ", ".join(["id", *(identifier(f.name) for f in t.columns)])
    marks = ", ".join("?" * (len(t.columns) + 1))
    return _Row(
        t, element, tuple(start[f.name] + element for f in t.columns),
        f"INSERT OR REPLACE INTO {t.name} ({columns}) VALUES ({marks})",
        f"DELETE FROM {t.name} WHERE id = ?",
    )  # fmt: skip


def _elements(t: Table, scope: Scope) -> range:
    return range(1 if t.sort is Global else scope.size(t.sort))


def try_everywhere(design: Design, where: Iterable[State]) -> Tried:
    """Try every step in each of the states; raises `Divergence` with the state as a note."""
    steps, tried = Steps(design.scope), Tried(0, Counter(), Counter())
    replay = Anywhere(design, steps)
    for state in where:
        replay.put(state)
        try:
            replay.try_all(tried)
        except Divergence as differs:
            places = zip(design.scope.places, state, strict=True)
            differs.add_note("in " + ", ".join(f"{p.name} = {v}" for p, v in places))
            raise
    replay.store.close()
    return tried


def try_every_edge(name: str, processes: int) -> Tried:
    """Try every step in every reachable state of the scope of this name; raises `Divergence`."""
    rows = graph_states(derive(SCOPES[name]))
    chunks = [rows[at : at + _STATES] for at in range(0, len(rows), _STATES)]
    whole = Tried(0, Counter(), Counter())
    with pool(processes) as workers:
        for tried in workers.executor.map(_try_chunk, [name] * len(chunks), chunks):
            whole.states += tried.states
            whole.taken += tried.taken
            whole.refused += tried.refused
    return whole


@cache
def _design(name: str) -> Design:
    return derive(SCOPES[name])


def _try_chunk(name: str, rows: list[tuple[int, ...]]) -> Tried:
    design = _design(name)
    return try_everywhere(design, map(Layout(design.scope).unpack, rows))


# ---------------------------------------------------------------- which states
def graph_states(design: Design) -> list[tuple[int, ...]]:
    """Return every reachable state of the design's scope, as `Layout` packs it; one for all that
    differ only in which process is which, if that is all that the scope counts once.
    """
    told_apart = named_sorts(design).intersection(merged(Layout(design.scope)))
    _, rows = states(design.scope, symmetry=not told_apart)
    return [tuple(map(int, row)) for row in rows]


def named_sorts(design: Design) -> set[str]:
    """Return the sorts whose elements the store can tell apart.

    A parameter is only told apart by its memory if it is used for nothing else: a transition is
    then given the same, and does the same, whichever element has that memory.
    """
    found = set()
    for t in design.transitions.values():
        free: set[str] = set()
        for e in _expressions(t):
            free |= _used(e)
        found |= {p.type.__name__ for p in t.action.params if p.name in free}  # type: ignore[union-attr]
    return found


def _expressions(t: Transition) -> Iterator[Expr]:
    yield from (g.condition for g in t.action.guards)
    for u in t.seen.updates:
        yield u.value
        # Whose memory is written is told by its index alone.
        if u.index is not None and u.field.survival == "durable":
            yield u.index
    if t.seen.key is not None:
        yield t.seen.key


def _used(e: Expr) -> set[str]:
    """Return the variables whose element counts, other than to find its memory."""
    if isinstance(e, Var):
        return {e.name}
    if isinstance(e, Read) and e.field.survival != "durable" and isinstance(e.index, Var):
        return set()
    return {name for child in children(e) for name in _used(child)}
