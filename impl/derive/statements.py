"""The guarded statement of a step: guards are WHERE, updates are SET, and no row means refused.

Five forms. SELECT, where nothing durable is written. UPDATE, where the row must be there, and
DELETE, where nothing is left of it. INSERT, where it must not, and which asks of other rows alone.
And the upsert, where both are possible: with every guard in place none is.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from impl.derive.sql import assigned, bound, decode, identifier, is_odd
from impl.derive.tables import Table
from spec.language.declared.model import Field, Update
from spec.language.scope import Value
from spec.language.terms.expr import Const, Expr, Read
from spec.language.terms.tree import rebuild, walk
from spec.language.terms.types import Type, is_timer, phases

Form = Literal["select", "update", "delete", "insert", "upsert"]


@dataclass(frozen=True)
class Clause:
    """A guard as SQL, and the columns it reads."""

    guard: str
    text: str
    columns: frozenset[str]


@dataclass(frozen=True)
class Assignment:
    """A column and what it becomes, as SQL over the row before the step."""

    column: str
    text: str


@dataclass(frozen=True)
class Statement:
    """One guarded statement; `key` is the row, as SQL.

    `anywhere`: a SELECT also holds of a row that is not there; `returned` is what it has to say of
    the row, and `wanted`, as SQL, what else is asked of one that is changed. `shown` names the
    guards that need not be asked, because the row is there, or, in an INSERT, because it is not.
    """

    form: Form
    table: Table
    key: str
    where: tuple[Clause, ...]
    sets: tuple[Assignment, ...] = ()
    anywhere: bool = False
    shown: tuple[str, ...] = ()
    returned: tuple[tuple[Field, str], ...] = ()
    wanted: str = ""

    @cached_property
    def text(self) -> str:
        """The statement as SQLite gets it."""
        match self.form:
            case "select":
                return "\n".join(self._select())
            case "update":
                return "\n".join(self._update())
            case "delete":
                return "\n".join(self._delete())
            case "insert":
                return "\n".join(self._insert())
            case "upsert":
                return "\n".join(self._upsert())

    def decoded(self, row: Sequence[Any], now: int = 0) -> dict[str, Value]:
        """Return what came back, as the spec has it at a moment: columns that were set, or that
        were asked; a row that was deleted is as in the beginning.
        """
        if self.form == "delete":
            return dict(self.table.initial)
        found = zip(self._fields, row[: len(self._fields)], strict=True)
        return {name: decode(t, v, now) if odd else v for (name, t, odd), v in found}

    def beside(self, row: Sequence[Any]) -> Sequence[Any]:
        """Return what else came back: what was `wanted`."""
        return row[len(self._fields) :] if self.wanted else ()

    @cached_property
    def _fields(self) -> list[tuple[str, Type, bool]]:
        """Each column that comes back: its name and type, and whether SQLite has it otherwise."""
        columns = {f.name: f for f in self.table.columns}
        found = [*(columns[a.column] for a in self.sets), *(f for f, _ in self.returned)]
        return [(f.name, f.type, is_odd(f.type)) for f in found]

    def _select(self) -> list[str]:
        wanted = "SELECT " + (", ".join(text for _, text in self.returned) or "1")
        if self.anywhere:
            columns = _asked(self.where) | {f.name for f, _ in self.returned}
            before = _before(self.table, self.key, columns)
            return [*before, wanted, "FROM before", *self._where("TRUE")]
        return [wanted, f"FROM {self.table.name}", *self._where(self._key())]

    def _update(self) -> list[str]:
        sets = [f"{identifier(a.column)} = {a.text}" for a in self.sets]
        head = [f"UPDATE {self.table.name}", *_listed("SET ", sets)]
        return [*head, *self._where(self._key()), self._returning()]

    def _delete(self) -> list[str]:
        return [f"DELETE FROM {self.table.name}", *self._where(self._key()), "RETURNING id"]

    def _insert(self) -> list[str]:
        carried = [c.name for c in self.table.carried]
        values = [self.key, *(a.text for a in self.sets), *(f":{name}" for name in carried)]
        # What is carried may have to be unique as well.
        conflict = "ON CONFLICT" if carried else "ON CONFLICT (id)"
        return [
            f"INSERT INTO {self.table.name}",
            _wrapped(["id", *(identifier(a.column) for a in self.sets), *carried]),
            *self._values(values),
            f"{conflict} DO NOTHING{self._shown()}",
            self._returning(),
        ]

    def _values(self, values: Sequence[str]) -> list[str]:
        """Return the row to be inserted, if what is asked of others holds."""
        if not self.where:
            return ["VALUES", _wrapped(values)]
        return [*_listed("SELECT ", values), *self._where("TRUE")]

    def _upsert(self) -> list[str]:
        values = {a.column: a.text for a in self.sets}
        columns = [f.name for f in self.table.columns]
        carried = [c.name for c in self.table.carried]
        values |= {name: f":{name}" for name in carried}
        written = [f"{identifier(a.column)} = excluded.{identifier(a.column)}" for a in self.sets]
        return [
            *_before(self.table, self.key, _asked(self.where) | frozenset(columns)),
            f"INSERT INTO {self.table.name}",
            _wrapped(["id", *map(identifier, columns), *carried]),
            *_listed(
                "SELECT ",
                [self.key, *(values.get(c, identifier(c)) for c in (*columns, *carried))],
            ),
            "FROM before",
            *self._where("TRUE"),
            "ON CONFLICT (id) DO UPDATE",
            *_listed("SET ", written),
            self._returning(),
        ]

    def _key(self) -> str:
        return f"id = {self.key}{self._shown()}"

    def _shown(self) -> str:
        return f"  /* {', '.join(self.shown)} */" if self.shown else ""

    def _where(self, first: str) -> list[str]:
        guards = [f"  AND {c.text}" for c in self.where]
        width = max((len(g) for g in guards), default=0)
        named = zip(guards, self.where, strict=True)
        return [f"WHERE {first}", *(f"{text:<{width}}  /* {c.guard} */" for text, c in named)]

    def _returning(self) -> str:
        asked = [identifier(a.column) for a in self.sets] + [self.wanted] * bool(self.wanted)
        return "RETURNING " + ", ".join(asked)


def becomes(table: Table, f: Field, e: Expr) -> Assignment:
    """Return what a column of the row becomes."""
    return Assignment(f.name, assigned(f, e, bound(table.sort), table.duration(f)))


def first_row(table: Table, updates: Iterable[Update]) -> tuple[Assignment, ...]:
    """Return every column of a row that is inserted: updates, and initial values for the rest."""
    start: dict[str, Expr] = {f.name: f.initial for f in table.columns}
    values = start | {u.field.name: _from(start, u.value) for u in updates}
    return tuple(becomes(table, f, values[f.name]) for f in table.columns)


def _from(start: Mapping[str, Expr], e: Expr) -> Expr:
    if isinstance(e, Read) and e.field.name in start:
        return start[e.field.name]
    return rebuild(e, lambda child: _from(start, child))


def started(table: Table, updates: Iterable[Update]) -> tuple[str, ...]:
    """Return the timers that a step may start, of which the row does not say how long."""
    found = []
    for u in updates:
        if is_timer(u.field.type) and u.field.name not in table.lasts:
            _, running, _ = phases(u.field.type)
            if any(isinstance(e, Const) and e.value == running for e in walk(u.value)):
                found.append(u.field.name)
    return tuple(found)


def verdicts(table: Table, key: str, guards: Sequence[Clause]) -> str:
    """Return a query for one row that says of each guard whether it holds, row or no row; they are
    said of `before`.
    """
    asked = [f'{g.text} AS "{g.guard}"' for g in guards]
    return "\n".join(
        [*_before(table, key, _asked(guards)), *_listed("SELECT ", asked), "FROM before"]
    )


def _asked(guards: Sequence[Clause]) -> frozenset[str]:
    return frozenset().union(*(g.columns for g in guards))


def _before(table: Table, key: str, columns: frozenset[str]) -> list[str]:
    """Return the row before the step, or what stands for it where there is none."""
    wanted = [f for f in table.columns if f.name in columns]
    answers = {name: sql for name, sql in table.answers.items() if name in columns}
    found = [identifier(f.name) for f in wanted]
    found += [f"{sql} AS {identifier(name)}" for name, sql in answers.items()]
    instead = [f"{table.without_row(f)} AS {identifier(f.name)}" for f in wanted]
    instead += [f"FALSE AS {identifier(name)}" for name in answers]
    return [
        "WITH before AS (",
        f"  SELECT {', '.join(found) or '1'}",
        f"  FROM {table.name} WHERE id = {key}",
        "  UNION ALL",
        f"  SELECT {', '.join(instead) or '1'}",
        f"  WHERE NOT EXISTS (SELECT 1 FROM {table.name} WHERE id = {key})",
        ")",
    ]


def _listed(head: str, items: Sequence[str]) -> list[str]:
    """Return the items one below the other, behind a word."""
    first, *others = items
    lines = [head + first, *(" " * len(head) + item for item in others)]
    return [line + "," for line in lines[:-1]] + lines[-1:]


def _wrapped(items: Sequence[str]) -> str:
    text = "(" + ", ".join(items) + ")"
    return textwrap.fill(
        text, 90, initial_indent="  ", subsequent_indent="   ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
