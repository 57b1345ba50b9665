"""A file that is made of what is there, as of an export."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import apsw

from impl.derive.design import Design
from impl.derive.origin import insertion, row_of
from impl.derive.tables import Table
from impl.interface.making import Fill
from impl.sqlite.file import files
from impl.sqlite.file.making import make
from impl.sqlite.file.opening import usable
from impl.sqlite.scribe import write_down
from impl.terms.unusable import StoreError
from spec.language.scope import Value


class _Making:
    def __init__(self, opened: apsw.Connection) -> None:
        self._opened = opened

    def own(self, sql: str, values: Any = ()) -> list[Any]:
        """Run a statement of the queue's, and return its rows."""
        return self._opened.execute(sql, values).fetchall()

    def put(
        self,
        table: Table,
        number: int,
        state: Mapping[str, Value],
        moments: Mapping[str, int | None],
        carried: Sequence[Any],
    ) -> None:
        """Put a row into a table of the spec."""
        self.own(insertion(table), (*row_of(table, number, state, moments), *carried))


def made(path: str, design: Design, fill: Fill) -> None:
    """Make a file and fill it; raises `StoreError` if it is there, or cannot be made."""
    name = os.path.realpath(path)

    def whole(opened: apsw.Connection) -> None:
        files.prepare(opened, name, 0, "wal")
        files.fill(opened, design)
        write_down(opened, False)
        with opened:
            fill(_Making(opened))

    with usable(name):
        if os.path.lexists(name) or not make(name, 0, whole):
            raise StoreError(name, "exists, and is not overwritten", "name a file that does not")
