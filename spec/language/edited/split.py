"""An action made two, by the process that acts: `split` writes later, `stale` looks before.

In between others take their steps, and the process can only finish or crash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import and_
from typing import Any

from spec.language.declared.model import Action, Field, Guard, Part, Spec, Update
from spec.language.misuse import Misuse, near
from spec.language.reads import kind_of, remembering
from spec.language.terms.expr import Const, Expr, Not, Read, Var, lift
from spec.language.terms.tree import rebuild, substitute
from spec.language.terms.types import Nat, Type, is_sort


def split(spec: Spec, name: str, at: str | None = None) -> Spec:
    """Return the spec with an atomic action made two: assignments from field `at` on come later;
    without a field all of them do, so that the guards are checked long before anything is written.

    The process that acts is the parameter whose memory the action reads or writes. Half-way, it can
    only finish or crash, and what it was working on is in its memory: a crash forgets that the
    second half was to come. An action that names no process is anybody's: two of them may be
    half-way through it at once, and each finishes at any time or never; of one with more parameters
    one for each value of the first. The second half reads the state as it is by then. Raises
    `Misuse` if the action has the memory of two processes.
    """
    half, actions = _halves(spec, name, at)
    return with_actions(spec, f"split {name} {at or ''}".strip(), actions, half.fields)


def stale(spec: Spec, guard: str) -> Spec:
    """Return the spec with an action made two, a look and a write: both ask its guards, but for the
    one named `action.guard`, which the write does not ask again.

    A write that is refused takes the process back to where it was. Guards of the process's own
    memory are asked once, for nobody else changes that: raises `Misuse` for one of those, and for
    time, which does not look.
    """
    if guard not in spec.guard_names():
        raise Misuse(f"there is no guard '{guard}'", near(guard, spec.guard_names()))
    name, asked = guard.split(".")
    action = action_named(spec, name)
    if action.elapses is not None:
        raise Misuse(f"{name} is a timer running out, which looks at nothing", "name another step")
    seen = [g for g in action.guards if kind_of(spec, action, g.condition) != "memory"]
    if asked not in [g.name for g in seen]:
        fact = f"{guard} reads nothing but the memory of who acts, which nobody else changes"
        others = [f"{name}.{g.name}" for g in seen]
        raise Misuse(fact, near(guard, others) if others else "name a step that reads a row")
    rest, refused = f"{name}_rest", f"{name}_refused"
    if any(edit.startswith(f"stale {name}.") for edit in spec.edits):
        actions, fields = {rest: spec.actions[rest]}, {}
    else:
        half, actions = _halves(spec, name, None)
        fields = half.fields
        again = tuple(replace(g, condition=substitute(g.condition, half.recalled)) for g in seen)
        asks = Part(() if half.key is None else (half.key,), again, ())
        actions[rest] = replace(actions[rest], parts=(asks, *actions[rest].parts))
    asks, *writes = actions[rest].parts
    asks = replace(asks, guards=tuple(g for g in asks.guards if g.name != asked))
    actions[rest] = replace(actions[rest], parts=(asks, *writes))
    made = with_actions(spec, f"stale {guard}", actions, fields)
    made.actions.pop(refused, None)
    if asks.guards:
        made.actions[refused] = _refused(refused, name, asks, writes[-1])
    return made


def _refused(name: str, of: str, asks: Part, ends: Part) -> Action:
    """Return what a process does whose second half is refused: it forgets the first."""
    holds = reduce(and_, (g.condition for g in asks.guards))
    refused = Part(asks.params, (Guard("refused", Not(holds)),), ())
    return Action(
        name, f"The write of {of} is refused: nothing has happened.", (refused, ends), "weak"
    )


def _halves(spec: Spec, name: str, at: str | None) -> tuple[_Half, dict[str, Action]]:
    """Return the two halves of an action, and the others that wait for the second."""
    action = action_named(spec, name)
    half = _half(spec, action, _process(spec, action))
    statements = [u for part in action.parts for u in part.statements]
    first = next((i for i, u in enumerate(statements) if u.field.name == at), 0)
    if at is not None and not first:
        fields = [u.field.name for u in statements[1:]]
        raise Misuse(f"{name} cannot be split at '{at}'", near(at, fields))
    own = () if half.key is None else (half.key,)
    begin, end = [], []
    left = first
    for part in action.parts:
        here, left = min(left, len(part.statements)), max(0, left - len(part.statements))
        begin.append(Part(part.params, part.guards, part.statements[:here]))
        later = tuple(_later(u, here, half.recalled) for u in part.statements[here:])
        forgets, erases = (
            tuple(_again(e, here, half.recalled) for e in several)
            for several in (part.forgets, part.erases)
        )
        end.append(Part(own, (), later, forgets, erases))
    begin.append(Part(action.params, (half.free.pop(name),), half.mark))
    end.append(Part(own, (Guard("half_way", half.begun),), half.clear))
    doc = f"The second half of {name}."
    actions = {
        name: replace(action, parts=tuple(begin)),
        f"{name}_rest": Action(f"{name}_rest", doc, tuple(end), action.fair, loose=action.loose),
    }
    for other, guard in half.free.items():
        a = spec.actions[other]
        actions[other] = replace(a, parts=(*a.parts, Part(a.params, (guard,), ())))
    return half, actions


@dataclass(frozen=True)
class _Half:
    """What is known of an action that is half done, kept for `key`: how it is marked and cleared,
    which parameters are recalled, and for which actions it matters that it is not.
    """

    key: Var | None
    fields: dict[str, Field]
    recalled: dict[str, Expr]
    begun: Expr
    mark: tuple[Update, ...]
    clear: tuple[Update, ...]
    free: dict[str, Guard]


def _half(spec: Spec, action: Action, process: Var | None) -> _Half:
    name = action.name
    key = process if process is not None else next(iter(action.params), None)

    def memory(suffix: str, t: Type, initial: Any, doc: str) -> Field:
        over = None if key is None else key.type
        return Field(f"{name}_{suffix}", over, t, lift(initial, t), "volatile", doc)  # type: ignore[arg-type]

    if process is None and len(action.params) < 2:
        count = memory("half", Nat(2), 0, f"how many are half-way through {name}")
        now = Read(count, key)
        mark, clear = (Update(count, key, now + 1),), (Update(count, key, now - 1),)
        few = Guard(f"few_half_{name}", now < 2)
        return _Half(key, {count.name: count}, {}, now > 0, mark, clear, {name: few})
    who = "somebody" if process is None else "the process"
    half = memory("half", bool, False, f"{who} is half-way through {name}")
    kept = {
        p.name: memory(p.name, p.type, *_nothing(p.type), f"the {p.name} of that {name}")
        for p in action.params
        if p is not key
    }
    return _Half(
        key,
        {f.name: f for f in (half, *kept.values())},
        {p: Read(f, key) for p, f in kept.items()},
        Read(half, key),
        (
            Update(half, key, Const(True, bool)),
            *(Update(kept[p.name], key, p) for p in action.params if p is not key),
        ),
        tuple(Update(f, key, f.initial) for f in (half, *kept.values())),
        {name: Guard(f"not_half_{name}", Not(Read(half, key)))}
        if process is None
        else _not_half(spec, name, half, process),
    )


def _not_half(spec: Spec, name: str, half: Field, process: Var) -> dict[str, Guard]:
    """Return, for each action of such a process, that none is half-way through another one: a crash
    may come between the halves, and nothing else.
    """
    found: dict[str, Guard] = {}
    for action in spec.actions.values():
        mine = [p for p in _processes(spec, action) if p.type is process.type]
        if mine and (action.name == name or not action.fault):
            free = reduce(and_, (Not(Read(half, p)) for p in mine))
            found[action.name] = Guard(f"not_half_{name}", free)
    return found


def _process(spec: Spec, action: Action) -> Var | None:
    """Return the parameter that names the process that acts; none if anybody may."""
    match _processes(spec, action):
        case [process]:
            return process
        case [one, other, *_]:
            raise Misuse(
                f"{action.name} has the memory of two processes, {one.name} and {other.name}",
                "split an action of one process",
            )
    return None


def _processes(spec: Spec, action: Action) -> list[Var]:
    """Return the parameters whose memory the action reads or writes: those of a sort that has a
    memory and, unless a crash takes it, no rows in the store.
    """
    return [p for p in remembering(spec, action) if _may_crash(spec, p.type)]


def _may_crash(spec: Spec, sort: Type) -> bool:
    stored = any(f.over is sort for f in spec.fields.values() if f.survival == "durable")
    parts = (part for action in spec.actions.values() for part in action.parts)
    return not stored or any(p.type is sort for part in parts for p in part.forgets)


def action_named(spec: Spec, name: str) -> Action:
    """Return the action of this name; raises `Misuse` if there is none."""
    if name not in spec.actions:
        raise Misuse(f"there is no action '{name}'", near(name, spec.actions))
    return spec.actions[name]


def with_actions(
    spec: Spec, edit: str, actions: dict[str, Action], fields: dict[str, Field] | None = None
) -> Spec:
    """Return the spec with these actions, and fields if it takes any, and the edit on record."""
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
    """Return an assignment of the second half."""
    index = None if u.index is None else _again(u.index, first, recalled)
    return Update(u.field, index, _again(u.value, first, recalled))


def _again(e: Expr, first: int, recalled: dict[str, Expr]) -> Expr:
    """Return what the second half says: it reads anew, and recalls the parameters."""

    def anew(e: Expr) -> Expr:
        if isinstance(e, Read):
            index = None if e.index is None else anew(e.index)
            return Read(e.field, index, e.after, max(0, e.version - first))
        return rebuild(e, anew)

    return substitute(anew(e), recalled)
