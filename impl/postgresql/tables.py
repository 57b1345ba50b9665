"""The tables for PostgreSQL: the columns of the spec, and its invariants of one row as CHECKs.

No trace is there yet, and nothing that the spec does not speak of.
"""

from __future__ import annotations

from impl.derive.sql import needs_clock, quoted
from impl.derive.tables import Table, of_one_row
from impl.derive.view import Global
from impl.derive.worldless import claims
from impl.postgresql.sql import column_type, condition, identifier, literal, table_name
from spec.language.expr import And, Bound, Expr, Read, Var
from spec.language.model import Field, Property
from spec.language.scope import Scope
from spec.language.types import Nat, is_enum, is_sort, is_timer


def schema(scope: Scope, tables: tuple[Table, ...], checks: bool = True) -> str:
    """Return the tables as SQL; with `checks`, a row that breaks an invariant of one row is
    refused.
    """
    return "\n".join(_create(scope, t, checks) for t in tables)


def _create(scope: Scope, t: Table, checks: bool) -> str:
    parts = [f"  id bigint PRIMARY KEY,  -- {t.sort.__name__} 1, 2, ..."]
    if t.sort is Global:
        parts = ["  id bigint PRIMARY KEY CHECK (id = 1),  -- what belongs to no row of its own"]
    parts += [f"  {_column(scope, t, f)},  -- {f.doc}" for f in t.columns]
    if checks:
        every = [p for p in claims(scope.spec) if of_one_row(p, t)]
        rules = [p for p in every if not needs_clock(p.body)]  # which would be asked once
        parts += [f"  -- {p.doc}\n{_check(scope, p)}," for p in rules]
    parts[-1] = parts[-1].removesuffix(",").replace(",  -- ", "  -- ")
    name = table_name(t.sort)
    begun = ", ".join(["1", *(literal(f.type, t.initial[f.name]) for f in t.columns)])
    first = [f"INSERT INTO {name} VALUES ({begun});\n"] if t.sort is Global else []
    return "\n".join([f"CREATE TABLE {name} (", *parts, ");\n", *first])


def _column(scope: Scope, t: Table, f: Field) -> str:
    column = f"{identifier(f.name)} {column_type(f.type)}"
    if is_sort(f.type) or is_timer(f.type):
        return column
    if isinstance(f.type, Nat):
        within = f"BETWEEN 0 AND {scope.limit(f.type)}"
        return f"{column} NOT NULL CONSTRAINT range_{f.name} CHECK ({identifier(f.name)} {within})"
    if is_enum(f.type):
        members = [
            m for m in scope.spec.members(f.type) if not (t.always and t.absent == (f.name, m))
        ]
        known = ", ".join(map(quoted, members))
        return f"{column} NOT NULL CHECK ({identifier(f.name)} IN ({known}))"
    return f"{column} NOT NULL"


def _check(scope: Scope, p: Property) -> str:
    def names(e: Read | Var | Bound) -> str:
        match e:
            case Read():
                return identifier(e.field.name)
            case Bound():
                return f"{scope.bounds[e.name]} /* {e.name} */"
            case Var():
                return "id"

    parts: list[Expr] = [p.body]
    while isinstance(parts[0], And):
        parts[:1] = [parts[0].left, parts[0].right]
    text = "\n      AND ".join(condition(part, names) for part in parts)
    return f'  CONSTRAINT "{p.id} {p.name}" CHECK (\n      {text}\n  )'
