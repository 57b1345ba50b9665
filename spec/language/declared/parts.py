"""Puts together what several specs say of one action, and of the disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from spec.language.misuse import Misuse
from spec.language.terms.expr import Quantifier
from spec.language.terms.tree import walk

if TYPE_CHECKING:
    from spec.language.declared.disk import Disk
    from spec.language.declared.model import Action, Part, Spec


def joined(a: Action, b: Action) -> Action:
    """Return one action with the parts of both, each part once; those of the first agree. It is as
    fair as either promises.
    """
    known = {id(p) for p in a.parts}
    parts = a.parts + tuple(p for p in b.parts if id(p) not in known)

    def disagree(p: Part, q: Part) -> bool:
        return p is not q and not {id(p), id(q)} <= known

    promised: dict[str | None, int] = {None: 0, "weak": 1, "strong": 2}
    whole = replace(a, parts=parts, fair=max(a.fair, b.fair, key=lambda fair: promised[fair]))
    _refuse_capture(whole)
    seen: set[str] = set()
    for g in whole.guards:
        if g.name in seen:
            raise Misuse(f"{a.name} has two guards '{g.name}'", "give each guard a name of its own")
        seen.add(g.name)
    written: dict[str, Part] = {}
    cleared: dict[object, Part] = {}
    for part in parts:
        for u in part.statements:
            if disagree(written.setdefault(u.field.name, part), part):
                raise Misuse(
                    f"two parts of {a.name} write '{u.field.name}'", "let one of them write it"
                )
        for survival, element in part.cleared:
            if disagree(cleared.setdefault((survival, element.type), part), part):
                raise Misuse(f"two parts of {a.name} clear `{element}`", "let one of them clear it")
    for part in parts:
        for u in part.statements:
            other = cleared.get((u.field.survival, u.field.over), part)
            if disagree(other, part):
                raise Misuse(
                    f"two parts of {a.name} write '{u.field.name}': one clears its `{u.index}`",
                    "let the part that clears it assign it",
                )
    return whole


def one_disk(name: str, extended: tuple[Spec, ...]) -> Disk | None:
    """Return the disk that all the specs are on, if any is on one."""
    found = next((other.disk for other in extended if other.disk), None)
    if any(other.disk is not found for other in extended):
        raise Misuse(f"{name} is not on one disk as a whole", "put it on a disk last: on_a_disk")
    return found


def _refuse_capture(action: Action) -> None:
    """Raise `Misuse` if one part uses the name of another's parameter for something else."""
    types = {p.name: p.type for p in action.params}
    for part in action.parts:
        whole = [g.condition for g in part.guards]
        whole += [e for u in part.statements for e in (u.value, u.index) if e is not None]
        inner = [e.var for one in whole for e in walk(one) if isinstance(e, Quantifier)]
        wrong = [p.name for p in part.params if types[p.name] is not p.type]
        for name in [*wrong, *(v.name for v in inner if v.name in types)]:
            raise Misuse(
                f"two parts of {action.name} use '{name}' for different things",
                "choose another name in one of them",
            )
