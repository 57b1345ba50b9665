"""One step inside an open transaction: the statement, and what refuses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import apsw

from impl.derive.fused import Fused
from impl.derive.tracing import ALL
from impl.interface.step import Step, without_store
from impl.sqlite.scribe import Line, Scribe
from impl.terms.outcomes import CheckFailed, Disagreement, Done, Refused
from spec.language.terms.expr import Var


def within(
    scribe: Scribe, step: Step, unseen: str = "[]", note: str | None = None
) -> tuple[Done | Refused, Line]:
    """Take the step in the transaction that is open, and let it be written down after what went
    `unseen`, as JSON, with the note. Raises `CheckFailed`, `Disagreement`, or what APSW raises.
    """
    t, seen = step.transition, step.seen
    now = step.time.now
    line = Line(t, step.params, step.known, seen, now, unseen=unseen, note=note)
    known = without_store(step)
    if known is not None:
        return known, line
    statement, bound = step.statement(), step.bound()
    if not all(holds(seen, seen) for holds in t.asked):
        return Refused(refusal(scribe.connection, step, bound)), line
    returned = _rows(scribe, statement.text, bound, (line,) if t.writes else ())
    if not returned:
        return Refused(refusal(scribe.connection, step, bound)), line
    row, beside = statement.decoded(returned[0], now), statement.beside(returned[0])
    if line.memory is not None:
        return Done(row, line.memory, beside), line
    if t.reads:
        seen = t.local.state(step.known, row)
    return Done(row, t.remembered(seen), beside), line


def _rows(scribe: Scribe, sql: str, bound: Any, lines: Sequence[Line]) -> list[Any]:
    """Return what comes back of a statement that is for one row."""
    try:
        returned = scribe.run(sql, bound, lines)
    except apsw.ConstraintError as failed:
        name = str(failed).removeprefix("CHECK constraint failed: ")
        raise CheckFailed(name, sql) from None
    if len(returned) > 1:
        raise Disagreement(f"{len(returned)} rows are changed by a step of one: {sql}")
    return returned


def together(scribe: Scribe, whole: Fused, taken: Sequence[Step], unseen: str) -> list[Line] | None:
    """Take steps by one statement, in the transaction that is open; return them as they are written
    down, or None if one of them is refused, and then nothing is done. Raises as `within` does.
    """
    lines: list[Line] = []
    bound: dict[str, Any] = {}
    untouched = ALL
    for step, columns in zip(taken, whole.columns, strict=True):
        bound |= step.timed() if lines else step.bound()
        t, now, before = step.transition, step.time.now, unseen if not lines else "[]"
        lines.append(Line(t, step.params, step.known, step.seen, now, columns, untouched, before))
        untouched &= ~columns
    return lines if _rows(scribe, whole.statement.text, bound, lines) else None


def refusal(connection: apsw.Connection, step: Step, bound: Mapping[str, Any]) -> str:
    """Return the first guard that is false, asking the store for those that read its row; or
    `reference` if there is no row to be chosen.
    """
    t, seen, chosen = step.transition, step.seen, step.beside.chosen
    if chosen is not None:
        found = connection.execute(chosen.query, bound).fetchall()
        if not found:
            return "reference"
        assert isinstance(t.seen.key, Var)
        bound = {**bound, t.seen.key.name: found[0][0]}
    (answers,) = connection.execute(t.verdicts, bound).fetchall() if t.verdicts else [()]
    guard = t.refused(seen, answers)
    if guard is not None:
        return guard
    statement = step.statement()
    if statement.form == "insert" and t.table is not None and t.table.carried:
        return statement.shown[0]  # another row has what is carried, and has to be unique
    what = statement.text
    raise Disagreement(f"every guard of {t.action.name} holds, and no row came back: {what}")
