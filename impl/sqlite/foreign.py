"""Statements that are not ours: they may read everything, and write what is not the queue's own.

They run in our transactions, so none of them may begin or end one, or change how the store works.
SQLite asks here for each thing that a statement would do, its triggers included, before it runs.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import apsw

from impl.derive.design import Design
from impl.sqlite.file.files import tables_of
from impl.terms.requests import BadRequest

_READING = frozenset({
    apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE,
})  # fmt: skip

_WRITING = frozenset({
    apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE,
    apsw.SQLITE_CREATE_TABLE, apsw.SQLITE_CREATE_INDEX, apsw.SQLITE_CREATE_TRIGGER,
    apsw.SQLITE_CREATE_VIEW, apsw.SQLITE_CREATE_VTABLE, apsw.SQLITE_ALTER_TABLE,
    apsw.SQLITE_DROP_TABLE, apsw.SQLITE_DROP_INDEX, apsw.SQLITE_DROP_TRIGGER,
    apsw.SQLITE_DROP_VIEW, apsw.SQLITE_DROP_VTABLE, apsw.SQLITE_REINDEX, apsw.SQLITE_ANALYZE,
})  # fmt: skip
"""Nothing temporary: a temporary table hides one of the same name, the queue's own included."""

_PRAGMAS = frozenset({
    "data_version", "foreign_key_check", "foreign_key_list", "index_info", "index_list",
    "index_xinfo", "table_info", "table_list", "table_xinfo",
})  # fmt: skip
"""Those that change nothing, whatever they are given."""


class Foreign:
    """Runs statements of others on a connection of ours."""

    def __init__(self, connection: apsw.Connection, design: Design) -> None:
        """Ask for this connection from now on; what is ours is not asked about."""
        self.connection = connection
        self._own = own_names(design)
        self._allowed: frozenset[int] | None = None
        self._sql, self._defined = "", False
        connection.authorizer = self._asked

    def run(self, sql: str, values: Any, writes: bool) -> list[Any]:
        """Run a statement and return its rows; raises `BadRequest` if it may not be, and then
        nothing is done.
        """
        if not isinstance(sql, str):
            raise BadRequest(f"statement: is of type {type(sql).__name__}; make it a str")
        self._allowed = _READING | _WRITING if writes else _READING
        self._sql = sql
        try:
            # One that is kept from before, perhaps as ours, would not be asked about again.
            return self.connection.execute(sql, values, can_cache=False).fetchall()
        finally:
            self._allowed = None

    def require_sound(self) -> None:
        """Raise `BadRequest` if a table that was made or changed would stand in the way of ours."""
        if self._defined:
            self._defined = False
            for name, table in strays(self.connection, self._own):
                fact = f"refers to '{table}', of the queue, otherwise than by its id"
                raise BadRequest(f"table '{name}': {fact}; let it refer to job (id)")

    def _asked(
        self, what: int, one: str | None, two: str | None, database: str | None, by: str | None
    ) -> int:
        if self._allowed is None or (what == apsw.SQLITE_PRAGMA and one in _PRAGMAS):
            return apsw.SQLITE_OK
        if what not in self._allowed:
            raise self._refusal(_named(what, one))
        # Of an UPDATE the second name is a column; of nothing else that is written.
        for name in (one,) if what == apsw.SQLITE_UPDATE else (one, two):
            if what in _WRITING and name is not None and name.lower() in self._own:
                raise self._refusal(f"would write '{name}', which is the queue's own; leave it be")
        self._defined |= what in (apsw.SQLITE_CREATE_TABLE, apsw.SQLITE_ALTER_TABLE)
        return apsw.SQLITE_OK

    def _refusal(self, why: str) -> BadRequest:
        return BadRequest(f"{textwrap.shorten(self._sql, 80, placeholder=' ...')}: {why}")


def _named(what: int, one: str | None) -> str:
    if what in (apsw.SQLITE_TRANSACTION, apsw.SQLITE_SAVEPOINT):
        return "would begin or end a transaction, which the queue does; leave it out"
    if what in _WRITING:
        return "writes, and this may only read; use `transaction`"
    asked = str(apsw.mapping_authorizer_function[what]).removeprefix("SQLITE_").replace("_", " ")
    return f"is no statement for a queue's file ({asked}{f' {one}' if one else ''}); leave it out"


_STRAYS = """\
SELECT DISTINCT one.name, key."table"
FROM sqlite_schema AS one, pragma_foreign_key_list(one.name) AS key, json_each(?) AS ours
WHERE one.type = 'table' AND lower(key."table") = ours.value
  AND lower(one.name) NOT IN (SELECT value FROM json_each(?1))
  AND (key.seq > 0 OR lower(key."to") <> 'id' OR NOT EXISTS (
    SELECT 1 FROM pragma_table_info(key."table") WHERE name = 'id' AND pk = 1
  ))"""


def strays(connection: apsw.Connection, own: Iterable[str]) -> list[tuple[str, str]]:
    """Return the tables of others whose foreign keys refer to one of ours otherwise than by its id,
    each with that one. SQLite takes such a key for a mistake, and refuses what *we* write.
    """
    found: list[Any] = connection.execute(_STRAYS, (json.dumps(sorted(own)),)).fetchall()
    return found


_REFERENCES = """\
SELECT one.name, key."from"
FROM sqlite_schema AS one, pragma_foreign_key_list(one.name) AS key
WHERE one.type = 'table' AND lower(key."table") = ?1
  AND key.on_delete NOT IN ('CASCADE', 'SET NULL')
  AND lower(one.name) NOT IN (SELECT value FROM json_each(?2))"""


def references(
    run: Callable[[str, Any], list[Any]], design: Design, table: str
) -> list[tuple[str, str]]:
    """Return the tables of others that keep a row of one of ours from being deleted as long as they
    refer to it, each with its column, as SQL.
    """
    found = run(_REFERENCES, (table, json.dumps(sorted(own_names(design)))))
    return [(_quoted(name), _quoted(column)) for name, column in found]


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


@cache
def own_names(design: Design) -> frozenset[str]:
    """Return the names of all that the schema of the queue makes."""
    return frozenset(name.lower() for _, name in tables_of(design.whole))
