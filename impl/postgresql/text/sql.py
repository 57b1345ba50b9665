"""Expressions as SQL for PostgreSQL: names as it writes them, and parameters that carry their type.

What a condition says is printed by `impl.derive.sql`, for both stores alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from impl.derive import sql
from impl.derive.sql import Name
from impl.derive.tables import Dialect, Table
from impl.derive.view import Global
from impl.postgresql.text.by_hand import declared
from spec.language.declared.model import Field
from spec.language.scope import Value
from spec.language.terms.expr import Bound, Expr, Read, Var
from spec.language.terms.types import Sort, Type, is_enum, is_sort, is_timer

RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check
    collate collation column concurrently constraint create cross current_catalog current_date
    current_role current_schema current_time current_timestamp current_user default deferrable
    desc distinct do else end except false fetch for foreign freeze from full grant group having
    ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural new not notnull null offset old on only or order outer
    overlaps placing primary references returning right select session_user similar some symmetric
    system_user table tablesample then to trailing true union unique user using variadic verbose
    when where window with
    """.split()  # noqa: SIM905  # a column of quoted words reads worse
)
"""Words that name no column unless they are quoted; `old` and `new` are rows, in RETURNING."""

_MOMENT = re.compile(r"(?<!:):(?:now|\w+_ms)\b(?!::)")
_PARAMETER = re.compile(r"(?<!:):(\w+)")


def identifier(word: str) -> str:
    """Return a name of the spec as an identifier; what is not quoted is read in small letters."""
    plain = word.isidentifier() and word == word.lower() and word not in RESERVED
    return word if plain else '"' + word.replace('"', '""') + '"'


def table_name(sort: type[Sort]) -> str:
    """Return the table of a sort as SQL names it."""
    return identifier(sort.__name__.lower())


def column_type(t: Type) -> str:
    """Return the type of a column with values of a type."""
    if t is bool:
        return "boolean"
    if is_sort(t) or is_timer(t):
        return "bigint"
    return "text" if is_enum(t) else "integer"


def bound(table: type[Sort], answers: Mapping[str, str] = MappingProxyType({})) -> Name:
    """Name columns of a row of the table as they are, ask for those that are in no row of it, and
    bind whatever is not in the store, with its type: without one, a parameter may have any.
    `answers`: what stands for fields of the world.
    """

    def names(e: Read | Var | Bound) -> str:
        match e:
            case Read() if e.field.name in answers:
                return answers[e.field.name]
            case Read() if e.field.survival == "durable":
                column = identifier(e.field.name)
                elsewhere = e.field.over is None and table is not Global
                return f"(SELECT {column} FROM {table_name(Global)})" if elsewhere else column
            case Read():
                return f":{e.field.name}::{column_type(e.type)}"
            case Var() | Bound():
                return f":{e.name}::{column_type(e.type)}"

    return names


def condition(e: Expr, names: Name) -> str:
    """Return a condition, ready to stand beside others that AND joins."""
    return _typed(sql.condition(e, names))


def value(e: Expr, names: Name) -> str:
    """Return an expression as SQL."""
    return _typed(sql.value(e, names))


def assigned(table: Table, f: Field, e: Expr) -> str:
    """Return what a field of a row of the table becomes, as SQL: a timer becomes a moment."""
    return _typed(sql.assigned(f, e, bound(table.sort, table.answers), table.duration(f)))


def _typed(text: str) -> str:
    """Return SQL with a type for moments and durations as well, in ms."""
    return _MOMENT.sub(r"\g<0>::bigint", text)


def literal(t: Type, v: Value) -> str:
    """Return a value of the spec as a literal of its type."""
    if t is bool:
        return str(bool(v)).upper()
    stored = sql.encode(t, v)
    if stored is None:
        return f"NULL::{column_type(t)}"
    return sql.quoted(stored) if isinstance(stored, str) else str(stored)


@lru_cache(maxsize=512)
def for_psycopg(text: str) -> str:
    """Return a statement with its parameters as psycopg has them."""
    return _PARAMETER.sub(r"%(\1)s", text.replace("%", "%%"))


def decode(t: Type, v: Any, now: int = 0) -> Value:
    """Return a stored value as the spec has it at a moment."""
    return sql.decode(t, v, now)


POSTGRESQL = Dialect(
    identifier, column_type, literal, condition, number="bigint", declared=declared
)
"""How PostgreSQL writes tables."""
