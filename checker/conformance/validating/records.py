"""What stands in the file beside the trace and the jobs: whether it can be what was written there.

The trace speaks neither of the epoch nor of who has joined the queue, and SQLite takes any bytes
for text.
"""

from __future__ import annotations

from typing import Any

from checker.conformance.validating.finding import Finding
from impl.sqlite.store import Store
from spec.language.terms.types import Sort


def illegible(store: Store, without: tuple[str, ...] = ()) -> str | None:
    """Return the first text that is no UTF-8, by table, row and column; None if there is none in
    any table but these.
    """
    schema: list[Any] = store.connection.execute(
        "SELECT made.name, info.name "
        "FROM sqlite_schema AS made JOIN pragma_table_info(made.name) AS info "
        "WHERE made.type = 'table' AND info.type = 'TEXT'"
    ).fetchall()
    for table, column in (pair for pair in schema if pair[0] not in without):
        rows = store.connection.execute(
            f'SELECT rowid, CAST("{column}" AS BLOB) FROM "{table}" WHERE "{column}" IS NOT NULL'
        )
        for row, text in rows:
            try:
                bytes(text).decode("utf-8")
            except UnicodeDecodeError as wrong:
                return f"'{column}' of row {row} of {table}, byte {wrong.start + 1}"
    return None


def strange(store: Store) -> Finding | None:
    """Return what cannot be as it stands in `meta` and in `process`."""
    return _meta(store) or _processes(store)


def _meta(store: Store) -> Finding | None:
    rows: list[Any] = store.connection.execute("SELECT name, value FROM meta").fetchall()
    found = dict(rows)
    epoch = found.get("epoch")
    if epoch is None and "boot" in found:  # both are written when a queue is first opened
        return Finding("table", "`meta` has no epoch, though it knows a boot")
    if epoch is not None and not (epoch.isascii() and epoch.isdecimal() and int(epoch) > 0):
        return Finding("table", "the epoch in `meta`", None, "a number above 0", epoch)
    return None


def _processes(store: Store) -> Finding | None:
    sorts = tuple(sort.__name__ for sort in _joining(store))
    marks = ", ".join("?" * len(sorts))
    query = f"""\
SELECT id, sort, pid FROM process WHERE id < 1 OR pid < 1 OR sort NOT IN ({marks})
ORDER BY id LIMIT 1"""
    for row in store.connection.execute(query, sorts):
        want = f"a number above 0, one of {', '.join(sorts)}, a pid"
        return Finding("table", "a row of `process`", None, want, row)
    return None


def _joining(store: Store) -> list[type[Sort]]:
    """Return the sorts of processes; what has a table is a job, whose client nobody counts."""
    tables = {table.sort for table in store.design.tables}
    return [sort for sort in store.design.blank if sort not in tables]
