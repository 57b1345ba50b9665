"""Budgets of its own for each job: a constant of the spec becomes a column of the row.

The spec has one budget for all jobs, and is proved for any. No step sees two rows (`view` refuses
it), so each job goes its way as if all others had its budget too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeGuard

from impl.derive.view import Global, Inexpressible, View, view
from spec.language.declared.model import Action, Field, Part, Property
from spec.language.scope import Scope
from spec.language.terms.expr import Bound, Expr, Read
from spec.language.terms.tree import rebuild, walk
from spec.language.terms.types import Nat, Sort, is_sort


def column(constant: str) -> str:
    """Return the column of a constant: `max_fails` of `MaxFails`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", constant).lower()


def own_budgets(scope: Scope, over: type[Sort]) -> Scope:
    """Return the scope with each constant that a step of a row reads kept per row of a sort, at
    most what the scope says.

    Properties that speak of more than one row keep the constant's name only if they do not read it;
    those that do, and the stages of proofs, are left out: they are not asked of a store.
    """
    spec = scope.spec
    views = {a.name: view(spec, a) for a in spec.actions.values()}
    read = {c for v in views.values() if v.table is not Global for c in _constants(v)}
    columns = {
        c.name: Field(column(c.name), over, Nat(c), c, "durable", c.doc)
        for c in spec.constants.values()
        if c.name in read
    }
    properties = {p.name: q for p in spec.properties.values() if (q := _claim(p, over, columns))}
    actions = {name: _action(v, columns) for name, v in views.items()}
    fields = spec.fields | {f.name: f for f in columns.values()}
    edited = spec.edited(
        f"own budgets {over.__name__}",
        fields=fields,
        actions=actions,
        properties=properties,
        stages={},
    )
    return scope.on(edited)


def _constants(v: View) -> set[str]:
    """Return the constants that a step of a store reads."""
    whole = [g.condition for g in v.action.guards] + [u.value for u in v.updates]
    return {e.name for one in whole for e in walk(one) if isinstance(e, Bound)}


def _action(v: View, columns: Mapping[str, Field]) -> Action:
    action, key = v.action, v.key
    if v.table is Global:
        return action

    def own(e: Expr) -> Expr:
        if isinstance(e, Bound) and e.name in columns:
            if key is None:
                raise Inexpressible(action.name, "a budget, and no row to have it", e)
            return Read(columns[e.name], key)
        return rebuild(e, own)

    def of_part(part: Part) -> Part:
        return replace(
            part,
            guards=tuple(replace(g, condition=own(g.condition)) for g in part.guards),
            statements=tuple(replace(u, value=own(u.value)) for u in part.statements),
        )

    return replace(action, parts=tuple(map(of_part, action.parts)))


def _claim(p: Property, over: type[Sort], columns: Mapping[str, Field]) -> Property | None:
    if not any(_kept(e, columns) for body in p.bodies for e in walk(body)):
        return p
    rows = [v for v in p.params if is_sort(v.type) and v.type is over]
    if len(rows) != 1:
        return None

    def own(e: Expr) -> Expr:
        return Read(columns[e.name], rows[0]) if _kept(e, columns) else rebuild(e, own)

    exemptions = tuple(replace(e, condition=own(e.condition)) for e in p.exemptions)
    then = None if p.then is None else own(p.then)
    return replace(p, own=own(p.own), then=then, exemptions=exemptions)


def _kept(e: Expr, columns: Mapping[str, Field]) -> TypeGuard[Bound]:
    """Whether it is a constant that rows keep."""
    return isinstance(e, Bound) and e.name in columns
