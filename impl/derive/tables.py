"""The schema: a table for each sort with durable fields, the trace, and what the file is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from impl.derive.sql import (
    Name,
    condition,
    decode,
    encode,
    identifier,
    is_odd,
    needs_clock,
    quoted,
    table_name,
)
from impl.derive.view import Global, Inexpressible, sort_of
from impl.derive.worldless import claims
from spec.language.declared.model import Field, Property
from spec.language.evaluate import Evaluator
from spec.language.reads import slots
from spec.language.scope import Scope, Value, element_name
from spec.language.terms.expr import And, Bound, Expr, Quantifier, Read, Var
from spec.language.terms.tree import walk
from spec.language.terms.types import Nat, Sort, Type, is_enum, is_sort, is_timer

APPLICATION_ID, VERSION = 0x66667131, 7
"""What the header of the file says: `ffq1`, and the version of the schema."""

TRACE = """\
CREATE TABLE trace (  -- every durable step, in the order of commits
  seq INTEGER PRIMARY KEY,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  params TEXT NOT NULL CHECK (json_valid(params)),
  before TEXT NOT NULL CHECK (json_valid(before)),  -- of what the step changes
  after TEXT NOT NULL CHECK (json_valid(after)),
  unseen TEXT NOT NULL CHECK (json_valid(unseen)),  -- by its process since its last row
  note TEXT,  -- what the spec does not speak of
  at INTEGER NOT NULL  -- by the clock of the queue, in ms
) STRICT;

CREATE TRIGGER trace_is_not_rewritten BEFORE UPDATE ON trace
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;

CREATE TRIGGER trace_is_not_shortened BEFORE DELETE ON trace
WHEN OLD.seq > coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'origin'), 0)
BEGIN SELECT RAISE(ABORT, 'the trace is append-only'); END;
"""

ORIGIN = """\
CREATE TABLE origin (  -- a state from which the trace is followed; `meta` says after which row
  element TEXT PRIMARY KEY,  -- such as `job1`; one that is not here is as in the beginning
  state TEXT NOT NULL CHECK (json_valid(state))  -- the fields that are not
) STRICT;
"""

META = """\
CREATE TABLE meta (  -- which spec and which constants the file belongs to
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True)
class Carried:
    """A column of which the spec does not speak: its name, its type with what must hold of it, as
    SQL, and what it is for.
    """

    name: str
    declared: str
    doc: str


@dataclass(frozen=True)
class Table:
    """A sort in the store: one column for each durable field, one row for each element known.

    `absent` is the field and the value that say that there is no row; with `always`, a row never
    holds that value. A row that is not there stands for the initial values. The one of `Global` is
    made with the table. What is `carried` is given to the step that puts the row in; `lasts`: the
    timers that last as long as a column of the row says, in ms. `answers`: what the world says of a
    row and the store knows, as SQL over that row; of one that is not there it says no.
    """

    sort: type[Sort]
    columns: tuple[Field, ...]
    initial: Mapping[str, Value]
    absent: tuple[str, str] | None
    always: bool
    carried: tuple[Carried, ...] = ()
    lasts: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The table as SQL names it."""
        return table_name(self.sort)

    @cached_property
    def every_row(self) -> str:
        """The query for all rows, `id` first."""
        columns = ", ".join(["id", *(identifier(f.name) for f in self.columns)])
        return f"SELECT {columns}\nFROM {self.name}\nORDER BY id"

    @property
    def emptied(self) -> str:
        """The statement after which nothing is in the table but what it was made with."""
        if self.sort is not Global:
            return f"DELETE FROM {self.name}"
        begins = (f"{identifier(f.name)} = {self.without_row(f)}" for f in self.columns)
        return f"UPDATE {self.name} SET {', '.join(begins)}"

    def decoded(self, row: Sequence[Any], now: int = 0) -> dict[str, Value]:
        """Return the columns of a row, as SQLite holds them, as the spec has them at a moment."""
        found = zip(self._kinds, row, strict=True)
        return {name: decode(t, v, now) if odd else v for (name, t, odd), v in found}

    @cached_property
    def _kinds(self) -> list[tuple[str, Type, bool]]:
        return [(f.name, f.type, is_odd(f.type)) for f in self.columns]

    @cached_property
    def timers(self) -> tuple[Field, ...]:
        """The columns that are moments."""
        return tuple(f for f in self.columns if is_timer(f.type))

    def duration(self, timer: Field) -> str:
        """Return how long a timer lasts that a step starts, as SQL: what is given as `{timer}_ms`,
        unless the row says it.
        """
        return self.lasts.get(timer.name, f":{timer.name}_ms")

    def place(self, element: Value) -> str:
        """Return what follows a field's name where traces speak of an element: `[job1]`."""
        return "" if self.sort is Global else f"[{element_name(self.sort, element)}]"

    def without_row(self, column: Field) -> str:
        """Return what a column is where there is no row, as SQL."""
        return literal(encode(column.type, self.initial[column.name]))


