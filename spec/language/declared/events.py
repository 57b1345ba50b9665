"""Events: what happens in steps of several modules, such as that a job dies, and what goes with it.

One module declares an event, and steps of any module raise it, under a condition. Another module
hooks on it: its assignments become a part of each action that raises the event, made only if the
condition holds. So no action has to know who hooks, and no hook which actions there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from spec.language.declared import tracing
from spec.language.declared.actions import Part, Update
from spec.language.declared.parts import joined
from spec.language.declared.signature import first_sentence, parameters
from spec.language.misuse import Misuse, near
from spec.language.terms.expr import Expr, Ite, Read, Var
from spec.language.terms.tree import folded, substitute

if TYPE_CHECKING:
    from spec.language.declared.model import Action, Spec


@dataclass(frozen=True, eq=False)
class Event:
    """Something that a step can bring about; calling it in an action raises it."""

    name: str
    doc: str
    params: tuple[Var, ...]

    def __call__(self, s: Any, *about: Any, when: Any = None) -> None:
        """Say that the step brings it about for these elements, if the condition holds or there is
        none; raises `Misuse` outside an action, or where the spec does not have the event.
        """
        tracing.raises(self, s, about, when)


@dataclass(frozen=True, eq=False)
class Raised:
    """That an action raises an event: for whom and when, of the state before the step; always, if
    `when` is none.
    """

    event: Event
    params: tuple[Var, ...]
    about: tuple[Expr, ...]
    when: Expr | None


@dataclass(frozen=True, eq=False)
class Hook:
    """What a module does when an event is raised."""

    event: Event
    name: str
    doc: str
    statements: tuple[Update, ...]


Hooks = Mapping[str, tuple[Hook, ...]]
"""The hooks of a spec by event, in the order of the modules."""


def declared(spec: Spec, function: Callable[..., Any]) -> Event:
    """Return the event that a function names, which does nothing itself."""
    name, params = function.__name__, parameters(function, 1)
    part = tracing.trace_action(spec, function, params)
    if part != Part(params, (), ()):
        raise Misuse(f"the event {name} does something itself", "let a module hook on it")
    return Event(name, first_sentence(function), params)


def hooked(spec: Spec, event: Event, function: Callable[..., Any]) -> Hook:
    """Return what a function does when the event is raised."""
    name, known = function.__name__, getattr(event, "name", "")
    if spec.events.get(known) is not event:
        raise Misuse(f"no event '{known or event}' to hook on", near(known, spec.events))
    params = parameters(function, 1)
    if [(p.name, p.type) for p in params] != [(p.name, p.type) for p in event.params]:
        wanted = ", ".join(["s", *(f"{p.name}: {p.type.__name__}" for p in event.params)])  # type: ignore[union-attr]
        raise Misuse(
            f"{name} does not have the parameters of {event.name}", f"write {name}({wanted})"
        )
    part = tracing.trace_action(spec, function, params)
    if part.guards:
        raise Misuse(f"{name} has a guard", f"guard the actions that raise {event.name}")
    if not part.statements or part.cleared or part.raises:
        raise Misuse(
            f"{name} does more or less than to assign", "assign fields; leave the rest to actions"
        )
    return Hook(event, name, first_sentence(function), part.statements)


def merged(mine: Hooks, other: Hooks) -> dict[str, tuple[Hook, ...]]:
    """Return the hooks of two specs, each once."""
    found = dict(mine)
    for name, hooks in other.items():
        known = found.get(name, ())
        found[name] = (*known, *(h for h in hooks if h not in known))
    return found


def expanded(action: Action, hooks: Hooks) -> Action:
    """Return the action with a part for each hook on each event that it raises."""
    for part in action.parts:
        for raised in part.raises:
            for hook in hooks.get(raised.event.name, ()):
                if not any(p.origin == (raised, hook) for p in action.parts):
                    action = joined(action, replace(action, parts=(_part(raised, hook),)))
    return action


@cache
def _part(raised: Raised, hook: Hook) -> Part:
    """Return what a hook adds to the action; to that of each spec the same."""
    values = dict(zip((p.name for p in hook.event.params), raised.about, strict=True))
    statements = []
    for u in hook.statements:
        index = None if u.index is None else substitute(u.index, values)
        value = folded(substitute(u.value, values))
        if raised.when is not None:
            value = Ite(raised.when, value, Read(u.field, index))
        statements.append(Update(u.field, index, value))
    return Part(raised.params, (), tuple(statements), origin=(raised, hook))
