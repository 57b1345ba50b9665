"""How the database writes a step into the trace: with each change of a row, whoever makes it.

A row as it was and as it is are there for triggers to compare. What they cannot see, the function
`ffq_steps` says: which steps the statement is, by whom, and what their process remembers. Only the
store has this function, so that nothing else can change a row unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from impl.derive.sql import called, identifier, table_name
from impl.derive.view import Global
from spec.language.declared.model import Field
from spec.language.scope import Value, element_name
from spec.language.terms.types import Nat, Sort, Type, is_enum, is_sort, is_timer

if TYPE_CHECKING:
    from impl.derive.tables import Table

STEPS = "ffq_steps"
"""Is given the number of the row, and what of it before the step the memory of a process depends
on. Returns JSON, a list for each step: actor, action, parameters, the columns that it may change
(as bits), what of the memory was and is different, what went unseen before, and a note; then the
moment, and the columns that no earlier step of the list changes (as bits). All but the bits and the
moment is text.
"""

_NOW = "(step.value ->> 8)"
_JUST_BEFORE = f"({_NOW} - 1)"  # when a timer that was started for no time at all runs still

NOW = "ffq_now"
"""Returns the moment of the steps that a statement is, by the clock of the queue, in ms."""

ALL = -1
"""The bits of all columns."""

_KINDS = {"put_in": "INSERT", "changed": "UPDATE", "taken_out": "DELETE"}


def triggers(t: Table, read: Sequence[Field]) -> str:
    """Return the triggers of a table, as SQL; `read` is what `ffq_steps` is given of the row."""
    return "\n".join(_trigger(t, read, *kind) for kind in _KINDS.items())


def names(table: str) -> set[str]:
    """Return what the triggers of a table of this name are called."""
    return {f"{table}_is_{word}" for word in _KINDS}


def _trigger(t: Table, read: Sequence[Field], word: str, event: str) -> str:
    def shown(f: Field, column: str, now: str) -> str:
        return called(f.type, column, now) if is_timer(f.type) else column

    def before(f: Field) -> str:
        return t.without_row(f) if event == "INSERT" else f"OLD.{identifier(f.name)}"

    def after(f: Field) -> str:
        return t.without_row(f) if event == "DELETE" else f"NEW.{identifier(f.name)}"

    def told(f: Field) -> str:
        elsewhere = f.over is None and t.sort is not Global
        return (
            f"(SELECT {identifier(f.name)} FROM {table_name(Global)})" if elsewhere else before(f)
        )

    row = "OLD.id" if event == "DELETE" else "NEW.id"
    element = "" if t.sort is Global else f"[{t.sort.__name__.lower()}' || {row} || ']"

    def side(of: Callable[[Field], str]) -> Iterator[str]:
        for bit, f in enumerate(t.columns):
            was, becomes = shown(f, before(f), _NOW), shown(f, after(f), _JUST_BEFORE)
            tells = f"{before(f)} IS NOT {after(f)} AND step.value ->> 3 & {1 << bit}"
            if is_timer(f.type):
                tells = f"{tells} AND {was} IS NOT {becomes}"
            if is_timer(f.type) and of is before and event != "INSERT":
                # No step of its own says that it has run out.
                over = f"{before(f)} <= {_NOW} AND step.value ->> 9 & {1 << bit}"
                tells = f"{tells} OR {over}"
            word = was if of is before else becomes
            said = f"', \"{f.name}{element}\": ' || {_json(f, word)}"
            yield f"iif({tells}, {said}, '')"

    def whole(of: Callable[[Field], str], memory: int) -> str:
        parts = "\n    || ".join([*side(of), f"(step.value ->> {memory})"])
        return f"  '{{' || substr(\n    {parts}, 3) || '}}',"

    return "\n".join([
        f"CREATE TRIGGER {t.sort.__name__.lower()}_is_{word} AFTER {event} ON {t.name}",
        "BEGIN",
        "INSERT INTO trace (actor, action, params, before, after, unseen, note, at)",
        "SELECT step.value ->> 0, step.value ->> 1, step.value ->> 2,",
        whole(before, 4),
        whole(after, 5),
        f"  step.value ->> 6, step.value ->> 7, {_NOW}",
        f"FROM json_each({STEPS}({', '.join([row, *map(told, read)])})) AS step;",
        "END;\n",
    ])  # fmt: skip


def _json(f: Field, column: str) -> str:
    """Return a column as JSON, as SQL."""
    if is_sort(f.type):
        prefix = f.type.__name__.lower()
        return f"coalesce('\"{prefix}' || {column} || '\"', 'null')"
    if is_enum(f.type):
        return f"'\"' || {column} || '\"'"
    return column if isinstance(f.type, Nat) else f"iif({column}, 'true', 'false')"


def as_json(t: Type | type[Sort]) -> Callable[[Value], str]:
    """Return what writes values of a type as JSON."""
    if is_sort(t):
        return lambda v: "null" if v is None else f'"{element_name(t, v)}"'
    if is_enum(t):
        return lambda v: f'"{v}"'
    return str if isinstance(t, Nat) else lambda v: "true" if v else "false"


def element_of(sort: object, name: object) -> int | None:
    """Return the element of this name, counted from 0; None if it is no name of the sort."""
    prefix = sort.__name__.lower() if is_sort(sort) else "?"
    digits = name.removeprefix(prefix) if isinstance(name, str) else ""
    if not digits.isascii() or not digits.isdigit() or name != f"{prefix}{int(digits)}":
        return None
    return int(digits) - 1 if int(digits) > 0 else None


def parameter_of(t: Type | type[Sort], said: object) -> int | None:
    """Return the value of a parameter that the trace holds; None if it is none of the type."""
    if is_sort(t):
        return element_of(t, said)
    return said if t is bool and isinstance(said, bool) else None


def plain(t: Type | type[Sort], v: Value) -> Value:
    """Return a value as the trace holds it: elements by name."""
    return element_name(t, v) if is_sort(t) and v is not None else v