def table(
    scope: Scope,
    sort: type[Sort],
    absent: tuple[str, str] | None,
    always: bool,
    carried: Sequence[Carried],
    lasts: Mapping[str, str],
    answers: Mapping[str, str],
) -> Table:
    """Return the table of a sort, or raise `Inexpressible` if its name is taken."""
    taken = ["trace", "origin", "meta"] + ["global"] * (sort is not Global)
    if sort.__name__.lower() in taken:
        raise Inexpressible(sort.__name__, "the store has a table of this name", sort.__name__)
    evaluator = Evaluator(scope)
    columns = tuple(
        f for f in scope.spec.fields.values() if f.survival == "durable" and sort_of(f) is sort
    )
    listed = {"id"}  # SQL does not tell `Id` from `id`
    for f in columns:
        if f.name.lower() in listed:
            raise Inexpressible(sort.__name__, "the table has a column of this name", f.name)
        listed.add(f.name.lower())
    spec = scope.spec
    bound = {*spec.fields, *(p.name for a in spec.actions.values() for p in a.params)}
    for c in carried:  # a statement knows each of these by its name
        if c.name in bound | listed:
            raise Inexpressible(sort.__name__, "the spec has something of this name", c.name)
    initial = {f.name: evaluator.meaning(f.initial, {})((), ()) for f in columns}
    if absent is not None and initial.get(absent[0]) != absent[1]:
        raise Inexpressible(sort.__name__, "no row begins so, so none is absent", absent[1])
    last = {name: column for name, column in lasts.items() if name in initial}
    said = {name: sql for name, sql in answers.items() if spec.fields[name].over is sort}
    return Table(sort, columns, initial, absent, always, tuple(carried), last, said)


def literal(v: int | str | None) -> str:
    """Return a stored value as a literal of SQL."""
    return "NULL" if v is None else quoted(v) if isinstance(v, str) else str(v)


