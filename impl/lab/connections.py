"""What a laboratory does to a store's connection beside taking steps."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import apsw

from impl.sqlite.file.place import place
from impl.sqlite.store import Store
from impl.terms.unusable import StoreError


def set_up(store: Store, pragmas: Mapping[str, str | int]) -> None:
    """Say to SQLite what the store has not said, or otherwise; raises `StoreError`."""
    for pragma, value in pragmas.items():
        try:
            found = store.connection.pragma(pragma, value)
        except apsw.Error as failed:
            fact = f"{pragma} cannot be {value}: {failed}"
            raise StoreError(store.path, fact, "try again") from None
        assert pragma != "journal_mode" or found == value, f"{pragma} is {found}, not {value}"
    store.place = place(store.path)  # another journal is another file beside it


def limit(store: Store, pages: int) -> None:
    """Let the store have no more pages than these, as on a disk that is full."""
    store.most_bytes = store.connection.pragma("max_page_count", pages) * 4096


def empty(store: Store) -> None:
    """Let nothing be in a store that only the spec's tables are in: to make another one would take
    as long as a hundred steps.
    """
    put = store.scribe.put
    for t in store.design.tables:
        put(t.emptied)
    # The trace is only ever shortened up to an origin.
    put("INSERT INTO meta SELECT 'origin', coalesce(max(seq), 0) FROM trace")
    put("DELETE FROM trace")
    put("DELETE FROM meta WHERE name = 'origin'")


def close_as_it_is(opened: apsw.Connection) -> None:
    """Let the connection leave its log behind when it is closed."""
    opened.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)


def leave(store: Store) -> None:
    """Close the store, whatever its disk says."""
    with contextlib.suppress(apsw.Error):
        store.close()
