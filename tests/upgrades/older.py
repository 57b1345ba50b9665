"""Specs that differ from today's by one thing, as those of an older or a later ffq do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import apsw

from impl.sqlite.scribe import write_down
from spec.language.declared.model import Action, Field, Part, Spec
from spec.language.terms.expr import Expr, Read
from spec.language.terms.tree import rebuild
from spec.queue import SCOPES

WHOLE = SCOPES["reference"].spec


def more(f: Field) -> Spec:
    """Return the spec with one more field, which no action changes."""
    return WHOLE.edited(f"more {f.name}", fields={**WHOLE.fields, f.name: f})


def retyped(name: str, **changes: Any) -> Spec:
    """Return the spec with a field of another type, or another beginning."""
    was = WHOLE.fields[name]
    now = replace(was, **changes)

    def new(e: Expr) -> Expr:
        if isinstance(e, Read) and e.field is was:
            return Read(now, None if e.index is None else new(e.index), e.after, e.version)
        return rebuild(e, new)

    def part(p: Part) -> Part:
        guards = tuple(replace(g, condition=new(g.condition)) for g in p.guards)
        updates = tuple(
            replace(u, field=now if u.field is was else u.field, value=new(u.value))
            for u in p.statements
        )
        return replace(p, guards=guards, statements=updates)

    return WHOLE.edited(
        f"retyped {name}",
        fields={n: now if n == name else f for n, f in WHOLE.fields.items()},
        actions={n: _parts(a, part) for n, a in WHOLE.actions.items()},
        properties={
            n: replace(
                p,
                own=new(p.own),
                then=None if p.then is None else new(p.then),
                exemptions=tuple(replace(e, condition=new(e.condition)) for e in p.exemptions),
            )
            for n, p in WHOLE.properties.items()
        },
        stages={},
    )


def _parts(action: Action, part: Callable[[Part], Part]) -> Action:
    return replace(action, parts=tuple(map(part, action.parts)))


def called(name: str, other: str) -> Spec:
    """Return the spec in which an action has another name."""
    actions = {
        other if n == name else n: replace(a, name=other) if n == name else a
        for n, a in WHOLE.actions.items()
    }
    return WHOLE.edited(f"called {name} {other}", actions=actions, stages={})


def forge(file: str, job: int, **values: Any) -> None:
    """Change a row, and the trace with it, as an action of another spec might have."""
    opened = apsw.Connection(file)
    write_down(opened, False)
    for name, value in values.items():
        ((was,),) = opened.execute(f"SELECT {name} FROM job WHERE id = ?", (job,)).fetchall()
        opened.pragma("ignore_check_constraints", 1)
        opened.execute(f"UPDATE job SET {name} = ? WHERE id = ?", (value, job))
        sides = (json.dumps({f"{name}[job{job}]": v}) for v in (was, value))
        opened.execute(
            "INSERT INTO trace (actor, action, params, before, after, unseen, at)"
            " VALUES (?, 'forge', '{}', ?, ?, '[]', 0)",
            (f"job{job}", *sides),
        )
    opened.close()
