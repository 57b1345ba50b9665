"""What PostgreSQL has to be told so that a guard is not stale when its step writes.

A guard of the row that is written stands in the WHERE of the statement that writes: a statement
that has waited for the row asks it again, so the weakest level is enough. Of other rows a statement
sees what its snapshot has, at every level: there the derivation ends. Whether any of them has the
value that the step takes is decided by a unique index, which sees them all.
"""

from __future__ import annotations

from typing import Literal

from impl.derive.view import Inexpressible
from spec.language.declared.model import Action, Spec
from spec.language.reads import Kind, kind_of

Level = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]
LEVELS: tuple[Level, ...] = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
"""From the weakest to the strongest."""

_ONE_ROW = "keep what is asked in one row that every such step writes"
REMEDY: dict[Kind, str] = {
    "another row": f"{_ONE_ROW}, or see to it that it stays true",
    "many rows": f"{_ONE_ROW}, or use SERIALIZABLE and begin anew when it refuses",
}
"""What to do about a guard that no statement is derived for."""


def level_of(spec: Spec, action: Action) -> Level:
    """Return the weakest level at which the derived statement of an action is safe; raises
    `Inexpressible`, with the remedy, if a guard or what is written reads beyond the row.
    """
    read = [(g.name, g.condition) for g in action.guards]
    read += [(u.field.name, u.value) for u in action.updates(spec) if u.field.kept]
    for name, e in read:
        kind = kind_of(spec, action, e)
        if kind in REMEDY:
            fact = f"asks {kind}, of which a statement sees an old state; {REMEDY[kind]}"
            raise Inexpressible(f"{action.name}.{name}", fact, e)
    return "READ COMMITTED"
