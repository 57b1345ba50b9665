"""One step inside an open transaction: the statement, what refuses it, its row of the trace."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from impl.derive.design import Design, Transition
from impl.derive.sql import decode
from impl.terms.outcomes import Change, CheckFailed, Disagreement, Done, Refused, Values
from spec.language.scope import State, Value, element_name
from spec.language.types import Sort, Type, is_sort


@dataclass(frozen=True)
class Step:
    """A transition with its parameters, by a process that remembers this and to which the world
    says this, in a row with these constants. `seen` is what it sees before it reads the row.
    """

    transition: Transition
    params: Values
    memory: Values
    world: Values
    constants: Mapping[str, int]
    seen: State

    def bound(self) -> dict[str, int | str | None]:
        """Return what the statement's names stand for."""
        return {**self.transition.local.bound(self.seen), **self.constants}


def step_of(
    design: Design,
    action: str,
    params: Values,
    memory: Values,
    constants: Mapping[str, int] | None = None,
    world: Values | None = None,
) -> Step:
    """Return a step; a row that it inserts has these constants, or those of the scope. Raises
    `KeyError` if it asks the world what is not told here.
    """
    t, scope = design.transitions[action], design.scope
    chosen = {name: scope.bounds[name] for name in scope.spec.constants}
    if constants:
        chosen |= constants
    told = world or {}
    return Step(t, params, memory, told, chosen, t.local.state(params, memory, told))


def without_store(step: Step) -> Done | Refused | None:
    """Return what comes of a step that needs no row, or that follows no reference, else None."""
    t, seen = step.transition, step.seen
    if any(reference(seen, seen) is None for reference in t.references):
        return Refused("reference")
    if t.statement is None:
        for g in t.guards:
            if g.in_memory and not g.in_memory(seen, seen):
                return Refused(g.name)
        return Done({}, remembered(t, seen))
    return None


def within(connection: apsw.Connection, step: Step) -> Done | Refused:
    """Take the step in the transaction that is open on the connection, its row of the trace left
    to the caller; raises `CheckFailed`, `Disagreement`, or what APSW raises.
    """
    known = without_store(step)
    if known is not None:
        return known
    t = step.transition
    assert t.statement is not None and t.table is not None
    first, bound = step.seen, step.bound()
    if any(g.in_memory and not g.in_memory(first, first) for g in t.guards):
        return Refused(refusal(connection, t, first, bound))
    columns = t.table.columns
    # An INSERT finds no row, or else it is refused, whatever the row holds.
    inserts = t.statement.form == "insert"
    found = [] if inserts else connection.execute(t.row, bound).fetchall()
    before = t.table.decoded(found[0]) if found else dict(t.table.initial)
    beside: dict[str, Value] = {}
    if t.beside is not None:
        ((_, *values),) = connection.execute(t.beside.every_row).fetchall()
        beside = t.beside.decoded(values)
    seen = t.local.state(step.params, step.memory, step.world, before, beside)
    try:
        returned = connection.execute(t.statement.text, bound).fetchall()
    except apsw.ConstraintError as failed:
        name = str(failed).removeprefix("CHECK constraint failed: ")
        raise CheckFailed(name, t.statement.text) from None
    if not returned:
        return Refused(refusal(connection, t, seen, bound))
    if len(returned) > 1:
        raise Disagreement(f"{t.action.name} changes {len(returned)} rows: {t.statement.text}")
    row: dict[str, Change] = {}
    if t.statement.form == "delete":
        row = {name: (before[name], gone) for name, gone in t.table.initial.items()}
    elif t.writes:
        kinds = {f.name: f.type for f in columns}
        for a, v in zip(t.statement.sets, returned[0], strict=True):
            row[a.column] = before[a.column], decode(kinds[a.column], v)
    return Done(row, remembered(t, seen))


def refusal(
    connection: apsw.Connection, t: Transition, seen: State, bound: Mapping[str, Any]
) -> str:
    """Return the first guard that is false, asking the store for those that read its row."""
    verdicts: dict[str, Any] = {}
    if t.verdicts:
        names = [g.name for g in t.guards if g.in_memory is None]
        (answers,) = connection.execute(t.verdicts, bound).fetchall()
        verdicts = dict(zip(names, answers, strict=True))
    for g in t.guards:
        if not (g.in_memory(seen, seen) if g.in_memory else verdicts[g.name]):
            return g.name
    what = t.statement.text if t.statement else t.action.name
    raise Disagreement(f"every guard of {t.action.name} holds, and no row came back: {what}")


def remembered(t: Transition, seen: State) -> dict[str, Change]:
    """Return what the process has to remember, or raise `CheckFailed` if it is out of range."""
    before = dict(zip(t.local.fields, seen, strict=True))
    changes = {}
    for r in t.remembers:
        after = r.value(seen, seen)
        if r.limit is not None and not 0 <= int(after) <= r.limit:
            raise CheckFailed(f"range_{r.field.name}", f"{r.field.name} = {after}")
        changes[r.field.name] = before[r.field.name], after
    return changes


# ---------------------------------------------------------------- the trace
_INSERT = """\
INSERT INTO trace (actor, action, params, before, after, unseen, note)
VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING seq"""


def write_trace(
    connection: apsw.Connection, step: Step, done: Done, unseen: Sequence[Any], note: str | None
) -> int:
    """Write the row of a step that is done, and return its number."""
    t = step.transition
    assert t.key is not None and t.table is not None
    given = named(t, step.params)
    first = t.action.params[0] if t.action.params else None
    actor = given[first.name] if first is not None and is_sort(first.type) else "-"
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    row = t.table.place(t.key(step.seen, step.seen))
    process = t.seen.process
    whose = f"[{plain(process.type, step.params[process.name])}]" if process is not None else ""
    for place, changes in ((row, done.row), (whose, done.memory)):
        for name, pair in changes.items():
            for side, v in zip(sides, pair, strict=True):
                if pair[0] != pair[1]:
                    side[f"{name}{place}"] = plain(t.local.fields[name].type, v)
    texts = map(json.dumps, (given, *sides, list(unseen)))
    values = (actor, t.action.name, *texts, note)
    seq: int = connection.execute(_INSERT, values).fetchall()[0][0]  # type: ignore[assignment]
    return seq


def named(t: Transition, params: Values) -> dict[str, Value]:
    """Return the parameters as the trace holds them."""
    return {p.name: plain(p.type, params[p.name]) for p in t.action.params}


def element_of(sort: object, name: object) -> int | None:
    """Return the element of this name, counted from 0; None if it is no name of the sort."""
    prefix = sort.__name__.lower() if is_sort(sort) else "?"
    digits = name.removeprefix(prefix) if isinstance(name, str) else ""
    if not digits.isascii() or not digits.isdigit() or name != f"{prefix}{int(digits)}":
        return None
    return int(digits) - 1 if int(digits) > 0 else None


def plain(t: Type | type[Sort], v: Value) -> Value:
    """Return a value as the trace holds it: elements by name."""
    return element_name(t, v) if is_sort(t) and v is not None else v
