"""What the store says to the database of a step, so that it is written down with what it changes.

The triggers of the tables ask for it while the statement of the step runs. A row that changes in
any other way has no step to speak of, and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

import apsw

from impl.derive.sql import decode
from impl.derive.tracing import ALL, NOW, STEPS
from impl.derive.transition import Transition
from impl.terms.outcomes import Change, Disagreement, Values
from spec.language.scope import State
from spec.language.terms.expr import Var


@dataclass(eq=False)
class Line:
    """A step of which this is known and seen, as the trace has it: the moment; `columns` that it
    may change, and those `untouched` by earlier steps of its statement, as bits; what went `unseen`
    before, as JSON; and a note. Once it is written down, `memory` is what is remembered then,
    before and after, and `row` is the row's number, which a parameter names that was none.
    """

    transition: Transition
    params: Values
    known: Values
    seen: State
    now: int
    columns: int = ALL
    untouched: int = ALL
    unseen: str = "[]"
    note: str | None = None
    memory: dict[str, Change] | None = None
    row: int = 0

    def written(self, row: int, before: Sequence[Any]) -> str:
        """Return what the triggers are to write, as JSON; `before` is what they have said of the
        row before. Raises `CheckFailed` if a process would remember what is out of range.
        """
        t, seen, self.row = self.transition, self.seen, row
        key = t.seen.key
        if isinstance(key, Var) and self.params[key.name] is None:
            chosen = {key.name: row - 1}
            self.params, self.known = {**self.params, **chosen}, {**self.known, **chosen}
            seen = t.local.state(self.known)
        if t.reads:
            told = {
                f.name: decode(f.type, v, self.now) for f, v in zip(t.told, before, strict=True)
            }
            seen = t.local.state(self.known, told)
        self.memory = t.remembered(seen)
        was_known = is_known = ""
        for name, (was, now) in self.memory.items():
            if was != now:
                place, json_of = f', "{name}{self.whose}": ', t.as_json[name]
                was_known += place + json_of(was)
                is_known += place + json_of(now)
        texts = (self.actor, t.action.name, self.given), (was_known, is_known, self.unseen)
        first, last = (",".join(map(quoted, each)) for each in texts)
        note = "null" if self.note is None else quoted(self.note)
        return f"[{first},{self.columns},{last},{note},{self.now},{self.untouched}]"

    @cached_property
    def given(self) -> str:
        """The parameters, as JSON."""
        json_of, params = self.transition.as_json, self.params
        said = [f'"{p.name}": {json_of[p.name](params[p.name])}' for p in self.transition.params]
        return f"{{{', '.join(said)}}}"

    @property
    def actor(self) -> str:
        """Who takes the step: its first parameter, if that is an element."""
        first = self.transition.actor
        return "-" if first is None else first.element(self.params[first.name])

    @cached_property
    def whose(self) -> str:
        """Return what follows a field's name where the trace speaks of the process: `[worker1]`."""
        process = self.transition.process
        return "" if process is None else f"[{process.element(self.params[process.name])}]"


class Scribe:
    """A connection with which steps are taken; the triggers of its database ask it."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Let the connection have the function for which the triggers ask."""
        self.connection = connection
        self._lines: Sequence[Line] = ()
        self._silent = False
        connection.create_scalar_function(STEPS, self._said)
        connection.create_scalar_function(NOW, self._now)

    def run(self, sql: str, bound: Any, lines: Sequence[Line]) -> list[Any]:
        """Run the statement of these steps and return its rows. Raises what APSW raises,
        `CheckFailed`, and `Disagreement` if rows came back of what was not written down.
        """
        self._lines = lines
        try:
            rows = self.connection.execute(sql, bound).fetchall()
        finally:
            self._lines = ()
        if rows and lines and lines[0].memory is None:
            raise Disagreement(f"{lines[0].transition.action.name} is not in the trace: {sql}")
        return rows

    def put(self, sql: str, bound: Any = ()) -> None:
        """Change rows as no step does, and write nothing down: `write_down`, without what SQLite
        then forgets, which is every statement that it has compiled.
        """
        self._silent = True
        try:
            self.connection.execute(sql, bound)
        finally:
            self._silent = False

    def _said(self, *told: Any) -> str:
        if self._silent:
            return "[]"
        row, *before = told
        return f"[{','.join([line.written(row, before) for line in self._taken()])}]"

    def _now(self, *_: Any) -> int:
        return self._taken()[-1].now

    def _taken(self) -> Sequence[Line]:
        if not self._lines:
            raise Disagreement("a row was to be changed by no step")
        return self._lines


def write_down(opened: apsw.Connection, steps: bool) -> None:
    """Let the database write steps down, or else let rows be put in that no step has made: an
    origin says what they are.
    """
    opened.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, int(steps))
