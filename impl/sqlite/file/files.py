"""The file of a store: what is in it, what its durability rests on, and whether it is ours.

The header of the file is read before SQLite is, and its tables before any query, so that a wrong
file is not touched.
"""

from __future__ import annotations

import contextlib
import re
import stat
from functools import cache
from pathlib import Path
from typing import Any

import apsw

from impl.derive.design import Design
from impl.derive.tables import APPLICATION_ID, VERSION
from impl.sqlite.file.outline import says
from impl.terms.unusable import RESTORE, StoreError

MEMORY = ":memory:"
"""The name of a store that is in no file and ends with its process."""

_MAGIC = b"SQLite format 3\0"
SYNCHRONOUS_NORMAL, SYNCHRONOUS_FULL = 1, 2
"""COMMIT does not wait for the log to be on the disk; it does."""

LOG_BYTES = 4 * 1024 * 1024
"""What the log keeps of the disk once a reader has gone that had kept it from being put away."""


def prepare(opened: apsw.Connection, path: str, busy_ms: int, journal: str) -> None:
    """Set what durability rests on, and read it back: a build of SQLite may have other ideas."""
    opened.set_busy_timeout(busy_ms)
    wanted = {
        "journal_mode": journal,
        "synchronous": SYNCHRONOUS_FULL,
        "foreign_keys": 1,
        "journal_size_limit": LOG_BYTES,
        "recursive_triggers": 1,  # or REPLACE would delete from the trace unseen
    }
    for pragma, value in wanted.items():
        opened.pragma(pragma, value)
        found = opened.pragma(pragma)
        if found != value:
            raise StoreError(path, f"{pragma} is {found}, not {value}", "keep it on a local disk")


def fill(opened: apsw.Connection, design: Design) -> None:
    """Make the tables, and say whose they are."""
    with opened:
        opened.execute(design.whole)
        opened.executemany("INSERT INTO meta VALUES (?, ?)", list(says(design).items()))
        opened.pragma("application_id", APPLICATION_ID)
        opened.pragma("user_version", VERSION)


# ---------------------------------------------------------------- refusing
def check_header(file: Path) -> None:
    """Raise `StoreError` if this is no file of this schema, `OSError` if it cannot be read."""
    found = version(file)
    if found != VERSION:
        remedy = "use a newer ffq" if found > VERSION else upgrade(file)
        fact = f"has version {found} of the schema, and this ffq knows version {VERSION}"
        raise StoreError(file, fact, remedy)


def upgrade(path: object) -> str:
    """Return what is to be done with a file that was made for another spec or schema."""
    return f"`ffq queue upgrade {path}` takes it over"


def version(file: Path) -> int:
    """Return the version of the schema that a file has; raises `StoreError` if it is none of ours,
    and `OSError`.
    """
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode):
        fact = "is a directory" if stat.S_ISDIR(mode) else "is not a regular file"
        raise StoreError(file, fact, "name a file")
    header = _header(file)
    if len(header) < 100 or not header.startswith(_MAGIC):
        raise StoreError(file, "is not a database; it was left alone", "name another file")
    found, application = (int.from_bytes(header[at : at + 4], "big") for at in (60, 68))
    if application != APPLICATION_ID:
        raise StoreError(
            file, "is a database of another program; it was left alone", "name another file"
        )
    return found


def _header(file: Path) -> bytes:
    """Return how the file begins, read by SQLite's own means of reading.

    A process that closes a file loses every POSIX lock that it has on it, those of its other
    connections too. SQLite keeps a descriptor open for as long as one of them needs its lock.
    """
    read = apsw.VFSFile("", str(file), [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
    try:
        return read.xRead(100, 0)
    finally:
        read.xClose()


def check_tables(opened: apsw.Connection, design: Design, path: str) -> None:
    """Raise `StoreError` if the store was made of another spec, or has other tables than were made.

    A view in place of a table can be endless, so nothing is asked of one that was not looked at.
    """
    found = tables_in(opened)
    made = tables_of(design.whole)
    if ("table", "meta") in made and found.get(("table", "meta")) == made["table", "meta"]:
        rows: list[Any] = opened.execute("SELECT name, value FROM meta").fetchall()
        told = dict(rows)
        for name, wanted in design.identity.items():
            if told.get(name) != wanted:
                fact = f"was made with {name} {told.get(name)}, not {wanted}"
                raise StoreError(path, fact, upgrade(path))
    ours = {each for each in made if each[0] == "table"}
    writing = tables_of(design.triggers, design.schema)
    strange = [each for each in (*ours, *writing) if not alike(found.get(each), made[each])]
    strange += [
        each
        for each, (table, _) in found.items()
        if each[0] == "trigger" and ("table", table) in ours and each not in made
    ]
    if strange:
        kind, name = min(strange)
        fact = f"is damaged or of another program: the {kind} '{name}' is not as it was made"
        raise StoreError(path, fact, f"{RESTORE}; if an older ffq made it, {upgrade(path)}")


Made = tuple[str, str | None]
"""The table that something belongs to, and the SQL that made it."""

Tables = dict[tuple[str, str], Made]
"""What was made, by kind and name."""

_REMARK = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def alike(one: Made | None, other: Made | None) -> bool:
    """Return whether both were made in the same way, whatever remarks the SQL has."""
    if one == other:
        return True
    if one is None or other is None:
        return False
    texts = (" ".join(_REMARK.sub("", sql or "").split()) for _, sql in (one, other))
    return one[0] == other[0] and len(set(texts)) == 1


def tables_in(opened: apsw.Connection) -> Tables:
    """Return what was made in a database."""
    query = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
    rows: list[Any] = opened.execute(query).fetchall()
    return {(kind, name): (table, sql) for kind, name, table, sql in rows}


@cache
def tables_of(schema: str, after: str = "") -> Tables:
    """Return what a schema makes, after what another one has made."""
    with contextlib.closing(apsw.Connection(MEMORY)) as opened:
        opened.execute(after)
        before = tables_in(opened)
        opened.execute(schema)
        return {each: made for each, made in tables_in(opened).items() if each not in before}
