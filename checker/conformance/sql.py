"""What is derived for a store, printed for people: `ffq sql`, and blocks of the pages."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from impl.derive.design import Design, derive
from impl.derive.transition import Transition
from impl.postgresql.text import isolation, statements
from impl.postgresql.text.sql import POSTGRESQL
from spec.language.scope import Scope


class DialectName(StrEnum):
    """Whose SQL it is."""

    sqlite = "sqlite"
    postgresql = "postgresql"


def as_json_of(t: Transition, dialect: DialectName = DialectName.sqlite) -> dict[str, Any]:
    """Return the transition as `ffq sql --json` prints it."""
    return {
        "form": t.statement.form if t.statement else None,
        "sql": _text(t, dialect),
        "checks": _checks(t),
        "remembers": _remembers(t),
    }


def _checks(t: Transition) -> dict[str, str]:
    """Return the guards that the process checks itself, on its memory and on what it asks."""
    conditions = {g.name: str(g.condition) for g in t.action.guards}
    return {g.name: conditions[g.name] for g in t.guards if g.in_memory}


def _remembers(t: Transition) -> dict[str, str]:
    return {
        f"{u.field.name}[{u.index}]": str(u.value)
        for u in t.seen.updates
        if u.field.survival == "volatile"
    }


def made(design: Design, dialect: DialectName) -> dict[str, str]:
    """Return what makes an empty store, by what it is called."""
    if dialect is DialectName.postgresql:
        return {"schema": POSTGRESQL.tables(design.scope, design.tables)}
    return {"schema": design.schema, "triggers": design.triggers}


def _text(t: Transition, dialect: DialectName) -> str | None:
    if dialect is DialectName.postgresql:
        said = statements.statement(t)
        return said.text if said else None
    return t.statement.text if t.statement else None


def level(design: Design, t: Transition, dialect: DialectName) -> str | None:
    """Return the isolation level that the statement needs, if its store has several."""
    asked = dialect is DialectName.postgresql and t.statement is not None
    return isolation.level_of(design.scope.spec, t.action) if asked else None


def explained(
    t: Transition, dialect: DialectName = DialectName.sqlite, level: str | None = None
) -> str:
    """Return the statement below what it is for and what the process does by itself."""
    params = ", ".join(p.name for p in t.action.params)
    lines = [f"-- {t.action.name}({params}): {t.action.doc}"]
    for name, text in _checks(t).items():
        condition = next(g.condition for g in t.action.guards if g.name == name)
        where = "the world" if t.seen.asks(condition) else "memory"
        lines.append(f"--   first, in {where}: {text}  ({name})")
    if level is not None:
        lines.append(f"--   at {level}")
    if (said := _text(t, dialect)) is not None:
        lines.append(said + ";")
    if remembered := ", ".join(f"{place} = {text}" for place, text in _remembers(t).items()):
        lines.append(f"--   then remembered, as read before the step: {remembered}")
    return "\n".join(lines) + "\n"


def statement(scope: Scope, action: str) -> str:
    """Return what `ffq sql ACTION` prints of the scope; raises `ValueError` for no action of it."""
    transitions = derive(scope).transitions
    if action not in transitions:
        raise ValueError(f"no action '{action}'; write one of: {', '.join(transitions)}")
    return explained(transitions[action])


def schema(scope: Scope) -> str:
    """Return the schema of the scope."""
    return derive(scope).schema