# ---------------------------------------------------------------- as SQL
@dataclass(frozen=True)
class Dialect:
    """How a store writes down what its tables are: names, types, values and conditions.

    `number` is the type of the column that numbers the rows, `truth` what a column of truth values
    says besides its type, with `{}` for its name; `ends` stands behind a table. `declared` returns
    what is declared by hand in the words of SQLite.
    """

    identifier: Callable[[str], str]
    column_type: Callable[[Type], str]
    literal: Callable[[Type, Value], str]
    condition: Callable[[Expr, Name], str]
    number: str
    truth: str = ""
    ends: str = ""
    declared: Callable[[str], str] = str

    def tables(self, scope: Scope, tables: Iterable[Table], checks: bool = True) -> str:
        """Return the tables; with `checks`, a row is refused that breaks an invariant of one row,
        or that has what no two rows may have. What would ask a clock is no CHECK: it would be asked
        once.
        """
        return "\n".join(self._create(scope, t, checks) for t in tables)

    def _create(self, scope: Scope, t: Table, checks: bool) -> str:
        name = self.identifier(t.sort.__name__.lower())
        parts = [f"  id {self.number} PRIMARY KEY,  -- {t.sort.__name__} 1, 2, ..."]
        if t.sort is Global:
            only = "CHECK (id = 1),  -- what belongs to no row of its own"
            parts = [f"  id {self.number} PRIMARY KEY {only}"]
        parts += [f"  {self._column(scope, t, f)},  -- {_doc(f)}" for f in t.columns]
        parts += [f"  {c.name} {self.declared(c.declared)},  -- {c.doc}" for c in t.carried]
        if checks:
            rules = [p for p in claims(scope.spec) if of_one_row(p, t) and not needs_clock(p.body)]
            parts += [f"  -- {p.doc}\n{self._check(scope, p)}," for p in rules]
        parts[-1] = parts[-1].removesuffix(",").replace(",  -- ", "  -- ")
        begun = ["1", *(self.literal(f.type, t.initial[f.name]) for f in t.columns)]
        own = {f.name: f for f in t.columns}
        alike = [(own[f], p) for f, p in slots(scope.spec).items() if checks and f in own]
        first = [f"INSERT INTO {name} VALUES ({', '.join(begun)});\n"] if t.sort is Global else []
        alone = [self._index(name, f, p) for f, p in alike]
        return "\n".join([f"CREATE TABLE {name} (", *parts, f"){self.ends};\n", *first, *alone])

    def _index(self, table: str, f: Field, p: Property) -> str:
        column = self.identifier(f.name)
        unique = f"CREATE UNIQUE INDEX {self.identifier(p.name)}  -- {p.doc}"
        return f"{unique}\nON {table} ({column}) WHERE {column} IS NOT NULL;\n"

    def _column(self, scope: Scope, t: Table, f: Field) -> str:
        name = self.identifier(f.name)
        column = f"{name} {self.column_type(f.type)}"
        if is_sort(f.type) or is_timer(f.type):
            return column
        if isinstance(f.type, Nat):
            within = f"BETWEEN 0 AND {scope.limit(f.type)}"
            return f"{column} NOT NULL CONSTRAINT range_{f.name} CHECK ({name} {within})"
        if is_enum(f.type):
            never = t.absent if t.always else None
            members = [m for m in scope.spec.members(f.type) if (f.name, m) != never]
            return f"{column} NOT NULL CHECK ({name} IN ({', '.join(map(quoted, members))}))"
        return f"{column} NOT NULL{self.truth.format(name)}"

    def _check(self, scope: Scope, p: Property) -> str:
        def names(e: Read | Var | Bound) -> str:
            match e:
                case Read():
                    return self.identifier(e.field.name)
                case Bound():
                    return f"{scope.bounds[e.name]} /* {e.name} */"
                case Var():
                    return "id"

        parts: list[Expr] = [p.body]
        while isinstance(parts[0], And):
            parts[:1] = [parts[0].left, parts[0].right]
        text = "\n      AND ".join(self.condition(part, names) for part in parts)
        return f'  CONSTRAINT "{p.id} {p.name}" CHECK (\n      {text}\n  )'


def _doc(f: Field) -> str:
    return f"{f.doc}: until when, in ms" if is_timer(f.type) else f.doc


SQLITE = Dialect(
    identifier,
    lambda t: "TEXT" if is_enum(t) and not is_timer(t) else "INTEGER",
    lambda t, v: literal(encode(t, v)),
    condition,
    number="INTEGER",
    truth=" CHECK ({} IN (0, 1))",
    ends=" STRICT",
)


def schema(scope: Scope, tables: tuple[Table, ...], checks: bool) -> str:
    """Return the schema of a file; with `checks`, a row that breaks an invariant of one row is
    refused.
    """
    return "\n".join([SQLITE.tables(scope, tables, checks), TRACE, ORIGIN, META])


def of_one_row(
    p: Property, t: Table, hidden: Sequence[Field] = (), kinds: Sequence[str] = ("invariant",)
) -> bool:
    """Return whether the property is an invariant of one row of the table, or is of these kinds;
    besides its columns it may read these fields, which no row has.
    """
    known = (*t.columns, *hidden)
    return (
        p.kind in kinds
        and [v.type for v in p.params] == ([] if t.sort is Global else [t.sort])
        and all(_in_row(e, known) for e in walk(p.body))
    )


def _in_row(e: Expr, known: Sequence[Field]) -> bool:
    match e:
        case Quantifier():
            return False
        case Read():  # a claim with one parameter has one row, and none without
            return e.field in known and (e.index is None or isinstance(e.index, Var))
    return True
