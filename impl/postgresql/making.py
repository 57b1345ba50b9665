"""The schema of a queue: made once, and looked at before anything else is."""

from __future__ import annotations

from typing import Any

from psycopg import errors

from impl.derive.design import Design
from impl.postgresql.connection import Address, Connection, usable
from impl.postgresql.text.schema import own_triggers, says, whole
from impl.terms.unusable import StoreError

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
            opened.execute(f"CREATE SCHEMA {where.schema}".encode())
            opened.execute(whole(design).encode())
            for row in says(design).items():
                opened.execute("INSERT INTO meta VALUES (%s, %s)", row)


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
        fact = f"was made with {name} {found.get(name)}, not {wanted}"
        raise StoreError(where.shown, fact, "use the ffq that made it, or another schema")
    there = {name for (name,) in opened.execute(_TRIGGERS, (where.schema,)).fetchall()}
    missing = sorted(own_triggers(design) - there)
    if missing:
        fact = f"is damaged: the trigger '{missing[0]}' is missing or switched off"
        raise StoreError(where.shown, fact, "restore it from a backup of the server")
