"""The schema of a queue: made once, and looked at before anything else is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import errors

from impl.derive.design import Design
from impl.derive.origin import insertion, row_of
from impl.derive.tables import Table
from impl.derive.view import Global
from impl.interface.making import Fill
from impl.postgresql.connection import Address, Connection, connect, usable
from impl.postgresql.connection import address as of
from impl.postgresql.text import by_hand
from impl.postgresql.text.schema import own_triggers, says, whole
from impl.postgresql.text.sql import table_name
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError
from spec.language.scope import Value

MOVE = "export it with the ffq that made it, and import that into another schema"
"""What to do with a schema of another version, or of another spec."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('ffq ' || %s, 0))"

_THERE = "SELECT 1 FROM pg_namespace WHERE nspname = %s"

_TRIGGERS = """\
SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = %s::regnamespace AND NOT tgisinternal AND tgenabled = 'O'"""


def make(opened: Connection, design: Design, where: Address, read_only: bool) -> None:
    """Make the schema where there is none; raises `StoreError` if there is another one."""
    with usable(where.shown, "the opening"), opened.transaction():
        opened.execute(_LOCK, (where.schema,))  # two may be making it
        if opened.execute(_THERE, (where.schema,)).fetchall():
            _require_ours(opened, design, where)
        elif read_only:
            raise StoreError(where.shown, "is no queue", "let someone make one who may write")
        else:
            _create(opened, design, where)


def _create(opened: Connection, design: Design, where: Address) -> None:
    opened.execute(f"CREATE SCHEMA {where.schema}".encode())
    opened.execute(whole(design).encode())
    for row in says(design).items():
        opened.execute("INSERT INTO meta VALUES (%s, %s)", row)


class _Making:
    """A schema that is being made: no trigger looks at its rows, for they are no steps."""

    def __init__(self, opened: Connection) -> None:
        self._opened = opened

    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of the queue's, and return its rows."""
        try:
            cursor = self._opened.execute(by_hand.asked(sql).encode(), values)
        except psycopg.DataError as wrong:
            raise BadRequest(f"value: {' '.join(str(wrong).split())}; leave it out") from None
        return cursor.fetchall() if cursor.description else []

    def put(
        self,
        table: Table,
        number: int,
        state: Mapping[str, Value],
        moments: Mapping[str, int | None],
        carried: Sequence[Any],
    ) -> None:
        """Put a row into a table of the spec, or what belongs to no row in place of what it was
        made with.
        """
        if table.sort is Global:
            self.own(f"DELETE FROM {table.name}")
        _, *row = row_of(table, number, state, moments)
        kinds = [f.type for f in table.columns]
        said = [bool(v) if kind is bool else v for kind, v in zip(kinds, row, strict=True)]
        insert = insertion(table).replace("INSERT OR REPLACE", "INSERT")
        self.own(insert, (number, *said, *carried))


def made(address: str, design: Design, fill: Fill) -> None:
    """Make a schema and fill it, whole or not at all; raises `StoreError` if there is one."""
    where = of(address)
    opened = connect(where, 5_000)
    try:
        with usable(where.shown, "the making"), opened.transaction():
            opened.execute(_LOCK, (where.schema,))
            if opened.execute(_THERE, (where.schema,)).fetchall():
                fact = "exists, and is not overwritten"
                raise StoreError(where.shown, fact, "name another one, as DATABASE#jobs")
            _create(opened, design, where)
            names = [table_name(t.sort) for t in design.tables]
            for name in names:
                opened.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER".encode())
            fill(_Making(opened))
            for name in names:
                opened.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER".encode())
            opened.execute("SELECT setval('job_number', max(id)) FROM job HAVING count(*) > 0")
    finally:
        opened.close()


def _require_ours(opened: Connection, design: Design, where: Address) -> None:
    strange = "is a schema of another program; it was left alone"
    asked = f"SELECT name, value FROM {where.schema}.meta".encode()
    try:
        rows: list[Any] = opened.execute(asked).fetchall()
    except (errors.UndefinedTable, errors.UndefinedColumn):
        raise StoreError(where.shown, strange, "name another one, as DATABASE#jobs") from None
    found = dict(rows)
    for name, wanted in says(design).items():
        if found.get(name) == wanted:
            continue
        if name == "application":
            raise StoreError(where.shown, strange, "name another one, as DATABASE#jobs")
        raise StoreError(where.shown, _differs(name, found.get(name), wanted), MOVE)
    there = {name for (name,) in opened.execute(_TRIGGERS, (where.schema,)).fetchall()}
    missing = sorted(own_triggers(design) - there)
    if missing:
        fact = f"is damaged: the trigger '{missing[0]}' is missing or switched off"
        raise StoreError(where.shown, fact, "restore it from a backup of the server")


def _differs(name: str, found: str | None, wanted: str) -> str:
    if name != "version":
        return f"was made with {name} {found}, not {wanted}"
    numbers = [int(v) if v and v.isdecimal() else 0 for v in (found, wanted)]
    whose = "a newer" if numbers[0] > numbers[1] else "an older"
    return f"was made by {whose} ffq: its schema is of version {found}, and not {wanted}"
