"""The guarded statement of a step for PostgreSQL: guards are WHERE, and no row means refused.

Which form it has, and which guards need not be asked, is derived for both stores alike. Under READ
COMMITTED a statement that waits for a row asks its WHERE again, of the row as it is by then; so it
is the row that has changed last that every guard here is asked of.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from impl.derive.fused import Fused
from impl.derive.statements import Clause
from impl.derive.tables import Table
from impl.derive.transition import Transition
from impl.postgresql.text.by_hand import declared
from impl.postgresql.text.sql import (
    assigned,
    bound,
    condition,
    identifier,
    literal,
    table_name,
    value,
)
from spec.language.declared.model import Field, Guard, Update
from spec.language.terms.expr import Exists, Expr, Quantifier, Read
from spec.language.terms.tree import rebuild, walk


@dataclass(frozen=True)
class Statement:
    """What a step says to the store. Of the `tries`, each is made where none before it has found a
    row; each returns of the row what it `tells`, which a process will remember something of, as it
    was before, and what it `sets` or has looked at, as it is now, or its id. `verdicts` says of
    each guard of the row whether it holds; `before` reads the row. If it `contends`, a unique index
    may refuse it: it has asked for what no two rows have, and another one has taken that since it
    looked.
    """

    tries: tuple[str, ...]
    tells: tuple[Field, ...]
    sets: tuple[Field, ...]
    verdicts: str
    before: str
    contends: bool

    @property
    def text(self) -> str:
        """The statement as people read it."""
        return ";\n-- and if there is no such row:\n".join(self.tries)


def statement(t: Transition, old: bool = True) -> Statement | None:
    """Return what the step says to the store; None if it is in memory alone. Without `old`, as
    before PostgreSQL 18, what writes does not tell how the row was.
    """
    if t.statement is None or t.table is None:
        return None
    said = _Saying(t, t.table, t.statement.shown, old)
    match t.statement.form:
        case "select":
            tries = [said.select(t.statement.anywhere)]
        case "update":
            tries = [said.update()]
        case "delete":
            tries = [said.delete()]
        case "insert":
            tries = [said.insert(t.statement.where)]
        case "upsert":
            # In one statement, ON CONFLICT DO UPDATE would judge the guards by the snapshot, and
            # write over a row that has come meanwhile.
            tries = [said.update(), said.insert(t.statement.where)]
    asks = any(isinstance(e, Exists) for g in said.guards for e in walk(g.condition))
    # Where any index may keep the row out, that is no error: the insert does nothing.
    contends = asks and not (t.statement.form == "insert" and t.table.carried)
    return Statement(
        tuple(tries), said.tells, said.sets(), said.verdicts(), said.before(), contends
    )


def together(whole: Fused) -> str:
    """Return the statement that takes steps on one row at once."""
    first = whole.transitions[0]
    assert first.table is not None
    said = _Saying(first, first.table, (), old=False)
    sets = [
        f"{identifier(f.name)} = {assigned(first.table, f, e)}" for f, e in whole.written.items()
    ]
    head = [f"UPDATE {said.name}", *_listed("SET ", sets)]
    return "\n".join([*head, *said.where(said.here(), whole.asked), "RETURNING id"])


class _Saying:
    """A step as it is said: its row, its guards and what it writes."""

    def __init__(self, t: Transition, table: Table, shown: Sequence[str], old: bool) -> None:
        self.t, self.table, self.shown, self.old = t, table, shown, old
        reads_only = t.statement is None or t.statement.form in ("select", "delete")
        self.tells = tuple(t.reads) if old or reads_only else ()
        self.names, self.name = bound(table.sort, table.answers), table_name(table.sort)
        # What is said of the row before the step has these as columns of its own.
        self.beside = bound(table.sort, {name: identifier(name) for name in table.answers})
        key = t.seen.key
        self.key = "1" if key is None else value(key, self.names)
        self.guards = [g for g in t.action.guards if t.seen.in_row(g.condition)]
        self.writes = [u for u in t.seen.updates if u.field.survival == "durable"]

    def select(self, anywhere: bool) -> str:
        said = [*self.t.reads, *self.sets()]
        wanted = "SELECT " + (", ".join(identifier(f.name) for f in said) or "1")
        if anywhere:
            return "\n".join([*self._before(), wanted, "FROM before", *self.where("TRUE")])
        return "\n".join([wanted, f"FROM {self.name}", *self.where(self.here())])

    def update(self) -> str:
        sets = [f"{identifier(u.field.name)} = {self._value(u)}" for u in self.writes]
        head = [f"UPDATE {self.name}", *_listed("SET ", sets)]
        # `old` is the row that was locked and judged, also after a wait.
        old = [f"old.{identifier(f.name)}" for f in self.tells]
        new = [f"{'new.' * self.old}{identifier(f.name)}" for f in self.sets()]
        returning = f"RETURNING {', '.join([*old, *new])}"
        return "\n".join([*head, *self.where(self.here()), returning])

    def delete(self) -> str:
        head = [f"DELETE FROM {self.name}", *self.where(self.here())]
        return "\n".join([*head, f"RETURNING {self._returned()}"])

    def insert(self, where: Sequence[Clause]) -> str:
        start: dict[str, Expr] = {f.name: f.initial for f in self.table.columns}
        becomes = start | {u.field.name: _from(start, u.value) for u in self.writes}
        values = [self.key, *(assigned(self.table, f, becomes[f.name]) for f in self.table.columns)]
        carried = [c.name for c in self.table.carried]
        values += [f":{c.name}::{declared(c.declared).split()[0]}" for c in self.table.carried]
        names = {c.guard for c in where}
        asked = [g for g in self.guards if g.name in names]
        shown = f"  /* {', '.join(self.shown)} */" if self.shown else ""
        begun = [
            literal(f.type, self.table.initial[f.name])
            for f in self.tells
            if f in self.table.columns
        ]
        return "\n".join(
            [
                f"INSERT INTO {self.name}",
                _wrapped(["id", *(identifier(f.name) for f in self.table.columns), *carried]),
                *_listed("SELECT ", values),
                *(self.where("TRUE", [_of(start, g) for g in asked]) if asked else []),
                # What is carried may have to be unique as well.
                f"ON CONFLICT{'' if carried else ' (id)'} DO NOTHING{shown}",
                f"RETURNING {', '.join([*begun, *(identifier(f.name) for f in self.sets())])}",
            ]
        )

    def verdicts(self) -> str:
        asked = [
            f"{condition(g.condition, self.beside)} AS {identifier(g.name)}" for g in self.guards
        ]
        if not asked:
            return ""
        return "\n".join([*self._before(), *_listed("SELECT ", asked), "FROM before"])

    def before(self) -> str:
        wanted = ", ".join(identifier(f.name) for f in self.t.reads) or "1"
        return f"SELECT {wanted} FROM {self.name} WHERE id = {self.key}"

    def sets(self) -> tuple[Field, ...]:
        """Return the columns that it sets: of a row that is put in, all; or else the timers that
        it has looked at.
        """
        assert self.t.statement is not None
        form = self.t.statement.form
        if form == "select":
            return tuple(f for f, _ in self.t.statement.returned if f not in self.t.reads)
        if form in ("insert", "upsert"):
            return self.table.columns
        return tuple(u.field for u in self.writes) if form == "update" else ()

    def _before(self) -> list[str]:
        """Return the row before the step, or what stands for it where there is none."""
        whole = [*self.t.reads, *(r.field for g in self.guards for r in _read(g.condition))]
        columns = [f for f in dict.fromkeys(whole) if f in self.table.columns]
        begun = [
            f"{literal(f.type, self.table.initial[f.name])} AS {identifier(f.name)}"
            for f in columns
        ]
        asked = {r.field.name for g in self.guards for r in _read(g.condition)}
        answers = {name: sql for name, sql in self.table.answers.items() if name in asked}
        found = [identifier(f.name) for f in columns]
        found += [f"{sql} AS {identifier(name)}" for name, sql in answers.items()]
        begun += [f"FALSE AS {identifier(name)}" for name in answers]
        return [
            "WITH before AS (",
            f"  SELECT {', '.join(found) or '1'}",
            f"  FROM {self.name} WHERE id = {self.key}",
            "  UNION ALL",
            f"  SELECT {', '.join(begun) or '1'}",
            f"  WHERE NOT EXISTS (SELECT 1 FROM {self.name} WHERE id = {self.key})",
            ")",
        ]

    def here(self) -> str:
        return f"id = {self.key}" + (f"  /* {', '.join(self.shown)} */" if self.shown else "")

    def where(self, first: str, guards: Sequence[Guard] | None = None) -> list[str]:
        asked = self.guards if guards is None else guards
        left = [g for g in asked if g.name not in self.shown]
        texts = [f"  AND {self._condition(g)}" for g in left]
        width = max(map(len, texts), default=0)
        named = zip(texts, left, strict=True)
        return [f"WHERE {first}", *(f"{text:<{width}}  /* {g.name} */" for text, g in named)]

    def _returned(self) -> str:
        return ", ".join(identifier(f.name) for f in self.t.reads) or "id"

    def _condition(self, g: Guard) -> str:
        return condition(g.condition, self.names)

    def _value(self, u: Update) -> str:
        return assigned(self.table, u.field, u.value)


def _read(e: Expr) -> list[Read]:
    return [r for r in walk(e) if isinstance(r, Read)]


def _of(start: Mapping[str, Expr], g: Guard) -> Guard:
    return Guard(g.name, _from(start, g.condition))


def _from(start: Mapping[str, Expr], e: Expr) -> Expr:
    """Return what an expression comes to where there is no row; others may be there."""
    if isinstance(e, Quantifier):
        return e
    if isinstance(e, Read) and e.field.name in start:
        return start[e.field.name]
    return rebuild(e, lambda child: _from(start, child))


def _listed(head: str, items: Sequence[str]) -> list[str]:
    first, *others = items
    lines = [head + first, *(" " * len(head) + item for item in others)]
    return [line + "," for line in lines[:-1]] + lines[-1:]


def _wrapped(items: Sequence[str]) -> str:
    return textwrap.fill(
        "(" + ", ".join(items) + ")", 90, initial_indent="  ", subsequent_indent="   ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
