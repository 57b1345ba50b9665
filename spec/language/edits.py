"""The four ways to take a protection away from a spec; a failure mode is one of them.

And the three ways to take away what is assumed of fair runs: `unfair`, `weakly`, `endless`. Each
edit has a name, by which the command line, traces and documents call it; `find` reads such a
name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from spec.language import tracing
from spec.language.expr import Const, Equal, Expr, Not, Read, Var, lift
from spec.language.misuse import Misuse, near
from spec.language.model import Action, Field, Guard, Part, Spec, Update
from spec.language.signature import first_sentence, parameters
from spec.language.tree import rebuild, substitute
from spec.language.types import Nat, Type, is_sort


def without(spec: Spec, guard: str) -> Spec:
    """Return the spec with one guard, named `action.guard`, removed."""
    if guard not in spec.guard_names():
        raise Misuse(f"there is no guard '{guard}'", near(guard, spec.guard_names()))
    action_name, guard_name = guard.split(".")
    action = spec.actions[action_name]
    parts = tuple(
        replace(p, guards=tuple(g for g in p.guards if g.name != guard_name)) for p in action.parts
    )
    return _with_actions(spec, f"without {guard}", {action_name: replace(action, parts=parts)})


def instead(spec: Spec, name: str, other: Callable[..., Any]) -> Spec:
    """Return the spec with the action `name` replaced by the function `other`, in every part: the
    naive fix.
    """
    action = _action(spec, name)
    part = tracing.trace_action(spec, other, parameters(other, 1))
    naive = replace(action, doc=first_sentence(other), parts=(part,))
    return _with_actions(spec, f"instead {name} {other.__name__}", {name: naive})


def split(spec: Spec, name: str, at: str | None = None) -> Spec:
    """Return the spec with an atomic action made two: assignments from field `at` on come later;
    without a field all of them do, so that the guards are checked long before anything is written.

    The action's first parameter is its process. Half-way, it can only finish or crash, and what it
    was working on is in its memory: a crash forgets that the second half was to come. The second
    half reads the state as it is by then.
    """
    action = _action(spec, name)
    if not action.params or not is_sort(action.params[0].type):
        raise Misuse(
            f"{name} has no process to crash half-way",
            "split an action whose first parameter is one",
        )
    process, *others = action.params
    statements = [u for part in action.parts for u in part.statements]
    first = next((i for i, u in enumerate(statements) if u.field.name == at), 0)
    if at is not None and not first:
        fields = [u.field.name for u in statements[1:]]
        raise Misuse(f"{name} cannot be split at '{at}'", near(at, fields))

    def memory(suffix: str, t: Type, initial: Any, doc: str) -> Field:
        return Field(f"{name}_{suffix}", process.type, t, lift(initial, t), "volatile", doc)  # type: ignore[arg-type]

    half = memory("half", bool, False, f"the process is half-way through {name}")
    kept = {
        p.name: memory(p.name, p.type, *_nothing(p.type), f"the {p.name} of that {name}")
        for p in others
    }
    recalled: dict[str, Expr] = {p: Read(f, process) for p, f in kept.items()}
    begin, end = [], []
    left = first
    for part in action.parts:
        here, left = min(left, len(part.statements)), max(0, left - len(part.statements))
        begin.append(Part(part.params, part.guards, part.statements[:here]))
        later = tuple(_later(u, here, recalled) for u in part.statements[here:])
        end.append(Part((process,), (), later, part.forgets))
    mark = [
        Update(half, process, Const(True, bool)),
        *(Update(kept[p.name], process, p) for p in others),
    ]
    idle = Guard(f"not_half_{name}", Not(Read(half, process)))
    begin.append(Part(action.params, (idle,), tuple(mark)))
    clear = tuple(Update(f, process, f.initial) for f in (half, *kept.values()))
    end.append(Part((process,), (Guard("half_way", Read(half, process)),), clear))
    actions = {
        name: replace(action, parts=tuple(begin)),
        f"{name}_rest": Action(
            f"{name}_rest", f"The second half of {name}.", tuple(end), action.fair
        ),
    }
    for other in spec.actions.values():
        mine = bool(other.params) and other.params[0].type is process.type
        # A crash may come between the halves, and nothing else.
        if other.name != name and mine and not other.fault:
            busy = Guard(idle.name, Not(Read(half, other.params[0])))
            waiting = Part((other.params[0],), (busy,), ())
            actions[other.name] = replace(other, parts=(*other.parts, waiting))
    memories = {f.name: f for f in (half, *kept.values())}
    return _with_actions(spec, f"split {name} {at or ''}".strip(), actions, memories)


def weaken(spec: Spec, name: str, field: str) -> Spec:
    """Return the spec with one write of a durable field no longer synced: a power loss may take it
    back.

    `{field}_synced` is what survives. Every other write of the field is synced in its own step.
    """
    action = _action(spec, name)
    written = {u.field.name: u.field for part in action.parts for u in part.statements}
    durable = [n for n, f in written.items() if f.survival == "durable" and f.over is not None]
    if field not in durable:
        raise Misuse(f"{name} makes no durable write of '{field}'", near(field, durable))
    f = written[field]
    assert f.over is not None
    synced = Field(
        f"{field}_synced", f.over, f.type, f.initial, "durable", f"what survives of {field}"
    )
    actions = {}
    for other in spec.actions.values():
        if other.name != name:
            actions[other.name] = replace(
                other, parts=tuple(_also_synced(p, f, synced) for p in other.parts)
            )
    row = Var(f.over.__name__.lower(), f.over)
    pending = Guard("unsynced", Not(Equal(Read(f, row), Read(synced, row))))
    keep = (Update(synced, row, Read(f, row)),)
    lose = (Update(f, row, Read(synced, row)),)
    actions[f"sync_{field}"] = Action(
        f"sync_{field}", f"The store makes the last write of {field} durable.",
        (Part((row,), (pending,), keep),), "weak",
    )  # fmt: skip
    actions[f"lose_{field}"] = Action(
        f"lose_{field}", f"The power fails and the last write of {field} is gone.",
        (Part((row,), (pending,), lose),), None, True, True,
    )  # fmt: skip
    return _with_actions(spec, f"weaken {name} {field}", actions, {synced.name: synced})


def assume_less(spec: Spec, how: str, name: str) -> Spec:
    """Return the spec with one assumption about fair runs dropped: the action may be left out for
    ever (`unfair`) or wherever it is not possible all the time (`weakly`), or happen for ever
    (`endless`).
    """
    action = _action(spec, name)
    match how:
        case "unfair" if action.fair:
            less = replace(action, fair=None)
        case "weakly" if action.fair == "strong":
            less = replace(action, fair="weak")
        case "endless" if action.finite:
            less = replace(action, finite=False)
        case _:
            able = [text for text in assumptions(spec) if text.startswith(how)]
            raise Misuse(f"'{how} {name}' takes nothing away", near(f"{how} {name}", able))
    return _with_actions(spec, f"{how} {name}", {name: less})


def assumptions(spec: Spec) -> list[str]:
    """Return the edits that each drop one assumption about fair runs, in the order declared."""
    found = []
    for action in spec.actions.values():
        found += [f"unfair {action.name}"] if action.fair else []
        found += [f"weakly {action.name}"] if action.fair == "strong" else []
        found += [f"endless {action.name}"] if action.finite else []
    return found


def find(spec: Spec, text: str) -> Spec:
    """Return the spec edited as `text` says: `action.guard`, `without action.guard`,
    `split action`, `split action field`, `weaken action field`, `unfair action`, `weakly action`,
    `endless action`.
    """
    words = text.split()
    match words:
        case [guard] | ["without", guard]:
            return without(spec, guard)
        case ["split", name]:
            return split(spec, name)
        case ["split", name, at]:
            return split(spec, name, at)
        case ["weaken", name, field]:
            return weaken(spec, name, field)
        case ["unfair" | "weakly" | "endless" as how, name]:
            return assume_less(spec, how, name)
    raise Misuse(
        f"'{text}' is not an edit",
        "write action.guard, 'split action field', 'weaken action field' or 'unfair action'",
    )


def _action(spec: Spec, name: str) -> Action:
    if name not in spec.actions:
        raise Misuse(f"there is no action '{name}'", near(name, spec.actions))
    return spec.actions[name]


def _with_actions(
    spec: Spec, edit: str, actions: dict[str, Action], fields: dict[str, Field] | None = None
) -> Spec:
    for name in fields or {}:
        if name in spec.fields:
            raise Misuse(f"'{name}' is declared twice", "make each edit once")
    return spec.edited(
        edit, actions={**spec.actions, **actions}, fields={**spec.fields, **(fields or {})}
    )


def _nothing(t: Type) -> tuple[Any]:
    """Return what a memory of this type holds when it holds nothing."""
    if is_sort(t):
        return (None,)
    if t is bool:
        return (False,)
    if isinstance(t, Nat):
        return (0,)
    return (getattr(t, next(iter(t.members))),)  # type: ignore[union-attr]  # an enum


def _later(u: Update, first: int, recalled: dict[str, Expr]) -> Update:
    """Return an assignment of the second half: it reads anew, and recalls the parameters."""

    def again(e: Expr) -> Expr:
        if isinstance(e, Read):
            index = None if e.index is None else again(e.index)
            return Read(e.field, index, e.after, max(0, e.version - first))
        return rebuild(e, again)

    index = None if u.index is None else substitute(again(u.index), recalled)
    return Update(u.field, index, substitute(again(u.value), recalled))


def _also_synced(part: Part, f: Field, synced: Field) -> Part:
    """Return the part with each write of `f` made to `synced` as well."""
    extra = tuple(Update(synced, u.index, u.value) for u in part.statements if u.field is f)
    return replace(part, statements=(*part.statements, *extra))
