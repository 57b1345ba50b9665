"""A spec as a store and its trace show it: what the world said, nobody wrote down.

A guard that asks the world is taken to have held, wherever its answer is used. A claim that asks it
is taken to hold, and so is that part of an exemption.
"""

from __future__ import annotations

from dataclasses import replace

from spec.language.declared.model import Action, Part, Property, Spec
from spec.language.terms.expr import And, Const, Expr, Read
from spec.language.terms.tree import alike, rebuild, walk


def shown(action: Action) -> Action:
    """Return the action with the guards that a trace shows."""
    answers = [g.condition for g in action.guards if _asks(g.condition)]

    def answered(e: Expr) -> Expr:
        if any(alike(e, each) for each in answers):
            return Const(True, bool)
        return rebuild(e, answered)

    def of(part: Part) -> Part:
        guards = tuple(g for g in part.guards if not _asks(g.condition))
        made = tuple(replace(u, value=answered(u.value)) for u in part.statements)
        return replace(part, guards=guards, statements=made)

    return replace(action, parts=tuple(map(of, action.parts)))


def claims(spec: Spec) -> list[Property]:
    """Return what the properties of a spec say of a trace, and of the rows of a store."""
    return [said for p in spec.properties.values() if (said := _claim(p)) is not None]


def _claim(p: Property) -> Property | None:
    if _asks(p.own):
        return None
    exemptions = [(e, _rest(e.condition)) for e in p.exemptions]
    if any(rest is None for _, rest in exemptions):
        return None
    said = tuple(replace(e, condition=rest) for e, rest in exemptions if rest is not None)
    return replace(p, exemptions=said)


def _rest(e: Expr) -> Expr | None:
    """Return the condition without what asks the world of it, None if nothing is left."""
    if isinstance(e, And):
        left, right = _rest(e.left), _rest(e.right)
        if left is None or right is None:
            return right if left is None else left
        return And(left, right)
    return None if _asks(e) else e


def _asks(e: Expr) -> bool:
    return any(isinstance(r, Read) and r.field.survival == "world" for r in walk(e))
