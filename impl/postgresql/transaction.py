"""Several steps in one transaction on a server, beside those of others.

A step first locks its row, then asks the clock, then writes: so nothing that it goes by is older
than its lock. What it changes the database writes into the trace itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from psycopg import errors

from impl.derive.fused import Fused
from impl.derive.tracing import ALL
from impl.derive.transition import Transition
from impl.interface.process import Process
from impl.interface.step import (
    Beside,
    Chosen,
    Step,
    Time,
    over,
    step_of,
    without_store,
)
from impl.interface.transaction import Pending
from impl.postgresql.clock import ServerClock
from impl.postgresql.connection import checked
from impl.postgresql.own import Statements
from impl.postgresql.rounds import Said
from impl.postgresql.step import (
    NOW,
    Asked,
    answering,
    as_read,
    asked_beside,
    asks_the_clock,
    key_of,
    moved,
    one,
    remembered,
    sort_of,
    wanting,
)  # fmt: skip
from impl.postgresql.text.sql import decode, for_psycopg, identifier
from impl.postgresql.text.statements import Statement, statement, together
from impl.terms.outcomes import CheckFailed, Disagreement, Done, Refused, Unseen, Values
from spec.language.scope import Value
from spec.language.terms.expr import Var
from spec.language.terms.types import is_timer

_said_of = lru_cache(maxsize=256)(statement)
_together = lru_cache(maxsize=64)(together)

_SAVE = "SAVEPOINT before_step", None


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
        chosen, row = beside.chosen, None
        if chosen is not None:
            found = self._candidate(t, chosen)
            if not found:
                return Refused("reference")
            assert isinstance(t.seen.key, Var)
            given[t.seen.key.name], row = found[0][0] - 1, found[0][1:]
        step = made(given, beside=replace(beside, chosen=None))
        outcome = without_store(step)
        if outcome is None:
            return self._taken(step, pending, note, chosen, row)
        if isinstance(outcome, Done):
            pending.unseen.append(Unseen(0, t.action.name, t.named(given)))
        return outcome

    def _candidate(self, t: Transition, chosen: Chosen) -> list[Any]:
        """Lock the first row in line that nobody else has locked, by a statement that takes one;
        return its number, and what a process will remember something of.
        """
        wanted = ", ".join(["id", *(identifier(f.name) for f in t.reads)])
        line = f"SELECT {wanted}\n{chosen.line}\nLIMIT 1 FOR NO KEY UPDATE OF job SKIP LOCKED"
        moment = self._clock.given()
        if moment is None:  # the statement asks the clock itself, which is one round less
            return self.own(NOW.sub(f"({ServerClock.ASK})", line), chosen.values)
        return self.own(line, {**chosen.values, "now": moment})

    def _taken(
        self,
        step: Step,
        pending: Pending,
        note: str | None,
        chosen: Chosen | None,
        row: Sequence[Any] | None,
    ) -> Done | Refused:
        """Take a step of a row, which is locked if it is given."""
        t, said = step.transition, _said_of(step.transition, self._old)
        assert said is not None and t.table is not None
        bound = step.bound()
        element = f"{sort_of(t)}{key_of(t, bound)}"
        ahead = self._before(t, said, bound, element) if row is None else []
        mine = all(holds(step.seen, step.seen) for holds in t.asked)
        if ahead and (t.reads or not mine):
            ahead, (found,) = [], self._round(*ahead)
            row = found[0] if found else None
        if not mine:
            return Refused(self._refusal(step, said, bound) or "reference")
        try:
            # What it will remember of a timer is asked for with the row, before the line is said.
            looks = any(is_timer(f.type) for f in t.reads)
            memory = remembered(step, row, self.now if looks else 0)
        except CheckFailed:
            self._round(*ahead)
            guard = self._refusal(step, said, bound)
            if guard is not None:
                return Refused(guard)
            raise
        lines = [self._line(step, pending, note, memory)] if t.writes else []
        texts = said.tries if chosen is None else [wanting(x, chosen) for x in said.tries]
        ahead = [*ahead, *self._answers(t)]
        for _ in range(100):  # others may be faster where there is no row to be locked
            asked, ahead = self._asked(t, said, texts, bound, element, ahead, lines), []
            if asked.row is not None:
                break
            guard = self._refusal(step, said, bound, asked.verdicts)
            if guard is not None:
                return Refused(guard)
        else:
            raise Disagreement(f"every guard of {t.action.name} holds, and no row came back")
        fields, now = [*said.tells, *said.sets], bound["now"]
        values = {f.name: decode(f.type, v, now) for f, v in zip(fields, asked.row, strict=False)}
        if t.reads and row is not None and not said.tells:
            values = as_read(t, row, now) | values
        if t.writes:
            self._wrote(element, pending)
            pending.rows += t.process is not None
        else:
            named, ended = t.named(step.params), over(t, values)
            pending.unseen.append(Unseen(asked.version, t.action.name, named, ended, element))
        wanted = asked.row[len(fields) :] if chosen is not None else ()
        return Done(values, memory, wanted)

    def _asked(
        self,
        t: Transition,
        said: Statement,
        texts: Sequence[str],
        bound: dict[str, Any],
        element: str,
        ahead: Sequence[Said],
        lines: Sequence[Mapping[str, Any]],
    ) -> Asked:
        """Ask for a step in one round, behind what comes ahead of it; `bound` has its moment then.

        Of one that writes nothing, which is often refused, the verdicts are asked with it.
        """
        clock = [self._saying(lines)] if lines or asks_the_clock(t, said) else []
        whole: list[Said] = [(moved(text), bound) for text in texts]
        first, *others = whole
        if said.contends:
            first, others = _SAVE, [first, *others]
        beside = [] if t.writes else asked_beside(said, bound, element)
        with checked(texts[0]):
            found = self._round(*ahead, *clock, first, *beside)[len(ahead) :]
        bound["now"] = int(found.pop(0)[0][2]) if clock else 0
        row = self._contended(others) if said.contends else one(first, found[0])
        if row is None and not said.contends:
            row = self._tried(others)
        if t.writes:
            return Asked(row)
        return Asked(row, found[1][0][0], found[2][0] if said.verdicts else ())

    def look_ahead(self, actions: Sequence[str], process: Process) -> None:
        """Ask for steps in one round that read what is at this moment, by no clock."""
        memory: Values = self._of(process).memory
        asked: list[Said] = []
        for action in actions:
            t = self._design.transitions[action]
            said = _said_of(t, self._old)
            if t.process is None or said is None or t.reads or asks_the_clock(t, said):
                break
            given = {t.process.name: process.element}
            step = step_of(self._design, action, given, memory, time=self._time({}))
            if without_store(step) is not None:
                break
            bound = step.bound()
            element = f"{sort_of(t)}{key_of(t, bound)}"
            asked += [(moved(said.tries[0]), bound), *asked_beside(said, bound, element)]
            memory = {**memory, **{n: after for n, (_, after) in t.remembered(step.seen).items()}}
        if not self.span.writes:
            self._foresee(asked)

    def _take_together(self, whole: Fused, steps: list[Step], pending: Pending) -> Done | None:
        bound = steps[0].bound() | {n: v for step in steps[1:] for n, v in step.timed().items()}
        first = steps[0].transition
        element, said = f"{sort_of(first)}{key_of(first, bound)}", _said_of(first, self._old)
        assert said is not None
        done, lines = Pending({}, pending.unseen, pending.rows), []
        for step, columns in zip(steps, whole.columns, strict=True):
            memory = step.transition.remembered(step.seen)
            lines.append({**self._line(step, done, None, memory), "columns": columns})
            done.memory |= {name: after for name, (_, after) in memory.items()}
            done.unseen, done.rows = [], done.rows + 1
        ahead = self._before(first, said, bound, element)
        text = _together(whole)
        with checked(text):
            found = self._round(*ahead, self._saying(lines), (moved(text), bound))
        if one((text, bound), found[-1]) is None:
            return None
        self._wrote(element, pending)
        pending.memory |= done.memory
        pending.rows = done.rows
        return Done({}, memory)

    def _wrote(self, element: str, pending: Pending) -> None:
        self.receipts.append(element)
        self._locked.add(element)
        pending.unseen = []

    def _before(
        self, t: Transition, said: Statement, bound: Mapping[str, Any], element: str
    ) -> list[Said]:
        """Return what locks the row of a step, and what a process will remember something of, if
        any of it is needed.
        """
        if t.statement is not None and t.statement.form == "insert":
            return []
        if not t.reads and (element in self._locked or not self.span.writes):
            return []
        strength = "UPDATE" if t.statement and t.statement.form == "delete" else "NO KEY UPDATE"
        lock = f"\nFOR {strength}" if self.span.writes else ""
        return [(for_psycopg(f"{said.before}{lock}"), bound)]

    def _answers(self, t: Transition) -> list[Said]:
        """Return what lets nobody change what the store answers for the world, until this is over,
        if the step asks for it.
        """
        return [(f"LOCK TABLE {name} IN SHARE MODE", None) for name in answering(t)]

    def _line(
        self, step: Step, pending: Pending, note: str | None, memory: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what the trigger is to write."""
        t, process, actor = step.transition, step.transition.process, step.transition.actor
        whose = None if process is None else process.element(step.params[process.name])
        sides = ["", ""]
        for name, change in memory.items():
            if change[0] != change[1]:
                for n in range(2):
                    sides[n] += f', "{name}[{whose}]": {t.as_json[name](change[n])}'
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

    def _tried(self, said: Sequence[Said]) -> Any:
        """Return what came back of a step; None if nothing did."""
        for each in said:
            with checked(each[0]):
                found = one(each, self._run(*each))
            if found is not None:
                return found
        return None

    def _contended(self, said: Sequence[Said]) -> Any:
        """Return what came back of a step; None also if somebody else has taken what it asked for,
        and the transaction goes on from where it was saved.
        """
        try:
            return self._tried(said)
        except errors.UniqueViolation:
            self._run("ROLLBACK TO SAVEPOINT before_step")
            return None

    def _refusal(
        self,
        step: Step,
        said: Statement,
        bound: dict[str, Any],
        answers: Sequence[Any] | None = None,
    ) -> str | None:
        """Return the first guard that is false; None if all hold by now. `answers`: the verdicts,
        where they are known.
        """
        t, seen = step.transition, step.seen
        if answers is None:
            if ":now" in said.verdicts and not bound["now"]:
                bound["now"] = self.now
            (answers,) = self._run(for_psycopg(said.verdicts), bound) if said.verdicts else [()]
        guard, statement = t.refused(seen, answers), t.statement
        if guard is not None:
            return guard
        if statement is not None and statement.form == "insert" and t.table and t.table.carried:
            return statement.shown[0]  # another row has what is carried, and has to be unique
        return None
