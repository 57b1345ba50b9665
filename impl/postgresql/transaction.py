"""Several steps in one transaction on a server, beside those of others.

A step first locks its row, then asks the clock, then writes: so nothing that it goes by is older
than its lock. What it changes the database writes into the trace itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from psycopg import errors

from impl.derive.fused import Fused
from impl.derive.tracing import ALL, plain
from impl.derive.transition import Transition
from impl.interface.step import (
    Beside,
    Chosen,
    Step,
    Time,
    over,
    without_store,
)
from impl.interface.transaction import Pending
from impl.postgresql.clock import ServerClock
from impl.postgresql.connection import checked
from impl.postgresql.own import Statements
from impl.postgresql.text import by_hand
from impl.postgresql.text.sql import decode, for_psycopg
from impl.postgresql.text.statements import Statement, statement, together
from impl.terms.outcomes import CheckFailed, Disagreement, Done, Refused, Unseen
from spec.language.scope import Value
from spec.language.terms.expr import Read, Var
from spec.language.terms.tree import walk
from spec.language.terms.types import is_timer

_said_of = lru_cache(maxsize=256)(statement)
_together = lru_cache(maxsize=64)(together)

_NOW = re.compile(r":now\b")
_VERSION = "SELECT coalesce(max(version), 0) FROM trace WHERE element = %s"


class PostgreSQLTransaction(Statements):
    """A transaction on a server."""

    # ------------------------------------------------------------ steps
    def _time(self, lasts: Mapping[str, int]) -> Time:
        return Time(0, lasts)  # the clock is asked once the row is locked

    def _take(
        self,
        t: Transition,
        made: Callable[..., Step],
        given: dict[str, Value],
        beside: Beside,
        pending: Pending,
        note: str | None,
    ) -> Done | Refused:
        """Take a step: lock its row, ask the clock, write."""
        if beside.chosen is not None:
            found = self._candidate(beside.chosen)
            if not found:
                return Refused("reference")
            assert isinstance(t.seen.key, Var)
            given[t.seen.key.name] = found[0][0] - 1
        step = made(given, beside=replace(beside, chosen=None))
        outcome = without_store(step)
        if outcome is None:
            return self._taken(step, pending, note, beside.chosen)
        if isinstance(outcome, Done):
            pending.unseen.append(Unseen(0, t.action.name, t.named(given)))
        return outcome

    def _candidate(self, chosen: Chosen) -> list[Any]:
        """Lock the first row in line that nobody else has locked, by a statement that takes one."""
        line = f"{chosen.line}\nLIMIT 1 FOR NO KEY UPDATE OF job SKIP LOCKED"
        moment = self._clock.given()
        if moment is None:  # the statement asks the clock itself, which is one round less
            return self.own(_NOW.sub(f"({ServerClock.ASK})", line), chosen.values)
        return self.own(line, {**chosen.values, "now": moment})

    def _taken(
        self, step: Step, pending: Pending, note: str | None, chosen: Chosen | None
    ) -> Done | Refused:
        t, said = step.transition, _said_of(step.transition, self._old)
        assert said is not None and t.table is not None
        bound = step.bound()
        key = _key(t, bound)
        element = f"{_sort(t)}{key}"
        row = None
        if t.reads or element not in self._locked:
            row = self._row_before(t, said, bound)
            self._locked |= {element} if row is not None else set()
        if not all(holds(step.seen, step.seen) for holds in t.asked):
            return Refused(self._refusal(step, said, bound) or "reference")
        if t.table.answers and t.statement is not None and t.statement.form == "update":
            self._hold_answers(t)
        try:
            # What it will remember of a timer is asked for with the row, before the line is said.
            looks = any(is_timer(f.type) for f in t.reads)
            memory = _remembered(step, row, self.now if looks else 0)
        except CheckFailed:
            guard = self._refusal(step, said, bound)
            if guard is not None:
                return Refused(guard)
            raise
        lines = [self._line(step, pending, note, memory)] if t.writes else []
        timeless = not lines and not _asks_the_clock(t, said)
        for _ in range(100):  # others may be faster where there is no row to be locked
            now = bound["now"] = 0 if timeless else self._say(lines)
            texts = said.tries if chosen is None else [_wanting(x, chosen) for x in said.tries]
            found = self._contended(texts, bound) if said.contends else self._tried(texts, bound)
            if found is not None:
                break
            guard = self._refusal(step, said, bound)
            if guard is not None:
                return Refused(guard)
        else:
            raise Disagreement(f"every guard of {t.action.name} holds, and no row came back")
        fields = [*said.tells, *said.sets]
        values = {f.name: decode(f.type, v, now) for f, v in zip(fields, found, strict=False)}
        if t.reads and row is not None and not said.tells:
            values = _as_read(t, row, now) | values
        if t.writes:
            self.receipts.append(element)
            pending.unseen.clear()
            pending.rows += t.process is not None
        else:
            version = self._run(_VERSION, (element,))[0][0]
            named, ended = t.named(step.params), over(t, values)
            pending.unseen.append(Unseen(version, t.action.name, named, ended, element))
        wanted = found[len(fields) :] if chosen is not None else ()
        return Done(values, memory, wanted)

    def _take_together(self, whole: Fused, steps: list[Step], pending: Pending) -> Done | None:
        bound = steps[0].bound() | {n: v for step in steps[1:] for n, v in step.timed().items()}
        first = steps[0].transition
        element, said = f"{_sort(first)}{_key(first, bound)}", _said_of(first, self._old)
        assert said is not None
        if element not in self._locked and self._row_before(first, said, bound) is not None:
            self._locked |= {element}
        done, lines = Pending({}, pending.unseen, pending.rows), []
        for step, columns in zip(steps, whole.columns, strict=True):
            memory = step.transition.remembered(step.seen)
            lines.append({**self._line(step, done, None, memory), "columns": columns})
            done.memory |= {name: after for name, (_, after) in memory.items()}
            done.unseen, done.rows = [], done.rows + 1
        bound["now"] = self._say(lines)
        if self._tried([_together(whole)], bound) is None:
            return None
        self.receipts.append(element)
        pending.memory |= done.memory
        pending.unseen, pending.rows = [], done.rows
        return Done({}, memory)

    def _row_before(self, t: Transition, said: Statement, bound: Mapping[str, Any]) -> Any:
        """Lock the row of a step, and return what a process will remember something of."""
        if t.statement is not None and t.statement.form == "insert":
            return None
        strength = "UPDATE" if t.statement and t.statement.form == "delete" else "NO KEY UPDATE"
        lock = f"\nFOR {strength}" if self.span.writes else ""
        found = self._run(for_psycopg(f"{said.before}{lock}"), bound)
        return found[0] if found else None

    def _hold_answers(self, t: Transition) -> None:
        """Let nobody change what the store answers for the world, until this is over."""
        asked = [g for g in t.action.guards if t.seen.in_row(g.condition)]
        assert t.table is not None
        read = {e.field.name for g in asked for e in walk(g.condition) if isinstance(e, Read)}
        for name in t.table.answers.keys() & read:
            self._run(f"LOCK TABLE {name} IN SHARE MODE")

    def _line(
        self, step: Step, pending: Pending, note: str | None, memory: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what the trigger is to write."""
        t, process, actor = step.transition, step.transition.process, step.transition.actor
        whose = None if process is None else process.element(step.params[process.name])
        sides = ["", ""]
        for name, change in memory.items():
            if change[0] != change[1]:
                kind = t.local.fields[name].type
                for n in range(2):
                    place = json.dumps(f"{name}[{whose}]")
                    sides[n] += f", {place}: {json.dumps(plain(kind, change[n]))}"
        unseen = [[u.after, u.action, u.params, u.over, u.row] for u in pending.unseen]
        return {
            "actor": "-" if actor is None else actor.element(step.params[actor.name]),
            "action": t.action.name,
            "params": t.named(step.params),
            "was": sides[0],
            "becomes": sides[1],
            "unseen": unseen,
            "note": None if note is None else note.replace("\0", "\ufffd"),
            "process": whose,
            "nth": None if whose is None else pending.rows + 1,
            "tx": self.tx,
            "columns": ALL,
        }

    def _tried(self, texts: Any, bound: Mapping[str, Any]) -> Any:
        """Return what came back of a step; None if nothing did."""
        for text in texts:
            with checked(text):
                found = self._run(for_psycopg(text), bound)
            if len(found) > 1:
                raise Disagreement(f"{len(found)} rows come of a step of one: {text}")
            if found:
                return found[0]
        return None

    def _contended(self, texts: Any, bound: Mapping[str, Any]) -> Any:
        """Return what came back of a step; None also if somebody else has taken what it asked for,
        and the transaction goes on.
        """
        self._run("SAVEPOINT before_step")
        try:
            return self._tried(texts, bound)
        except errors.UniqueViolation:
            self._run("ROLLBACK TO SAVEPOINT before_step")
            return None

    def _refusal(self, step: Step, said: Statement, bound: dict[str, Any]) -> str | None:
        """Return the first guard that is false; None if all hold by now."""
        t, seen = step.transition, step.seen
        if ":now" in said.verdicts and not bound["now"]:
            bound["now"] = self.now
        (answers,) = self._run(for_psycopg(said.verdicts), bound) if said.verdicts else [()]
        guard, statement = t.refused(seen, answers), t.statement
        if guard is not None:
            return guard
        if statement is not None and statement.form == "insert" and t.table and t.table.carried:
            return statement.shown[0]  # another row has what is carried, and has to be unique
        return None


