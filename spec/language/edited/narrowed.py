"""Searches that are narrowed, so that the run that is found tells the story that is asked for.

Nothing is taken away from the spec: each run of the narrowed one is a run of the whole. So what is
violated there is violated; what holds there holds of the runs that are left, and of no others. What
must come to be, or must be reachable, is not asked: of fewer runs it would be another question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spec.language.declared.actions import Action, Field, Part, Update
from spec.language.declared.claims import EXEMPTED, Exemption, Property
from spec.language.declared.model import Spec
from spec.language.misuse import Misuse, near
from spec.language.terms.expr import Const, Expr, Ite, Read
from spec.language.terms.types import Nat

PASSED = "passed"
"""The ghost that counts how many of the steps that a run has to take it has taken."""


def never(spec: Spec, name: str) -> Spec:
    """Return the spec without the action `name`: what is left are the runs that never take it.

    Raises `Misuse` if there is no such action.
    """
    _require(spec, name)
    actions = {n: a for n, a in spec.actions.items() if n != name}
    return _narrowed(spec, f"never {name}", actions, _claims(spec), {})


def via(spec: Spec, names: Sequence[str]) -> Spec:
    """Return the spec whose properties are asked only where a run has taken these actions, in this
    order, whatever it has taken besides. Raises `Misuse` if there is no such action.
    """
    for name in names:
        _require(spec, name)
    if PASSED in spec.fields:
        raise Misuse(f"'{PASSED}' is declared twice", "name all actions in one `via`")
    doc = f"how many of {', '.join(names)} the run has taken, in this order"
    passed = Field(PASSED, None, Nat(len(names)), Const(0, Nat(len(names))), "ghost", doc)
    actions = {n: _counted(a, passed, names) for n, a in spec.actions.items()}
    claims = {n: _asked_after(p, passed, len(names)) for n, p in _claims(spec).items()}
    edit = f"via {' then '.join(names)}"
    return _narrowed(spec, edit, actions, claims, {PASSED: passed})


def _require(spec: Spec, name: str) -> None:
    if name not in spec.actions:
        raise Misuse(f"there is no action '{name}'", near(name, spec.actions))


def _claims(spec: Spec) -> dict[str, Property]:
    return {n: p for n, p in spec.properties.items() if p.kind in EXEMPTED}


def _narrowed(
    spec: Spec,
    edit: str,
    actions: dict[str, Action],
    properties: dict[str, Property],
    fields: dict[str, Field],
) -> Spec:
    whole = {**spec.fields, **fields}
    return spec.edited(edit, actions=actions, properties=properties, fields=whole, stages={})


def _counted(action: Action, passed: Field, names: Sequence[str]) -> Action:
    """Return the action, which counts each of its turns when that has come."""
    now = Read(passed, None)
    after: Expr = now
    for turn, name in enumerate(names):
        if name == action.name:
            after = Ite(now == turn, now + 1, after)
    if after is now:
        return action
    return replace(action, parts=(*action.parts, Part((), (), (Update(passed, None, after),))))


def _asked_after(claim: Property, passed: Field, turns: int) -> Property:
    """Return the property, asked only of a run that has taken every turn."""
    over = Read(passed, None, after=claim.kind == "step")
    on_the_way = Exemption("on_the_way", "The run has not come so far.", over < turns)
    return replace(claim, exemptions=(*claim.exemptions, on_the_way))
