"""The store: takes one transition at a time, each in a transaction with its row of the trace.

A step is done, refused by the guard that is named, or, if COMMIT itself fails, unknown. Only what
is done may be acted upon.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import apsw

from impl import statements
from impl.derive import Design, Transition
from impl.files import MEMORY, StoreError, connect
from impl.sql import decode, encode
from spec.language.scope import State, Value, element_name
from spec.language.types import Sort, Type, is_sort

Values = Mapping[str, Value]
Change = tuple[Value, Value]


@dataclass(frozen=True)
class Done:
    """The step is committed: columns of the row and memory of the process, before and after.

    Its process must now remember what `memory` says.
    """

    row: Mapping[str, Change]
    memory: Mapping[str, Change]


@dataclass(frozen=True)
class Refused:
    """The step is not possible now: the first guard that is false, or `reference`."""

    guard: str


@dataclass(frozen=True)
class Unknown:
    """COMMIT failed: the step is durable or it is not. Read the row before anything else."""

    error: str


Outcome = Done | Refused | Unknown


class CheckFailed(Exception):
    """The step breaks what must hold and was taken back: `name` is a range or an invariant."""

    def __init__(self, name: str, sql: str) -> None:
        super().__init__(f"{name}: {sql}")
        self.name, self.sql = name, sql


class Disagreement(Exception):
    """A statement and its guards say different things; the step was taken back."""


@dataclass(frozen=True)
class Traced:
    """A row of the trace: places such as `status[job1]`, and values as trace files hold them."""

    seq: int
    actor: str
    action: str
    params: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


class Store:
    """A connection to a queue's file; a process has one of its own."""

    def __init__(self, design: Design, path: str = MEMORY, busy_ms: int = 5000) -> None:
        """Open the file, making it if there is none; raises `StoreError`."""
        self.design, self.path, self.busy_ms = design, path, busy_ms
        self._open: apsw.Connection | None = connect(design, path, busy_ms)
        self._constants = {name: design.scope.bounds[name] for name in design.scope.spec.constants}

    @property
    def connection(self) -> apsw.Connection:
        """The connection, opened anew after an unknown outcome."""
        if self._open is None:
            self._open = connect(self.design, self.path, self.busy_ms)
        return self._open

    def close(self) -> None:
        """Let go of the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    # ------------------------------------------------------------ one step
    def take(self, action: str, params: Values, memory: Values) -> Outcome:
        """Take a step with these parameters, by a process that remembers this.

        Elements of sorts are counted from 0, as in the spec. Raises `CheckFailed` if the step would
        break what must hold, `StoreError` if the store cannot be used; nothing is changed then.
        """
        t = self.design.transitions[action]
        seen = t.local.state(params, memory)
        if any(reference(seen, seen) is None for reference in t.references):
            return Refused("reference")
        bound = self._bound(t, seen)
        try:
            if any(g.in_memory and not g.in_memory(seen, seen) for g in t.guards):
                return Refused(self._refusal(t, seen, bound))
            if t.statement is None:
                return Done({}, self._remembered(t, seen))
            self.connection.execute("BEGIN IMMEDIATE" if t.writes else "BEGIN")
            outcome = self._inside(t, params, memory, bound)
        except apsw.ConstraintError as failed:
            self._roll_back()
            name = str(failed).removeprefix("CHECK constraint failed: ")
            raise CheckFailed(name, t.statement.text if t.statement else "") from None
        except apsw.Error as failed:
            self._roll_back()
            fact = f"{action} was not taken: {failed}"
            raise StoreError(self.path, fact, "try again once that is put right") from None
        except BaseException:
            self._roll_back()
            raise
        if isinstance(outcome, Refused):
            self._roll_back()
            return outcome
        return self._commit() or outcome

    def _inside(self, t: Transition, params: Values, memory: Values, bound: Any) -> Done | Refused:
        assert t.statement is not None and t.table is not None
        columns = t.table.columns
        found = self.connection.execute(t.row, bound).fetchall()
        before = dict(t.table.initial)
        for f, v in zip(columns, found[0] if found else (), strict=bool(found)):
            before[f.name] = decode(f.type, v)
        seen = t.local.state(params, memory, before)
        returned = self.connection.execute(t.statement.text, bound).fetchall()
        if not returned:
            return Refused(self._refusal(t, seen, bound))
        if len(returned) > 1:
            raise Disagreement(f"{t.action.name} changes {len(returned)} rows: {t.statement.text}")
        row: dict[str, Change] = {}
        if t.writes:
            kinds = {f.name: f.type for f in columns}
            for a, v in zip(t.statement.sets, returned[0], strict=True):
                row[a.column] = before[a.column], decode(kinds[a.column], v)
        done = Done(row, self._remembered(t, seen))
        if t.writes:
            self._write_trace(t, params, seen, done)
        return done

    def _commit(self) -> Unknown | None:
        try:
            self.connection.execute("COMMIT")
            return None
        except apsw.Error as failed:
            # Whether it is durable cannot be told by asking this connection.
            self._let_go()
            return Unknown(f"{type(failed).__name__}: {failed}")

    def _roll_back(self) -> None:
        # Some errors have rolled back already.
        if self._open is not None and self._open.in_transaction:
            try:
                self._open.execute("ROLLBACK")
            except apsw.Error:  # without COMMIT nothing is kept, whatever becomes of the connection
                self._let_go()

    def _let_go(self) -> None:
        with contextlib.suppress(apsw.Error):
            self.connection.close()
        self._open = None

    def _bound(self, t: Transition, seen: State) -> dict[str, int | str | None]:
        values = zip(t.local.fields.values(), seen, strict=True)
        return self._constants | {
            f.name: encode(f.type, v) for f, v in values if f.survival == "volatile"
        }

    def _refusal(self, t: Transition, seen: State, bound: Any) -> str:
        """Return the first guard that is false, asking the store for those that read its row."""
        verdicts: dict[str, Any] = {}
        if t.verdicts:
            names = [g.name for g in t.guards if g.in_memory is None]
            (answers,) = self.connection.execute(t.verdicts, bound).fetchall()
            verdicts = dict(zip(names, answers, strict=True))
        for g in t.guards:
            if not (g.in_memory(seen, seen) if g.in_memory else verdicts[g.name]):
                return g.name
        what = t.statement.text if t.statement else t.action.name
        raise Disagreement(f"every guard of {t.action.name} holds, and no row came back: {what}")

    def _remembered(self, t: Transition, seen: State) -> dict[str, Change]:
        """Return what the process has to remember, or raise `CheckFailed` if it is out of range."""
        before = dict(zip(t.local.fields, seen, strict=True))
        changes = {}
        for r in t.remembers:
            after = r.value(seen, seen)
            if r.limit is not None and not 0 <= int(after) <= r.limit:
                raise CheckFailed(f"range_{r.field.name}", f"{r.field.name} = {after}")
            changes[r.field.name] = before[r.field.name], after
        return changes

    # ------------------------------------------------------------ what is in the file
    def _write_trace(self, t: Transition, params: Values, seen: State, done: Done) -> None:
        assert t.key is not None and t.seen.table is not None
        given = {p.name: plain(p.type, params[p.name]) for p in t.action.params}
        first = t.action.params[0] if t.action.params else None
        actor = given[first.name] if first is not None and is_sort(first.type) else "-"
        sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        row = element_name(t.seen.table, t.key(seen, seen))
        process = t.seen.process
        whose = plain(process.type, params[process.name]) if process is not None else ""
        for element, changes in ((row, done.row), (whose, done.memory)):
            for name, pair in changes.items():
                for side, v in zip(sides, pair, strict=True):
                    if pair[0] != pair[1]:
                        side[f"{name}[{element}]"] = plain(t.local.fields[name].type, v)
        self.connection.execute(
            "INSERT INTO trace (actor, action, params, before, after) VALUES (?, ?, ?, ?, ?)",
            (actor, t.action.name, *map(json.dumps, (given, *sides))),
        )

    def trace(self) -> Iterator[Traced]:
        """Yield the durable steps, oldest first."""
        query = "SELECT seq, actor, action, params, before, after FROM trace ORDER BY seq"
        for seq, actor, action, *texts in self._all(query):
            params, before, after = map(json.loads, texts)
            yield Traced(seq, actor, action, params, before, after)

    def rows(self) -> dict[type[Sort], dict[int, dict[str, Value]]]:
        """Return every row of every table, by sort and element."""
        whole = {}
        for t in self.design.tables:
            named = [(f.name, f.type) for f in t.columns]
            whole[t.sort] = {
                id - 1: {n: decode(k, v) for (n, k), v in zip(named, values, strict=True)}
                for id, *values in self._all(statements.rows(t))
            }
        return whole

    def _all(self, query: str) -> list[Any]:
        return self.connection.execute(query).fetchall()


def plain(t: Type, v: Value) -> Value:
    """Return a value as the trace holds it: elements by name."""
    return element_name(t, v) if is_sort(t) and v is not None else v
