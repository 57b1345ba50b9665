"""Gives a file the tables of another schema: what is the same stays, the rest is made anew.

`ALTER TABLE` leaves other text behind than the schema has, and then nobody can tell any more
whether a file is as it was made.
"""

from __future__ import annotations

from collections.abc import Collection

import apsw

from impl.derive.sql import identifier
from impl.sqlite.file.files import Tables, alike, tables_in, tables_of
from impl.terms.unusable import StoreError


class Reshape:
    """What of a file's schema is to be made anew; nothing is changed yet.

    `before`: the names that the schema had of which the file was made. What else is there is the
    user's, and stays.
    """

    def __init__(
        self, opened: apsw.Connection, path: str, schema: str, before: Collection[str]
    ) -> None:
        """Raise `StoreError` if a name of the schema is taken by something of the user's, a table
        has a trigger of his, or something of his belongs to a table that there is no more.
        """
        self._wanted, self._found = _by_sql(tables_of(schema)), _by_sql(tables_in(opened))
        self._opened, self._before = opened, before
        taken = {name for _, name in self._found} - set(before)
        for (kind, name), (table, _) in self._found.items():
            if kind == "trigger" and name in taken and table in before:
                fact = f"has a trigger '{name}' on the table {table}, where there may be none"
                raise StoreError(path, fact, "drop it with the ffq that made the file")
        self._require_free(path, {n for k, n in self._found if k == "table" and n in before})
        for kind, name in self._wanted:
            if name in taken:
                fact = f"has something called '{name}', and so is a {kind} of the new schema"
                raise StoreError(path, fact, "rename it with the ffq that made the file")

    def _require_free(self, path: str, before: Collection[str]) -> None:
        gone = {name for name in before if ("table", name) not in self._wanted}
        query = """\
SELECT one.type, one.name, coalesce(key."table", one.tbl_name)
FROM sqlite_schema AS one LEFT JOIN pragma_foreign_key_list(one.name) AS key
WHERE one.type IN ('table', 'index') AND one.sql IS NOT NULL"""
        for kind, name, table in self._opened.execute(query):
            if name not in self._before and str(table).lower() in gone:
                fact = f"has the {kind} '{name}', which belongs to '{table}', and there is none now"
                raise StoreError(
                    path, fact, "let it belong to job, with the ffq that made the file"
                )

    @property
    def needed(self) -> bool:
        """Whether anything is not as it is to be."""
        goes = any(self._goes(kind, name) for kind, name in self._found)
        return goes or not self._wanted.keys() <= self._found.keys()

    def tables(self) -> list[str]:
        """Make everything anew that is not as it is to be; return the tables that are empty now.
        What was in one of them is in `old_NAME`, a temporary table.
        """
        run = self._opened.execute
        gone = [n for (kind, n) in self._found if kind == "table" and self._goes(kind, n)]
        for name in gone:
            run(f"CREATE TEMP TABLE {old(name)} AS SELECT * FROM main.{identifier(name)}")
            if ("id",) in run("SELECT name FROM pragma_table_info(?, 'temp')", (f"old_{name}",)):
                # Rows are looked up one at a time: in a table without an index among all of them.
                run(f"CREATE INDEX {old(f'{name}_by_id')} ON {identifier(f'old_{name}')} (id)")
            run(f"DROP TABLE main.{identifier(name)}")
        for (kind, name), (table, _) in self._found.items():
            if kind != "table" and table not in gone and self._goes(kind, name):
                run(f"DROP {kind} main.{identifier(name)}")
        there = tables_in(self._opened)
        made = [entry for entry in self._wanted if entry not in there]
        for entry in made:
            run(self._wanted[entry][1])
        for (kind, name), (table, sql) in self._found.items():
            if kind != "table" and table in gone and name not in self._before:
                run(sql)
        return [name for kind, name in made if kind == "table"]

    def _goes(self, kind: str, name: str) -> bool:
        entry = kind, name
        return name in self._before and not alike(self._found[entry], self._wanted.get(entry))

    def copy(self, table: str) -> None:
        """Fill a table from what was in it before, as far as it has the same columns."""
        if ("table", table) not in self._found:
            return
        columns = "SELECT name FROM pragma_table_info(?, ?)"
        now, then = (
            [str(column) for (column,) in self._opened.execute(columns, given)]
            for given in ((table, "main"), (f"old_{table}", "temp"))
        )
        same = ", ".join(identifier(column) for column in now if column in then)
        rows = f"SELECT {same} FROM {old(table)} ORDER BY rowid"
        self._opened.execute(f"INSERT INTO main.{identifier(table)} ({same}) {rows}")


def old(table: str) -> str:
    """Return where the rows are that a table had before, as SQL."""
    return 'temp."old_{}"'.format(table.replace('"', '""'))


def _by_sql(tables: Tables) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what was made by SQL of its own; the rest comes with its table."""
    return {entry: (table, sql) for entry, (table, sql) in tables.items() if sql is not None}
