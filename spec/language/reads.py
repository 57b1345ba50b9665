"""What a guard reads, and so whose step can make it false after somebody has looked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spec.language.declared.actions import Action
from spec.language.declared.model import Field, Property, Spec
from spec.language.terms.expr import (
    And,
    Equal,
    Exists,
    Expr,
    Implies,
    NoneOf,
    Not,
    Quantifier,
    Read,
    Var,
)
from spec.language.terms.tree import alike, walk
from spec.language.terms.types import is_sort

Kind = Literal["memory", "own row", "slot", "another row", "many rows", "world"]
"""memory: of the process that acts, which nobody else changes. own row: the row that the step
writes, or the only one that it sees. slot: whether any row has a value which the step gives to its
own, where no two rows may have the same. world: what no store has.
"""


def kind_of(spec: Spec, action: Action, condition: Expr) -> Kind:
    """Return what a guard of the action reads: the most that a store can be asked for."""
    if (slot := wanted(spec, condition)) is not None and _takes(spec, action, slot):
        return "slot"
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


def slots(spec: Spec) -> dict[str, Property]:
    """Return the fields of which no two rows have the same value, each with the invariant that says
    so: `((s.f[i] != None) & (s.f[i] == s.f[j])) >> (i == j)`.
    """
    found = {}
    for p in spec.properties.values():
        match p.body:
            case Implies(
                And(Not(Equal(Read() as some, NoneOf())), Equal(Read() as one, Read() as other)),
                Equal(Var() as i, Var() as j),
            ) if p.kind == "invariant" and one.field is other.field is some.field:
                if alike(some, one) and alike(one.index, i) and alike(other.index, j):
                    found[one.field.name] = p
    return found


@dataclass(frozen=True)
class Slot:
    """A value of a field, of which a guard says that no row has it."""

    field: Field
    value: Var


def wanted(spec: Spec, condition: Expr) -> Slot | None:
    """Return the slot that a guard asks for; None if it asks something else, or two rows may have
    the same.
    """
    match condition:
        case Not(Exists(var=i, body=Equal(Read(index=Var() as at) as read, Var() as value))):
            if alike(at, i) and not alike(value, i) and read.field.name in slots(spec):
                return Slot(read.field, value)
    return None


def _takes(spec: Spec, action: Action, slot: Slot) -> bool:
    """Return whether the action gives its row what it has asked for."""
    updates = action.updates(spec)
    return any(u.field is slot.field and alike(u.value, slot.value) for u in updates)


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
