"""A step on a server: the row that it is of, when it is taken, and what comes back of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from impl.derive.transition import Transition
from impl.interface.step import Chosen, Step
from impl.postgresql.rounds import Said
from impl.postgresql.text import by_hand
from impl.postgresql.text.sql import decode, for_psycopg
from impl.postgresql.text.statements import Statement
from impl.terms.outcomes import Disagreement
from spec.language.scope import Value
from spec.language.terms.expr import Read, Var
from spec.language.terms.tree import walk
from spec.language.terms.types import is_timer

NOW = re.compile(r":now\b")
"""What stands for the moment of a step in its statement."""

SAID = "current_setting('ffq.now')"
"""What it is once it was said."""

_VERSION = "SELECT coalesce(max(version), 0) FROM trace WHERE element = %s"


@dataclass(frozen=True)
class Asked:
    """What came back of a step, if anything did; of one that writes nothing, how often its row had
    changed by then, and the verdicts of its guards.
    """

    row: Any
    version: int = 0
    verdicts: Sequence[Any] | None = None


def one(said: Said, found: Sequence[Any]) -> Any:
    """Return the row that came back of a step; None if none did."""
    if len(found) > 1:
        raise Disagreement(f"{len(found)} rows come of a step of one: {said[0]}")
    return found[0] if found else None


@lru_cache(maxsize=256)
def answering(t: Transition) -> tuple[str, ...]:
    """Return the tables by which the store answers for the world what a step asks that writes."""
    if t.table is None or t.statement is None or t.statement.form != "update":
        return ()
    asked = [g for g in t.action.guards if t.seen.in_row(g.condition)]
    read = {e.field.name for g in asked for e in walk(g.condition) if isinstance(e, Read)}
    return tuple(name for name in t.table.answers if name in read)


@lru_cache(maxsize=256)
def moved(text: str) -> str:
    """Return a statement that goes by the moment that was said, without our knowing it."""
    return for_psycopg(NOW.sub(SAID, text))


def sort_of(t: Transition) -> str:
    """Return what the trace calls the rows of a step, but for their number."""
    assert t.table is not None
    return t.table.sort.__name__.lower()


def key_of(t: Transition, bound: Mapping[str, Any]) -> int:
    """Return the number of the row of a step."""
    key = t.seen.key
    if key is None:
        return 1
    assert isinstance(key, Var | Read)
    return int(bound[key.name if isinstance(key, Var) else key.field.name])


def remembered(step: Step, row: Any, now: int) -> Mapping[str, Any]:
    """Return what its process will remember of a step, if it is not refused; raises `CheckFailed`
    if that is out of range.
    """
    t = step.transition
    if not t.reads or t.table is None:
        return t.remembered(step.seen)
    found = t.table.initial if row is None else as_read(t, row, now)  # where there is no row
    return t.remembered(t.local.state(step.known, found))


@lru_cache(maxsize=256)
def asks_the_clock(t: Transition, said: Statement) -> bool:
    """Return whether it matters to a step when it is taken."""
    fields = (*said.tells, *said.sets, *t.reads)
    texts = (*said.tries, said.verdicts)
    return any(":now" in text for text in texts) or any(is_timer(f.type) for f in fields)


def as_read(t: Transition, row: Any, now: int) -> dict[str, Value]:
    """Return what a process will remember something of, as it was when the row was locked."""
    return {f.name: decode(f.type, v, now) for f, v in zip(t.reads, row, strict=True)}


def wanting(text: str, chosen: Chosen) -> str:
    """Return a statement that also says what is wanted of the row."""
    return f"{text}, {by_hand.asked(chosen.wanted)}"


def asked_beside(said: Statement, bound: Mapping[str, Any], element: str) -> list[Said]:
    """Return what is asked with a step that writes nothing: how often its row had changed, and the
    verdicts.
    """
    verdicts = [(moved(said.verdicts), bound)] if said.verdicts else []
    return [(_VERSION, (element,)), *verdicts]
