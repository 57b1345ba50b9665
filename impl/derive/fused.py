"""Steps of one process on one row, one after the other, as one statement.

The spec shows whether that is the same: what a later step asks and writes is said of the row as it
was before the first one, by putting in what the earlier ones have written. Each still has its own
row of the trace, so no two may write one column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from impl.derive.design import Design
from impl.derive.possible import possible, some_row_of
from impl.derive.sql import bound, condition
from impl.derive.statements import Clause, Statement, becomes
from impl.derive.transition import Transition
from spec.language.declared.model import Field, Guard
from spec.language.terms.expr import Expr, Read
from spec.language.terms.tree import alike, rebuild, walk

Written = Mapping[Field, Expr]
"""What columns are by now, said of the row before the first step."""


@dataclass(frozen=True, eq=False)
class Fused:
    """Steps with the one statement that takes them all: what it has `asked` of the row, and what
    is `written`. `columns`: those that each may change, as bits.
    """

    transitions: tuple[Transition, ...]
    statement: Statement
    columns: tuple[int, ...]
    asked: tuple[Guard, ...]
    written: Written


@lru_cache(maxsize=64)
def fused(design: Design, actions: tuple[str, ...]) -> Fused | None:
    """Return these steps as one, or None if the spec does not show that it is the same."""
    steps = [design.transitions[action] for action in actions]
    first, table = steps[0], steps[0].table
    if table is None or not all(_like(t, first) for t in steps):
        return None
    written: dict[Field, Expr] = {}
    asked: list[tuple[str, Expr]] = []
    remembered: set[Field] = set()
    bits = []
    for t in steps:
        if _reads_memory(t) & remembered or written.keys() & _writes(t).keys():
            return None
        asked += [(g.name, _from(written, g.condition)) for g in _of_row(t)]
        now = {f: _from(written, e) for f, e in _writes(t).items()}
        written |= now
        remembered |= {r.field for r in t.remembers}
        bits.append(sum(1 << n for n, f in enumerate(table.columns) if f in now))
    known = some_row_of(design.scope, table)
    left: list[tuple[str, Expr]] = []
    for name, e in asked:
        certain = possible(e, known, design.scope.bounds) == frozenset({True})
        if not certain and not _in(left, e):
            left.append((name, e))
    names = bound(table.sort)
    where = [Clause(name, condition(e, names), _columns(e)) for name, e in left]
    sets = [becomes(table, f, e) for f, e in written.items()]
    assert first.statement is not None
    statement = Statement("update", table, first.statement.key, tuple(where), tuple(sets))
    guards = tuple(Guard(name, e) for name, e in left)
    return Fused(tuple(steps), statement, tuple(bits), guards, written)


def _like(t: Transition, first: Transition) -> bool:
    """Return whether the step changes the row of the first one, by the same process, which sees
    nothing else and remembers nothing of it.
    """
    return (
        t.table is first.table
        and t.statement is not None
        and t.statement.form == "update"
        and t.seen.key is not None
        and first.seen.key is not None
        and alike(t.seen.key, first.seen.key)
        and [p.name for p in t.action.params] == [t.process and t.process.name]
        and t.process == first.process
        and not t.reads
        and not t.seen.world
    )


def _of_row(t: Transition) -> Iterator[Guard]:
    return (g for g in t.action.guards if t.seen.in_row(g.condition))


def _writes(t: Transition) -> dict[Field, Expr]:
    return {u.field: u.value for u in t.seen.updates if u.field.survival == "durable"}


def _reads_memory(t: Transition) -> set[Field]:
    """Return what of the memory the statement of the step is told."""
    assert t.seen.key is not None
    whole = [t.seen.key, *(g.condition for g in _of_row(t)), *_writes(t).values()]
    read = [e.field for one in whole for e in walk(one) if isinstance(e, Read)]
    return {f for f in read if f.survival == "volatile"}


def _from(written: Written, e: Expr) -> Expr:
    if isinstance(e, Read) and e.field in written:
        return written[e.field]
    return rebuild(e, lambda child: _from(written, child))


def _in(known: Sequence[tuple[str, Expr]], e: Expr) -> bool:
    return any(alike(e, other) for _, other in known)


def _columns(e: Expr) -> frozenset[str]:
    return frozenset(r.field.name for r in walk(e) if isinstance(r, Read))
