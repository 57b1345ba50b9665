"""A scope as people and programs read it: its fields, its actions with all that can be edited in
them, and what is claimed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from checker.shown.console import has_width, print_table, show_title
from spec.failures.edits import Edits, naive_steps
from spec.language.terms.types import Nat, is_sort

if TYPE_CHECKING:
    from spec.language.declared.actions import Action, Field
    from spec.language.declared.model import Spec
    from spec.language.scope import Scope


def show_scope(out: Console, scope: Scope, when: str, full: bool) -> None:
    """Print what a scope is, and in full all the names that can be said of it."""
    show_title(out, scope, ())
    whole, spec = not has_width(out), scope.spec
    out.print(Text(f"  {scope.doc}" + (f" ({when})" if when else "")), soft_wrap=whole)
    if not full:
        return
    out.print()
    print_table(out, [list(map(Text, _field(f))) for f in spec.fields.values()])
    for action in spec.actions.values():
        out.print(Text(f"\n{action.name}: {action.doc}"), soft_wrap=whole)
        for text in _edits(spec, action):
            out.print(Text(f"  {text}", style="cyan"), soft_wrap=whole)
    out.print()
    rows: list[tuple[str, ...]] = []
    for p in spec.properties.values():
        rows += [(p.id, p.name, p.doc), *(("", f"  unless {e.name}", e.doc) for e in p.exemptions)]
    print_table(out, [list(map(Text, row)) for row in rows])


def _field(f: Field) -> tuple[str, ...]:
    place = f.name if f.over is None else f"{f.name}[{f.over.__name__}]"
    return place, f.survival, _type(f), f.doc


def _type(f: Field) -> str:
    if f.type is bool:
        return "yes or no"
    if isinstance(f.type, Nat):
        return f"0..{f.type.limit}"
    return f.type.__name__ + (" or none" if is_sort(f.type) else "")


def _edits(spec: Spec, action: Action) -> Iterable[str]:
    """Yield what can be edited in an action: guards, the order of its writes, whether it waits for
    the disk, other ways to it.
    """
    if action.guards:
        yield " ".join(f"{action.name}.{guard.name}" for guard in action.guards)
    if order := writes(action):
        yield f"writes {', '.join(order)}"
    if waits(spec, action):
        yield f"weaken {action.name}"
    if ways := naive(spec, action):
        yield f"instead {', '.join(ways)}"


def writes(action: Action) -> list[str]:
    """Return the fields that an action assigns, in the order written: where it can be split."""
    return list(dict.fromkeys(u.field.name for part in action.parts for u in part.statements))


def waits(spec: Spec, action: Action) -> bool:
    """Return whether an action waits for a disk, which an edit can spare it."""
    return spec.disk is not None and spec.disk.awaits(action, spec)


def naive(spec: Spec, action: Action) -> list[str]:
    """Return the naive steps that can be put in the place of an action of this spec."""
    ways = naive_steps().get(action.name, [])
    return [way for way in ways if Edits([f"instead {action.name} {way}"]).refused(spec) is None]


def as_json(scope: Scope) -> dict[str, Any]:
    """Return the same for programs."""
    spec = scope.spec
    return {
        "name": scope.name,
        "doc": scope.doc,
        "bounds": dict(scope.bounds),
        "fields": [dict(zip(_COLUMNS, _field(f), strict=True)) for f in spec.fields.values()],
        "actions": [
            {
                "name": a.name,
                "doc": a.doc,
                "writes": writes(a),
                "waits": waits(spec, a),
                "instead": naive(spec, a),
            }
            for a in spec.actions.values()
        ],
        "guards": spec.guard_names(),
        "properties": [
            {
                "id": p.id,
                "name": p.name,
                "kind": p.kind,
                "doc": p.doc,
                "unless": {e.name: e.doc for e in p.exemptions},
            }
            for p in spec.properties.values()
        ],
    }


_COLUMNS = ("field", "survival", "type", "doc")
