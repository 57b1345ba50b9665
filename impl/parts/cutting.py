"""The trace is cut behind: what came before one of its rows is replaced by the state there.

From then on a run is followed from this origin. The rows before it stay as long as the job that
they speak of, for people to read; what they led to is recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from impl.derive import origin
from impl.derive.design import Design
from impl.derive.mapping import rows_of
from impl.derive.origin import Memory, Rows, Unfit, fits, from_plain
from impl.derive.tracing import element_of, parameter_of, plain
from impl.interface.step import step_of
from impl.interface.store import Store
from impl.parts.owner import Owner
from impl.terms.unusable import REMEDY, Damaged
from spec.language.scope import Value, element_name
from spec.language.terms.types import Sort

Process = tuple[type[Sort], int]
Tables = dict[type[Sort], dict[int, dict[str, Value]]]

_PAGE = 1_000
"""Rows of the trace that are deleted in one transaction."""

_FORGOTTEN = "SELECT max(CAST(value AS INTEGER)) FROM meta WHERE name = 'forgotten'"

_LESS = """\
UPDATE meta SET value = CAST(CAST(value AS INTEGER) - ? AS TEXT) WHERE name = 'forgotten'"""

_DELETE = """\
DELETE FROM trace WHERE seq IN (SELECT CAST(each.value AS INTEGER) FROM json_each(?) AS each)"""


def cut(queue: Owner) -> None:
    """Let the run be followed from the last row of the trace, and delete the rows before it that
    speak of no job that there still is. Raises `StoreError`.
    """
    store = queue.store
    # Without the lock, however long it takes.
    with queue.snapshot(at_rest=True) as t, store.legible():
        begins, states = origin.read(t.own, store.path)
        memory = _Memory(store.design, states)
        tables, last = rows_of(store.design, t.own), t.last()
        there = {element_name(sort, e) for sort, rows in tables.items() for e in rows}
        gone = []
        for row in t.traced():
            if row.seq > begins:
                try:
                    memory.take(row.after, row.unseen)
                except (AttributeError, LookupError, TypeError, ValueError):
                    fact = f"is damaged: row {row.seq} of the trace says what no step does"
                    raise Damaged(store.path, fact, REMEDY) from None
            if row.seq < last and there.isdisjoint(row.elements):
                gone.append(row.seq)
        found = [*_recorded(store, tables, memory), *memory.recorded()]
        ((forgotten,),) = t.own(_FORGOTTEN)
    with queue.transaction() as t:
        t.alone("cutting")
        if origin.read(t.own, store.path)[0] != begins:
            return  # somebody else was faster
        t.keep_origin(last, found)
        t.own(_LESS, (forgotten,))
    for first in range(0, len(gone), _PAGE):
        with queue.transaction() as t:
            t.own(_DELETE, (json.dumps(gone[first : first + _PAGE]),))


def _recorded(store: Store, tables: Tables, memory: _Memory) -> Iterator[tuple[str, str]]:
    """Yield the state of each row of each table as an origin has it; raises `Damaged`."""
    for table in store.design.tables:
        rows, known = Rows(store.design, table), memory.of(table.sort)
        for element, row in tables[table.sort].items():
            try:
                yield rows.recorded(element, rows.whole(row, known.get(element, ())))
            except Unfit as unfit:
                fact = f"is damaged: {table.name} {element + 1} has what no run leads to: {unfit}"
                raise Damaged(store.path, fact, REMEDY) from None


class _Memory:
    """What processes remember, as far as the trace says it: what one has seen since its last row
    only that process knows.
    """

    def __init__(self, design: Design, states: Iterable[tuple[str, Any]]) -> None:
        """Begin with what is recorded of them."""
        self._design, self._fields = design, design.scope.spec.fields
        tables = {t.sort for t in design.tables}
        self._sorts = [sort for sort in design.blank if sort not in tables]
        self._now: dict[Process, dict[str, Value]] = {}
        for name, state in states:
            for field, value in state.items():
                self._set(name, field, value)

    def _set(self, name: str, field: str, said: Any) -> None:
        """Let a field of the element of this name hold what is said, if it is one of a process."""
        f = self._fields.get(field)
        if f is None or f.over not in self._sorts:
            return
        element = element_of(f.over, name)
        if element is None or not fits(self._design.scope, f, value := from_plain(f, said)):
            raise ValueError  # so no trace says it
        self._whole((f.over, element))[field] = value

    def _whole(self, process: Process) -> dict[str, Value]:
        return self._now.setdefault(process, dict(self._design.blank[process[0]]))

    def take(self, after: str, unseen: str) -> None:
        """Take what a row says that it leads to, and the steps of its process before it."""
        for _, action, said, *_ in json.loads(unseen):
            t = self._design.transitions[action]
            params = {p.name: parameter_of(p.type, said[p.name]) for p in t.params}
            owner = t.seen.owner(params)
            if owner is not None and owner[0] in self._sorts:
                memory = self._whole(owner)
                seen = step_of(self._design, action, params, memory).seen
                memory |= {name: v for name, (_, v) in t.remembered(seen).items()}
        for place, value in json.loads(after).items():
            field, _, element = place.rstrip("]").partition("[")
            self._set(element, field, value)

    def of(self, sort: type[Sort]) -> dict[int, list[Memory]]:
        """Return what processes remember of each element, each alone."""
        found: dict[int, list[Memory]] = {}
        for (process, _), memory in self._now.items():
            named = [
                v for name, v in memory.items() if self._fields[name].type is sort and v is not None
            ]
            for element in set(named):
                found.setdefault(int(element), []).append((process, tuple(memory.items())))
        return found

    def recorded(self) -> Iterator[tuple[str, str]]:
        """Yield the state of each process that remembers anything, as an origin has it."""
        for (sort, element), memory in self._now.items():
            state = {
                name: plain(self._fields[name].type, v)
                for name, v in memory.items()
                if v != self._design.blank[sort][name]
            }
            if state:
                yield element_name(sort, element), json.dumps(state)