def _sort(t: Transition) -> str:
    """Return what the trace calls the rows of a step, but for their number."""
    assert t.table is not None
    return t.table.sort.__name__.lower()


def _key(t: Transition, bound: Mapping[str, Any]) -> int:
    """Return the number of the row of a step."""
    key = t.seen.key
    if key is None:
        return 1
    assert isinstance(key, Var | Read)
    return int(bound[key.name if isinstance(key, Var) else key.field.name])


def _remembered(step: Step, row: Any, now: int) -> Mapping[str, Any]:
    """Return what its process will remember of a step, if it is not refused; raises `CheckFailed`
    if that is out of range.
    """
    t = step.transition
    if not t.reads or t.table is None:
        return t.remembered(step.seen)
    found = t.table.initial if row is None else _as_read(t, row, now)  # where there is no row
    return t.remembered(t.local.state(step.known, found))


@lru_cache(maxsize=256)
def _asks_the_clock(t: Transition, said: Statement) -> bool:
    """Return whether it matters to a step when it is taken."""
    fields = (*said.tells, *said.sets, *t.reads)
    return any(":now" in text for text in said.tries) or any(is_timer(f.type) for f in fields)


def _as_read(t: Transition, row: Any, now: int) -> dict[str, Value]:
    """Return what a process will remember something of, as it was when the row was locked."""
    return {f.name: decode(f.type, v, now) for f, v in zip(t.reads, row, strict=True)}


def _wanting(text: str, chosen: Chosen) -> str:
    """Return a statement that also says what is wanted of the row."""
    return f"{text}, {by_hand.asked(chosen.wanted)}"
