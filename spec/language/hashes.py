"""Hashes that say which spec a file or a memory speaks of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from spec.language.declared.model import Spec
from spec.language.terms.types import Nat, is_enum, type_name


def spec_hash(spec: Spec) -> str:
    """Return a hash of what can happen: the same on every machine, unmoved by prose and by what is
    claimed of it.
    """
    return hashlib.sha256("\n".join(_text(spec)).encode()).hexdigest()[:32]


def claims_hash(spec: Spec, *kinds: str) -> str:
    """Return a hash of what can happen, of what of it is a fault, and of the claims of these kinds,
    stages among them.
    """
    faults = (f"fault {action.name}" for action in spec.actions.values() if action.fault)
    claims = (
        f"{p.kind} {p.id} {p.name} {_params(p.params)}: {p.own} ~> {p.then}"
        + "".join(f" unless {e.name}: {e.condition}" for e in p.exemptions)
        for p in spec.properties.values()
        if p.kind in kinds
    )
    stages = (
        f"{s.kind} {s.name} {_params(s.params)}: {s.body} by {s.by} after {s.after}"
        for s in spec.stages.values()
        if s.kind in kinds
    )
    return hashlib.sha256(
        "\n".join([*_text(spec), *faults, *claims, *stages]).encode()
    ).hexdigest()[:32]


def _text(spec: Spec) -> Iterator[str]:
    for bound in spec.constants.values():
        yield f"constant {bound.name} {bound.least}"
    for f in spec.fields.values():
        over = "-" if f.over is None else f.over.__name__
        limit = f"0..{f.type.limit}" if isinstance(f.type, Nat) else type_name(f.type)
        members = ",".join(spec.members(f.type)) if is_enum(f.type) else ""
        yield f"{f.survival} {f.name} {over} {limit} {members} {f.initial}"
    for action in spec.actions.values():
        yield f"action {action.name} {_params(action.params)} {action.fair} {action.finite}"
        if action.elapses is not None:
            yield f"  elapse {action.elapses.name}"
        yield from (f"  require {g.name}: {g.condition}" for g in action.guards)
        yield from (f"  follow {r}" for r in action.references(spec))
        yield from (f"  {u.field.name}[{u.index}] = {u.value}" for u in action.updates(spec))


def _params(params: Iterable[Any]) -> str:
    return ", ".join(f"{p.name}: {p.type.__name__}" for p in params)
