"""What a guard reads, and so whose step can make it false after somebody has looked."""

from __future__ import annotations

from typing import Literal

from spec.language.declared.actions import Action
from spec.language.declared.model import Spec
from spec.language.terms.expr import Expr, Quantifier, Read, Var
from spec.language.terms.tree import alike, walk
from spec.language.terms.types import is_sort

Kind = Literal["memory", "own row", "another row", "many rows", "world"]
"""memory: of the process that acts, which nobody else changes. own row: the row that the step
writes, or the only one that it sees. world: what no store has.
"""


def kind_of(spec: Spec, action: Action, condition: Expr) -> Kind:
    """Return what a guard of the action reads: the most that a store can be asked for."""
    whole = walk(condition)
    if any(isinstance(e, Quantifier) and is_sort(e.var.type) for e in whole):
        return "many rows"
    mine = next(iter(remembering(spec, action)), None)
    reads = [e for e in whole if isinstance(e, Read)]
    theirs = [r for r in reads if r.field.survival == "volatile" and not alike(r.index, mine)]
    rows = [r for r in reads if r.field.survival == "durable"]
    if theirs or any(not alike(r.index, _row(spec, action)) for r in rows):
        return "another row"
    if rows:
        return "own row"
    return "memory" if all(r.field.survival == "volatile" for r in reads) else "world"


def remembering(spec: Spec, action: Action) -> list[Var]:
    """Return the parameters whose memory the action reads or writes."""
    seen = [g.condition for g in action.guards]
    seen += [e for u in action.updates(spec) for e in (u.value, Read(u.field, u.index))]
    reads = [e for whole in seen for e in walk(whole) if isinstance(e, Read)]
    mine = {
        r.index.name for r in reads if r.field.survival == "volatile" and isinstance(r.index, Var)
    }
    return [p for p in action.params if p.name in mine]


def _row(spec: Spec, action: Action) -> Expr | None:
    """Return the row that the action writes, or else the first one that a guard reads."""
    written = [u.index for u in action.updates(spec) if u.field.survival == "durable"]
    asked = [e for g in action.guards for e in walk(g.condition) if isinstance(e, Read)]
    return [*written, *(r.index for r in asked if r.field.survival == "durable")][0]
