"""From the spec to a store: the schema, and each action as a transition of one row and one memory.

Everything here is computed from the spec when a store is opened; no behaviour is written down a
second time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from impl.derive import statements
from impl.derive.possible import can, may, no_row_of, possible, some_row_of
from impl.derive.sql import bound, condition, identifier, value
from impl.derive.statements import Clause, Statement
from impl.derive.tables import Carried, Table, schema, table
from impl.derive.tracing import triggers
from impl.derive.transition import Guard, Remember, Transition
from impl.derive.view import Global, Inexpressible, Local, View, sort_of, view
from impl.derive.worldless import claims
from spec.language.declared import model
from spec.language.declared.actions import Survival
from spec.language.declared.model import Field, Property, Update
from spec.language.evaluate import Evaluator
from spec.language.hashes import spec_hash
from spec.language.reads import wanted
from spec.language.scope import Scope, Value
from spec.language.terms.expr import Read
from spec.language.terms.tree import alike, walk
from spec.language.terms.types import Nat, Sort

NO_ROW = {"status": "absent"}
"""A job of this status has no row; of nothing else need the store be told."""


@dataclass(frozen=True, eq=False)
class Design:
    """All that is derived from a spec with its constants chosen: the schema, the triggers by which
    it writes the trace, and the transitions. `beside` is the schema of what the spec leaves out.
    """

    scope: Scope
    tables: tuple[Table, ...]
    schema: str
    triggers: str
    transitions: Mapping[str, Transition]
    beside: str = ""

    @property
    def whole(self) -> str:
        """All that makes an empty store."""
        return self.schema + self.beside + self.triggers

    @cached_property
    def constants(self) -> dict[str, int]:
        """The constants of the spec, as the scope has them."""
        return {name: self.scope.bounds[name] for name in self.scope.spec.constants}

    @cached_property
    def identity(self) -> dict[str, str]:
        """What a file says of itself: which spec it belongs to, and which constants."""
        return {"spec": spec_hash(self.scope.spec), "constants": json.dumps(self.constants)}

    @cached_property
    def kept(self) -> list[tuple[Survival, type[Sort], int, str, Value]]:
        """Where each value of a state is kept: how it survives, its sort and element, the name of
        its field, and what it is where the table has no row.
        """
        initial = {t.sort: t.initial for t in self.tables}
        return [
            (
                f.survival,
                sort_of(f),
                p.element or 0,
                f.name,
                initial.get(sort_of(f), {}).get(f.name),
            )
            for p in self.scope.places
            for f in (p.field,)
        ]

    @cached_property
    def claims(self) -> tuple[Property, ...]:
        """What the properties of the spec say of the rows of a store."""
        return tuple(claims(self.scope.spec))

    @cached_property
    def blank(self) -> dict[type[Sort], dict[str, Value]]:
        """What a process of each sort remembers that remembers nothing yet."""
        evaluator = Evaluator(self.scope)
        found: dict[type[Sort], dict[str, Value]] = {}
        for f in self.scope.spec.fields.values():
            if f.survival == "volatile" and f.over is not None:
                start = evaluator.meaning(f.initial, {})((), ())
                found.setdefault(f.over, {})[f.name] = start
        return found


def derive(
    scope: Scope,
    no_row: Mapping[str, str] = NO_ROW,
    checks: bool = True,
    carried: Mapping[type[Sort], Sequence[Carried]] = MappingProxyType({}),
    lasts: Mapping[str, str] = MappingProxyType({}),
    answers: Mapping[str, str] = MappingProxyType({}),
) -> Design:
    """Return the store of a spec, or raise `Inexpressible`.

    `checks` prints invariants of one row as CHECKs; an experiment that takes a guard away leaves
    them out, to see what happens. `carried`: what rows of a sort have beside what the spec says.
    `lasts`: for timers that last as long as the row says, which of its columns does.
    `answers`: what the world says of a row and the store knows, yes or no, as SQL over that row.
    """
    sorts = dict.fromkeys(map(sort_of, _durable(scope)))
    views = {a.name: view(scope.spec, a, answers.keys()) for a in scope.spec.actions.values()}
    every = list(views.values())
    tables = {s: _table(scope, s, no_row, every, carried.get(s, ()), lasts, answers) for s in sorts}
    told = {s: _told(s, views.values()) for s in tables}
    transitions = {name: _transition(scope, v, tables, told) for name, v in views.items()}
    whole = tuple(tables.values())
    writing = "\n".join(triggers(t, told[t.sort]) for t in whole)
    return Design(scope, whole, schema(scope, whole, checks), writing, transitions)


def _told(sort: type[Sort], views: Iterable[View]) -> tuple[Field, ...]:
    """Return what of the store processes remember something of, when a row of the sort changes."""
    found = [f for v in views if v.table is sort and _writes(v) for f in _read(v)]
    return tuple(dict.fromkeys(found))


def _read(v: View) -> list[Field]:
    """Return the durable fields on which it depends what the process remembers."""
    whole = [e for u in v.updates if u.field.survival == "volatile" for e in walk(u.value)]
    read = [e.field for e in whole if isinstance(e, Read) and e.field.survival == "durable"]
    return list(dict.fromkeys(read))


def _durable(scope: Scope) -> list[Field]:
    for f in scope.spec.fields.values():
        if f.over is None and f.survival == "volatile":
            raise Inexpressible(scope.spec.name, "a memory that no process has", f.name)
    return [f for f in scope.spec.fields.values() if f.survival == "durable"]


# ---------------------------------------------------------------- rows that are not there
def _table(
    scope: Scope,
    sort: type[Sort],
    no_row: Mapping[str, str],
    views: list[View],
    carried: Sequence[Carried],
    lasts: Mapping[str, str],
    answers: Mapping[str, str],
) -> Table:
    declared = [
        (f.name, no_row[f.name]) for f in _durable(scope) if f.over is sort and f.name in no_row
    ]
    absent = declared[0] if declared else None
    candidate = table(scope, sort, absent, True, carried, lasts, answers)
    steps = [v for v in views if v.table is sort and _writes(v)]
    always = absent is not None and all(_leaves_a_row(scope, candidate, v) for v in steps)
    return table(scope, sort, absent, always, carried, lasts, answers)


def _leaves_a_row(scope: Scope, t: Table, v: View) -> bool:
    """Whether a row that is there after the step is not `absent`, if one before it was not."""
    assert t.absent is not None
    column, absent = t.absent
    update = next((u for u in _writes(v) if u.field.name == column), None)
    if _deletes(scope, v, t):
        return True
    for known in (no_row_of(t), some_row_of(scope, t)):
        if may(scope, v.action, known):
            after = possible(update.value, known, scope.bounds) if update else known[column]
            if after is None or absent in after:
                return False
    return True


def _deletes(scope: Scope, v: View, t: Table) -> bool:
    """Whether the step needs a row and leaves each column as it is where there is none."""
    after = {u.field: u.value for u in _writes(v)}
    nothing = all(alike(after.get(f), f.initial) for f in t.columns)
    return nothing and t.sort is not Global and not may(scope, v.action, no_row_of(t))


# ---------------------------------------------------------------- one action
def _writes(v: View) -> list[Update]:
    return [u for u in v.updates if u.field.survival == "durable"]


def _transition(
    scope: Scope,
    v: View,
    tables: Mapping[type[Sort], Table],
    told: Mapping[type[Sort], tuple[Field, ...]],
) -> Transition:
    local = Local(scope, v)
    at = {name: n for n, name in enumerate(local.fields)}
    following = v.action.references(scope.spec)
    for reference in following:
        if v.in_row(reference):
            fact = "a row that no parameter and no memory names"
            raise Inexpressible(v.action.name, fact, reference)
    guards = tuple(
        Guard(g.name, None if v.in_row(g.condition) else local.meaning(g.condition))
        for g in v.action.guards
    )
    remembers = tuple(
        Remember(
            u.field,
            local.meaning(u.value),
            scope.limit(u.field.type) if isinstance(u.field.type, Nat) else None,
            at[u.field.name],
        )
        for u in v.updates
        if u.field.survival == "volatile"
    )
    references = tuple(map(local.meaning, following))
    if v.table is None:
        return Transition(v.action, v, local, None, references, guards, remembers)
    t, key = tables[v.table], _key(v)
    asked = [_clause(t, g, before=True) for g in v.action.guards if v.in_row(g.condition)]
    return Transition(
        v.action, v, local, t, references, guards, remembers, _statement(scope, v, t),
        statements.verdicts(t, key, asked) if asked else "", tuple(_read(v)), told[v.table],
        statements.started(t, _writes(v)),
    )  # fmt: skip


def _key(v: View) -> str:
    """Return the row as SQL."""
    assert v.table is not None
    return "1" if v.key is None else value(v.key, bound(v.table))


def _clause(t: Table, g: model.Guard, before: bool) -> Clause:
    """Return a guard as SQL over a row of the table, or over what was read `before` the step."""
    read = frozenset(r.field.name for r in walk(g.condition) if isinstance(r, Read))
    answers = {name: identifier(name) for name in t.answers} if before else t.answers
    return Clause(g.name, condition(g.condition, bound(t.sort, answers)), read)


def _statement(scope: Scope, v: View, t: Table) -> Statement:
    key, none, some = _key(v), no_row_of(t), some_row_of(scope, t)
    guards = [g for g in v.action.guards if v.in_row(g.condition)]
    sets = tuple(statements.becomes(t, u.field, u.value) for u in _writes(v))
    from_nothing = t.sort is not Global and may(scope, v.action, none)
    every = tuple(_clause(t, g, from_nothing) for g in guards)
    if from_nothing and not sets:
        return Statement("select", t, key, every, anywhere=True, returned=_returned(v, t))
    if from_nothing:
        left = tuple(
            c for g, c in zip(guards, every, strict=True) if can(scope, g.condition, False, none)
        )
        slots = {g.name for g in guards if wanted(scope.spec, g.condition) is not None}
        certain = all(c.guard in slots for c in left)
        if t.always and certain and not may(scope, v.action, some):
            shown = [g.name for g in guards if not can(scope, g.condition, True, some)]
            first = statements.first_row(t, _writes(v))
            return Statement("insert", t, key, left, first, shown=tuple(shown))
        return Statement("upsert", t, key, every, sets)
    shown = [g.name for g in guards if not can(scope, g.condition, False, some)]
    where = tuple(c for c in every if c.guard not in shown)
    if _deletes(scope, v, t):
        return Statement("delete", t, key, where, shown=tuple(shown))
    if not sets:
        returned = _returned(v, t)
        return Statement("select", t, key, where, shown=tuple(shown), returned=returned)
    return Statement("update", t, key, where, sets, shown=tuple(shown))


def _returned(v: View, t: Table) -> tuple[tuple[Field, str], ...]:
    """Return what the process has to be told of the row, of which nothing is changed: what it will
    remember, and the timers that it has looked at.
    """
    names = bound(t.sort)
    looked = [e.field for g in v.action.guards for e in walk(g.condition) if isinstance(e, Read)]
    timers = [f for f in dict.fromkeys(looked) if f in t.timers]
    return tuple((f, names(Read(f, None))) for f in dict.fromkeys([*_read(v), *timers]))
