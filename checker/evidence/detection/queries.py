"""Detectors as SQL: over the rows, or over the steps that the append-only trace has kept.

A step as a detector sees it: its job, each column of the row before and after, and the token that
the actor was given last (`held`), all put together from the trace alone. Timers are what they are
called: each step has found which of its row were over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from checker.evidence.detection.detectors import Detector
from impl.derive import sql
from impl.derive.design import Design
from impl.derive.sql import called, needs_clock
from impl.derive.tables import Table, of_one_row
from spec.language.declared.model import Field, Property
from spec.language.reads import slots
from spec.language.terms.expr import Bound, Not, Quantifier, Read, Var
from spec.language.terms.tree import walk
from spec.language.terms.types import is_timer

AFTER = "_after"


@dataclass(frozen=True)
class Words:
    """How a store says it: names; what a column is that a trace has as JSON, given how it is put
    together; and what is written by hand, in the words of SQLite.
    """

    identifier: Callable[[str], str] = sql.identifier
    column: Callable[[Field, str, str], str] = lambda f, last, initial: (
        f"coalesce({last}, {initial})"
    )
    by_hand: Callable[[str], str] = str


SQLITE = Words()


class NoQuery(Exception):
    """The property speaks of more than one row, or of what no store knows, or of a moment."""


def condition_of(design: Design, detector: Detector, words: Words = SQLITE) -> tuple[str, str]:
    """Return the table that a detector reads, and the condition of what it looks for."""
    if detector.where:
        return detector.table, detector.where
    claim = design.scope.spec.properties[detector.by]
    (table,) = (t for t in design.tables if t.name == "job")
    alike = [name for name, p in slots(design.scope.spec).items() if p.name == claim.name]
    if alike:
        column = words.identifier(alike[0])
        twice = f"SELECT {column} FROM job GROUP BY {column} HAVING count(*) > 1"
        return "job", f"{column} IN ({twice})"
    if of_one_row(claim, table):
        if needs_clock(claim.body):
            raise NoQuery(f"{claim.name} is about a moment, and a query over rows has no clock")
        return "job", _negated(design, claim, words, timers=False)
    if claim.kind == "step" and _of_one_job(claim, table):
        return "step", _negated(design, claim, words, timers=True)
    raise NoQuery(f"{claim.name} is about more than one row, or about what is not durable")


def _of_one_job(claim: Property, table: Table) -> bool:
    return [v.type for v in claim.params] == [table.sort] and all(
        not isinstance(e, Quantifier)
        and (not isinstance(e, Read) or (e.field in table.columns and isinstance(e.index, Var)))
        for e in walk(claim.body)
    )


def _negated(design: Design, claim: Property, words: Words, timers: bool) -> str:
    def names(e: Read | Var | Bound) -> str:
        match e:
            case Read():
                return words.identifier(e.field.name + (AFTER if e.after else ""))
            case Bound():
                return f"{design.scope.bounds[e.name]} /* {e.name} */"
            case Var():
                return "id"

    return sql.condition(Not(claim.body), names, timers)


def query(design: Design, detector: Detector) -> str:
    """Return the whole query; each row of the answer is something damaged."""
    table, where = condition_of(design, detector)
    if table == "job":
        return _rows(where)
    steps = "\n".join(_steps(design, where))
    return f"WITH {_named_views()}, {steps}\n{_picked(where)}"


def on_tables(design: Design, detector: Detector, words: Words = SQLITE) -> str:
    """Return the query for a long trace, where `tables` were made before."""
    table, where = condition_of(design, detector, words)
    if table == "job":
        return _rows(where)
    steps = "\n".join(_steps(design, where, words))
    return f"WITH {steps}\n{_picked(where)}"


def _rows(where: str) -> str:
    return f"SELECT id\nFROM job\nWHERE {where}"


def _picked(where: str) -> str:
    return f"SELECT seq, actor, action, job\nFROM step\nWHERE {where}"


def columns(design: Design, where: str) -> list[str]:
    """Return the columns before and after a step that a condition reads."""
    (table,) = (t for t in design.tables if t.name == "job")
    words = set(re.findall(r"\w+", where))
    both = [(f.name, f.name + AFTER) for f in table.columns]
    return [one for pair in both for one in pair if one in words]


def _named_views() -> str:
    change, doing = (text.strip("\n") for text in (_CHANGE, _DOING))
    return (
        f"change AS (  -- what each step found and wrote, place by place\n{change}\n), doing AS (  "
        f"-- which job: of a row that was changed, a parameter, or the actor's\n{doing}\n)"
    )


def _steps(design: Design, where: str, words: Words = SQLITE) -> Iterable[str]:
    (table,) = (t for t in design.tables if t.name == "job")
    fields = {f.name: f for f in table.columns}
    yield "step AS (  -- the row before and after"
    yield "  SELECT seq, actor, action, job,"
    lines = []
    for column in columns(design, where):
        f = fields[column.removesuffix(AFTER)]
        last = _last(f"'{f.name}[' || job || ']'", "doing.seq", column.endswith(AFTER))
        found = words.column(f, last, _without_row(table, f))
        lines.append(f"    {found} AS {words.identifier(column)}")
    if "held" in re.findall(r"\w+", where):
        last = _last("'held[' || actor || ']'", "doing.seq")
        lines.append(f"    {words.column(design.scope.spec.fields['held'], last, '0')} AS held")
    yield ",\n".join(lines)
    yield "  FROM doing"
    yield ")"


def _without_row(table: Table, column: Field) -> str:
    """Return what the trace calls a column where there is no row, as SQL."""
    initial = table.without_row(column)
    return called(column.type, initial, "0") if is_timer(column.type) else initial


def _last(place: str, seq: str, after: bool = False) -> str:
    """Return the last value that was in a place before a step, or after it."""
    moment = f"2 * {seq}{' + 1' * after}"
    return (
        f"(SELECT value FROM change WHERE place = {place}\n"
        f"      AND moment <= {moment} ORDER BY moment DESC LIMIT 1)"
    )


_CHANGE = """
  SELECT seq, 2 * seq AS moment, place.key AS place, place.value
  FROM trace, json_each(before) AS place
  UNION ALL
  SELECT seq, 2 * seq + 1, place.key, place.value
  FROM trace, json_each(after) AS place
"""
_DOING = f"""
  SELECT seq, actor, action, coalesce(
    (SELECT rtrim(substr(place, instr(place, '[') + 1), ']') FROM change
     WHERE change.seq = trace.seq AND place LIKE '%[job%' LIMIT 1),
    json_extract(params, '$.j'),
    {_last("'job[' || actor || ']'", "trace.seq")}
  ) AS job
  FROM trace
"""
_TABLES = f"""
CREATE TEMP TABLE change AS {_CHANGE};
CREATE INDEX temp.change_of_place ON change (place, moment);
CREATE INDEX temp.change_of_step ON change (seq);
CREATE TEMP TABLE doing AS {_DOING};
"""


def tables(words: Words = SQLITE) -> str:
    """Return what makes the tables that queries over steps begin with, so that a long trace is read
    by index.
    """
    return words.by_hand(_TABLES)
