"""A file that was made for another spec, or by an older ffq, read by what it says of itself.

No guard of its spec is known any more. What can be asked is whether the rows of its trace follow
from each other and lead to its tables.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, NoReturn

import apsw

from impl.derive import origin
from impl.derive.sql import identifier
from impl.derive.view import Global
from impl.sqlite.file.outline import Outline, Told, read
from impl.terms.clock import Clock
from impl.terms.unusable import RESTORE, Damaged, StoreError


class Aged:
    """An older file, open to be read."""

    def __init__(self, opened: apsw.Connection, path: str, version: int) -> None:
        """Read what the file says of itself; raises `StoreError`."""
        self.path, self.version, self._opened = path, version, opened
        self._require_tables("meta", "trace", *["task"] * (version < 5))
        self.meta: dict[str, str] = dict(self.all("SELECT name, value FROM meta"))
        found = read(self.meta)
        if found is None:
            fact = f"was made for a spec that it does not describe ({self.meta.get('spec')})"
            raise StoreError(path, fact, "export it with the ffq that made it")
        self.outline: Outline = found
        self.tables = self._tables()

    def all(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        return self._opened.execute(query, values).fetchall()

    def _tables(self) -> dict[str, dict[str, Told]]:
        """Return the columns of each table that the outline speaks of, as they are in the file."""
        found: dict[str, dict[str, Told]] = {}
        for name, told in self.outline.durable().items():
            found.setdefault((told.over or Global.__name__).lower(), {})[name] = told
        self._require_tables(*found)
        for table, columns in found.items():
            there = {
                column for (column,) in self.all("SELECT name FROM pragma_table_info(?)", table)
            }
            if not there >= {"id", *columns}:
                self._wrong(f"its table {table} is not the one that it describes")
        return found

    def _require_tables(self, *names: str) -> None:
        """Raise `StoreError` if one of them is none: a view can be endless."""
        for name in names:
            if not self.all("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", name):
                self._wrong(f"has no table {name}")

    def rows(self, table: str, source: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the rows of such a table by number, as SQLite holds them in `source`."""
        columns = list(self.tables[table])
        listed = ", ".join(["id", *map(identifier, columns)])
        rows: Any = self._opened.execute(f"SELECT {listed} FROM {source} ORDER BY id")
        for number, *values in rows:
            yield number, dict(zip(columns, values, strict=True))

    # ------------------------------------------------------------ whether it is whole, and idle
    def check(self, ours: Collection[str]) -> None:
        """Raise `StoreError` if the file is damaged, these tables of it refer to what is not there,
        or its trace does not lead to its tables.
        """
        ((found,),) = self.all("PRAGMA integrity_check(1)")
        if found != "ok":
            self._wrong(f"is damaged: {' '.join(str(found).split())}")
        for table, row, other, _ in self.all("PRAGMA foreign_key_check"):
            if table in ours:
                self._wrong(f"row {row} of {table} belongs to a row of {other} that is not there")
        begins = {name: told.initial for name, told in self.outline.durable().items()}
        state = self._folded(begins)
        for table, columns in self.tables.items():
            for number, row in self.rows(table, identifier(table)):
                for name, value in row.items():
                    place = f"{name}[{table}{number}]" if columns[name].over else name
                    told = columns[name]
                    want, got = _as_set(told, state.pop(place, begins[name])), _plain(told, value)
                    if want != got:
                        self._wrong(f"the trace leads to {place} = {want!r}, and it is {got!r}")
        for place, value in state.items():
            if value != begins[place.partition("[")[0]]:
                self._wrong(f"the trace leads to {place} = {value!r}, and there is no such row")

    def _folded(self, begins: dict[str, Any]) -> dict[str, Any]:
        """Return what the trace leads to, by place, each row held against those before it."""
        last = 0
        states: Iterator[tuple[str, Any]] = iter(())
        if self.version > 2:
            last, states = origin.read(self._opened.execute, self.path)
        durable = self.outline.durable()
        now = {
            f"{name}[{element}]" if durable[name].over else name: value
            for element, fields in states
            for name, value in fields.items()
            if name in begins
        }
        query = "SELECT seq, before, after FROM trace WHERE seq > ? ORDER BY seq"
        rows: Any = self._opened.execute(query, (last,))
        for seq, *texts in rows:
            if seq != last + 1:
                self._wrong(f"row {last + 1} of the trace is missing")
            last = seq
            before, after = (self._places(seq, text, begins) for text in texts)
            for place, value in before.items():
                told = durable[place.partition("[")[0]]
                known = now.get(place, told.initial)
                if known != value and not _ran_out(told, known, value):
                    fact = f"row {seq} of the trace has {place} = {value!r} before it"
                    self._wrong(f"{fact}, and it was {known!r}")
            now |= after
        return now

    def _places(self, seq: int, text: str, begins: dict[str, Any]) -> dict[str, Any]:
        """Return the durable places of one side of a row."""
        try:
            places = json.loads(text)
        except (ValueError, RecursionError):
            places = None
        if not isinstance(places, dict):
            self._wrong(f"row {seq} of the trace cannot be read")
        return {at: value for at, value in places.items() if at.partition("[")[0] in begins}

    def _wrong(self, fact: str) -> NoReturn:
        raise Damaged(self.path, fact, RESTORE)

    def lapsed(self, clock: Clock) -> int:
        """Return how many claims are open whose lease is over; raises `StoreError` if one still
        has its lease.
        """
        beside = "JOIN task USING (id) " if self.version < 5 else ""
        lease = "lease_until" if self.version < 6 else "lease"
        query = f"SELECT id, {lease} FROM job {beside}WHERE status = 'claimed'"
        claims = self.all(query)
        ahead = int(self.meta.get("ahead", 0))
        now = clock.since_boot() + ahead if self.meta.get("boot") == clock.boot() else None
        for job, until in claims:
            if now is not None and until > now:
                fact = f"job {job} is claimed, and its lease runs for {(until - now) / 1000:.1f} s"
                raise StoreError(self.path, fact, "let its worker finish, or wait until it is over")
        return len(claims)


def _ran_out(told: Told, known: Any, value: Any) -> bool:
    """Return whether it is a timer that was running and is over, which no row has to say."""
    return told.timer and isinstance(told.type, list) and [known, value] == told.type[1:]


def _as_set(told: Told, value: Any) -> Any:
    """Return what the trace says, where a timer that is over was never noticed to be."""
    over = told.timer and isinstance(told.type, list) and value == told.type[2]
    return told.type[1] if over else value  # type: ignore[index]


def _plain(told: Told, v: Any) -> Any:
    """Return a stored value as the trace holds it; a timer that is on as one that runs."""
    match told.type:
        case list(phases) if told.timer:
            return phases[0] if v is None else phases[1]
        case int() | list():
            return v
        case "a truth value":
            return bool(v)
        case sort:
            return None if v is None else f"{sort.lower()}{v}"
