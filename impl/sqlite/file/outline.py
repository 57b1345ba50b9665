"""What a file says of the spec it was made for, so that a later ffq can say what differs.

The outline has names, types and initial values, not what guards and updates say: that is for the
hash of the spec alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files

from impl.derive.design import Design
from impl.derive.tracing import plain
from spec.language.declared.model import Action, Field
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope
from spec.language.terms.types import Nat, is_enum, is_timer, type_name

Kind = str | int | list[str]
"""The type of a field: the largest number, the members of an enum, or how messages name it."""

_VERSION_2 = "38563507c6881d02a481c841cbe44f79"
"""The spec of files that have no outline yet."""


@dataclass(frozen=True)
class Told:
    """A field as the outline tells it: its sort (None for a single value), how it survives, its
    type, the value it begins with, and whether it is a timer, which the store has as a moment.
    """

    over: str | None
    survival: str
    type: Kind
    initial: bool | int | str | None
    timer: bool = False

    def like(self, other: Told) -> bool:
        """Return whether a value of the one may be one of the other."""
        if isinstance(self.type, str) or isinstance(other.type, str):
            return self.type == other.type
        return type(self.type) is type(other.type)


@dataclass(frozen=True)
class Step:
    """An action as the outline tells it: its parameters with their types, and its guards."""

    params: dict[str, str]
    guards: list[str]


@dataclass(frozen=True)
class Outline:
    """The fields of a spec, its actions, and its constants, by name."""

    fields: Mapping[str, Told]
    actions: Mapping[str, Step]
    constants: Mapping[str, int]

    def durable(self) -> dict[str, Told]:
        """Return the fields that are in the store."""
        return {name: f for name, f in self.fields.items() if f.survival == "durable"}

    def text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self))


def outline(design: Design) -> Outline:
    """Return the outline of a design's spec."""
    spec, evaluator = design.scope.spec, Evaluator(design.scope)

    def told(f: Field) -> Told:
        initial = plain(f.type, evaluator.meaning(f.initial, {})((), ()))
        over = None if f.over is None else f.over.__name__
        return Told(over, f.survival, _kind(design.scope, f), initial, is_timer(f.type))

    return Outline(
        {f.name: told(f) for f in spec.fields.values()},
        {a.name: _step(a) for a in spec.actions.values()},
        {name: design.scope.bounds[name] for name in spec.constants},
    )


@lru_cache(maxsize=16)
def says(design: Design) -> Mapping[str, str]:
    """Return what the `meta` of a file says of its spec."""
    return {**design.identity, "outline": outline(design).text()}


def _kind(scope: Scope, f: Field) -> Kind:
    if isinstance(f.type, Nat):
        return scope.limit(f.type)
    if is_enum(f.type):
        return list(scope.spec.members(f.type))
    return type_name(f.type)


def _step(a: Action) -> Step:
    return Step({p.name: type_name(p.type) for p in a.params}, [g.name for g in a.guards])


# ---------------------------------------------------------------- what a file says
def read(meta: Mapping[str, str]) -> Outline | None:
    """Return the outline that a file's `meta` holds, or None if it cannot be read."""
    text = meta.get("outline")
    if text is None and meta.get("spec") == _VERSION_2:
        text = (files("impl.sqlite.file") / "outline_of_version_2.json").read_text(encoding="utf-8")
    try:
        match json.loads(text or ""):
            case {"fields": dict(fields), "actions": dict(actions), "constants": dict(constants)}:
                return Outline(
                    {name: Told(**f) for name, f in fields.items()},
                    {name: Step(**a) for name, a in actions.items()},
                    constants,
                )
    except (ValueError, TypeError, RecursionError):
        pass
    return None


# ---------------------------------------------------------------- what differs
def differences(old: Outline, new: Outline, renamed: Mapping[str, str]) -> Iterator[str]:
    """Yield in plain words how a spec differs from the one before it; `renamed` says how an action
    of the old one is called now.
    """
    yield from _fields(old.durable(), new.durable())
    before = {renamed.get(name, name): (name, a) for name, a in old.actions.items()}
    for now, (was, a) in before.items():
        b = new.actions.get(now)
        if b is None:
            yield f"action {was} is gone"
            continue
        if was != now:
            yield f"action {was} is called {now}"
        if a.params != b.params:
            yield f"action {now} has other parameters"
        yield from (f"action {now} loses its guard {g}" for g in a.guards if g not in b.guards)
        yield from (f"action {now} has a new guard, {g}" for g in b.guards if g not in a.guards)
    yield from (f"action {name} is new" for name in new.actions if name not in before)
    for name, most in new.constants.items():
        if old.constants.get(name) != most:
            yield f"{name} is {most}, and was {old.constants.get(name, 'not there')}"


def _fields(old: Mapping[str, Told], new: Mapping[str, Told]) -> Iterator[str]:
    for name, f in new.items():
        was = old.get(name)
        if was is None or was.over != f.over:
            yield f"field {name} is new, and begins as {json.dumps(f.initial)}"
            continue
        if was.initial != f.initial:
            yield f"field {name} begins as {json.dumps(f.initial)}"
        match was.type, f.type:
            case (list(before), list(now)):
                yield from (f"field {name} can be {m}" for m in now if m not in before)
                yield from (f"field {name} cannot be {m}" for m in before if m not in now)
            case (int(before), int(now)) if before != now:
                yield f"field {name} goes up to {now}, and went up to {before}"
            case (before, now) if before != now:
                yield f"field {name} has another type"
    for name, f in old.items():
        if name not in new or new[name].over != f.over:
            yield f"field {name} is gone: what it held is in the backup alone"
