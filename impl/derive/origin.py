"""An origin: a recorded state, from which a run may be followed without what came before it.

A row says what it holds. What no row holds, ghosts and the memory of a job's client, is chosen so
that what must hold of one row does hold, and of a process that remembers it; where nothing does, no
run of the spec leads there.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from impl.derive.design import Design
from impl.derive.sql import encode, identifier
from impl.derive.tables import Table, of_one_row
from impl.derive.tracing import element_of, plain
from impl.derive.view import Global, sort_of
from impl.terms.unusable import RESTORE, StoreError
from spec.language.declared.model import Field
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope, Value, element_name
from spec.language.terms.expr import Quantifier, Read
from spec.language.terms.tree import walk
from spec.language.terms.types import Nat, Sort, is_enum, is_sort, is_timer, phases

Run = Callable[[str, Any], Iterable[Any]]
"""Runs a statement with values, and gives its rows."""

_ALWAYS = ("invariant", "lemma")
"""What holds in every state that a run leads to."""

Known = tuple[tuple[str, Value], ...]
"""Fields of the memory of a process, and what they hold."""

Memory = tuple[type[Sort], Known]
"""What a process of a sort remembers, of one element alone."""


class Unfit(ValueError):
    """No row of the spec can hold this: the fact, without its subject."""


def fits(scope: Scope, f: Field, v: Value) -> bool:
    """Return whether a field can hold a value, whatever else holds."""
    if is_enum(f.type):
        return isinstance(v, str) and v in scope.spec.members(f.type)
    if is_sort(f.type):
        return v is None or (type(v) is int and v >= 0)
    if isinstance(f.type, Nat):
        return type(v) is int and 0 <= v <= scope.limit(f.type)
    return type(v) is bool


def from_plain(f: Field, said: Any) -> Any:
    """Return the value that a trace, or an export, has of a field; what names no element fits
    nothing.
    """
    if not is_sort(f.type) or said is None:
        return said
    element = element_of(f.type, said)
    return -1 if element is None else element


class Rows:
    """What the rows of a table may hold, in any run."""

    def __init__(self, design: Design, t: Table) -> None:
        spec, evaluator = design.scope.spec, Evaluator(design.scope)
        self.table, self.scope = t, design.scope
        self._start, self._initial = evaluator.start, evaluator.initial()
        hidden = [
            f
            for f in spec.fields.values()
            if sort_of(f) is t.sort and f.survival in ("volatile", "ghost")
        ]
        self._claims = [
            (p, evaluator.meaning(p.body, {v.name: 0 for v in p.params}))
            for p in design.claims
            if of_one_row(p, t, hidden, _ALWAYS)
        ]
        read = {e.field for p, _ in self._claims for e in walk(p.body) if isinstance(e, Read)}
        self._hidden = {f.name: self._choices(f) for f in hidden if f in read}
        self._of_processes = {
            sort: [
                evaluator.meaning(p.body, {v.name: 0 for v in p.params})
                for p in design.claims
                if p.kind in _ALWAYS
                and [v.type for v in p.params] == [sort]
                and not any(isinstance(e, Quantifier) for e in walk(p.body))
            ]
            for sort in design.blank
        }
        self._chosen = cache(self._choose)

    def _choices(self, f: Field) -> list[Value]:
        """Return what a field of no row may hold, first what it begins as."""
        first = self._initial[self._start[f.name]]
        limit = self.scope.limit(f.type) if isinstance(f.type, Nat) else 0
        every: list[Value] = list(range(limit + 1))
        if not isinstance(f.type, Nat):
            every = [None] if is_sort(f.type) else self.scope.choices(f.type)
        return [first, *(v for v in every if v != first)]

    def whole(self, row: Mapping[str, Value], known_to: Iterable[Memory] = ()) -> dict[str, Value]:
        """Return the values of all fields of the element whose columns these are, and of which
        these processes remember something; raises `Unfit` if one is out of its range, or an
        invariant cannot hold.
        """
        for f in self.table.columns:
            t, v = self.table, row[f.name]
            if not fits(self.scope, f, v) or (t.always and t.absent == (f.name, v)):
                raise Unfit(f"{f.name} cannot be {json.dumps(v)}")
        columns = tuple(row[f.name] for f in self.table.columns)
        return {**row, **self._chosen(columns, frozenset(known_to))}

    def recorded(self, element: int, whole: Mapping[str, Value]) -> tuple[str, str]:
        """Return an element as an origin has it: its name, and what is not as in the beginning."""
        fields = self.scope.spec.fields
        state = {
            name: plain(fields[name].type, v)
            for name, v in whole.items()
            if v != self._initial[self._start[name]]
        }
        return element_name(self.table.sort, element), json.dumps(state)

    def _choose(self, columns: tuple[Value, ...], known_to: frozenset[Memory]) -> dict[str, Value]:
        state = list(self._initial)
        for f, v in zip(self.table.columns, columns, strict=True):
            state[self._start[f.name]] = v
        furthest = 0
        for values in itertools.product(*self._hidden.values()):
            chosen = dict(zip(self._hidden, values, strict=True))
            for name, v in chosen.items():
                state[self._start[name]] = v
            whole = tuple(state)
            broken = (n for n, (_, holds) in enumerate(self._claims) if not holds(whole, whole))
            first = next(broken, None)
            if first is None and all(self._agrees(state, *each) for each in known_to):
                return chosen
            furthest = max(furthest, len(self._claims) if first is None else first)
        if furthest == len(self._claims):
            raise Unfit("does not go with what a process remembers of it")
        claim = self._claims[furthest][0]
        raise Unfit(f"breaks {claim.id} {claim.name}")

    def _agrees(self, state: Sequence[Value], sort: type[Sort], memory: Known) -> bool:
        """Return whether what must hold of a process does, beside this state of the element."""
        whole = list(state)
        for name, v in memory:
            refers = is_sort(self.scope.spec.fields[name].type) and v is not None
            whole[self._start[name]] = 0 if refers else v
        seen = tuple(whole)
        return all(holds(seen, seen) for holds in self._of_processes[sort])


# ---------------------------------------------------------------- in the file
def insertion(t: Table) -> str:
    """Return what puts a row into a table: it is given `row_of` and then what the row carries."""
    columns = [identifier(f.name) for f in t.columns] + [c.name for c in t.carried]
    put = f"INSERT OR REPLACE INTO {t.name}" if t.sort is Global else f"INSERT INTO {t.name}"
    return f"{put} (id, {', '.join(columns)}) VALUES (?{', ?' * len(columns)})"


def row_of(
    t: Table, number: int, state: Mapping[str, Value], moments: Mapping[str, int | None]
) -> list[int | str | None]:
    """Return a row as SQLite holds it, without what it carries; its timers are these moments."""
    encoded = {f.name: encode(f.type, state[f.name]) for f in t.columns}
    return [number, *(encoded | {f.name: moments[f.name] for f in t.timers}).values()]


def recorded_as(f: Field, on: bool) -> str:
    """Return what a timer is recorded as that is on or off: that it has run out can follow."""
    assert is_timer(f.type)
    off, running, _ = phases(f.type)
    return running if on else off


_KEEP = """\
INSERT INTO meta VALUES ('origin', ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value"""


def write(run: Run, seq: int, states: Iterable[tuple[str, str]]) -> None:
    """Record the state after a row of the trace, as `recorded` gives it for each element, instead
    of the one that is recorded there.
    """
    run(_KEEP, (str(seq),))
    run("DELETE FROM origin", ())
    for state in states:
        run("INSERT INTO origin (element, state) VALUES (?, ?)", state)


def read(run: Run, path: str) -> tuple[int, Iterator[tuple[str, Any]]]:
    """Return the row of the trace after which a run is followed, 0 for the beginning, and the state
    there: elements by name, with the fields that are not as in the beginning. Raises `StoreError`.
    """
    found = list(run("SELECT value FROM meta WHERE name = 'origin'", ()))
    seq = found[0][0] if found else "0"
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        raise StoreError(path, f"its origin is after row {seq!r}", RESTORE)
    return int(seq), _states(run, path)


def _states(run: Run, path: str) -> Iterator[tuple[str, Any]]:
    for element, text in run("SELECT element, state FROM origin ORDER BY rowid", ()):
        try:
            state = json.loads(text)
        except (ValueError, RecursionError):
            raise StoreError(path, f"its origin of {element!r} is no JSON", RESTORE) from None
        yield element, state
