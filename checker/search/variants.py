"""One spec in which many edits are made and none is in force: which are, is switched run by run.

A naive step and an action made two stand beside the action that they are made of; of these ways to
take it, one is open at a time. An edited spec takes seconds to compile, and a switch costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from checker.runs.walk import Walk, follow
from spec.failures.edits import Edits
from spec.language.declared.model import Action, Guard, Part, Spec
from spec.language.edited.split import split, stale
from spec.language.evaluate import Evaluator, Step
from spec.language.scope import Scope
from spec.language.terms.expr import Const

SHUT = "switched_on"
"""The guard of each way to take an action: never true, so that the way is open only without it."""


class Unswitchable(Exception):
    """The edit cannot be made here, or not together with the others."""


@dataclass(frozen=True)
class Switched:
    """A scope with every edit in it; `ways` are, by action, the edits that replace it."""

    healthy: Scope
    scope: Scope
    ways: dict[str, dict[str, str]]

    def off(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Return the guards to remove so that just these edits are in force; raises
        `Unswitchable`.
        """
        open_ways = {action: action for action in self.ways}
        for text in texts:
            for action, named in self.ways.items():
                if text in named:
                    if open_ways[action] != action:
                        raise Unswitchable(f"{action} is replaced already")
                    open_ways[action] = named[text]
        removed = [f"{way}.{SHUT}" for way in open_ways.values()]
        known = self.scope.spec.guard_names()
        for text in texts:
            if " " not in text:
                action, _, guard = text.partition(".")
                removed.append(f"{open_ways.get(action, action)}.{guard}")
            elif not any(text in named for named in self.ways.values()):
                raise Unswitchable(f"'{text}' is not among the switches")
        for guard in removed:
            if guard not in known:
                raise Unswitchable(f"{guard} is not there")
        return tuple(removed)

    def edited(self, texts: Sequence[str]) -> Scope:
        """Return the scope with just these edits made."""
        return Edits(texts).on(self.healthy)

    def walk(self, walk: Walk, texts: Sequence[str]) -> Walk:
        """Return the run as one of the spec with these edits made."""
        whole, names = self.edited(texts), self.names
        steps = (
            Step(whole.spec.actions[names.get(step.action.name, step.action.name)], step.binding)
            for step in walk.steps
        )
        found = follow(Evaluator(whole), steps)
        assert found.refused is None, (
            f"step {len(found.taken) + 1} is refused by {found.refused} once the edits are made"
        )
        return found.walk

    @property
    def names(self) -> dict[str, str]:
        """The action that each way is one to take, and each part of a way a part of."""
        found: dict[str, str] = {}
        for action, named in self.ways.items():
            for way in named.values():
                found |= {f"{way}{part}": f"{action}{part}" for part in ("", "_rest", "_refused")}
        return found


def switchable(scope: Scope, text: str) -> bool:
    """Return whether the edit can be made in this scope, and be switched."""
    if " " not in text:
        return text in scope.spec.guard_names()
    if text.split()[0] not in ("instead", "split", "stale"):
        return False
    return Edits((text,)).refused(scope.spec) is None


def switched(scope: Scope, texts: Iterable[str]) -> Switched:
    """Return the scope with all these edits made and none in force; guards need no preparation."""
    spec, ways = scope.spec, dict[str, dict[str, str]]()
    # Naive steps first: whoever is half-way through a split action takes none of them.
    for text in sorted(set(texts)):
        match text.split():
            case ["instead", name, *_]:
                way = _way(ways, name, text)
                naive = Edits((text,)).made(scope.spec).actions[name]
                spec = _with(spec, {way: replace(naive, name=way)})
    for text in sorted(set(texts)):
        match text.split():
            case ["split", name, *at]:
                way = _way(ways, name, text)
                spec = _with(spec, {way: replace(spec.actions[name], name=way)})
                spec = split(spec, way, *at)
            case ["stale", guard]:
                name, _, asked = guard.partition(".")
                way = _way(ways, name, text)
                spec = _with(spec, {way: replace(spec.actions[name], name=way)})
                spec = stale(spec, f"{way}.{asked}")
    doors = [way for name, named in ways.items() for way in (name, *named.values())]
    spec = _with(spec, {way: _shut(spec.actions[way]) for way in doors})
    return Switched(scope, scope.on(spec), ways)


def _way(ways: dict[str, dict[str, str]], action: str, text: str) -> str:
    named = ways.setdefault(action, {})
    named[text] = f"{action}_{len(named) + 1}"
    return named[text]


def _shut(action: Action) -> Action:
    never = Part((), (Guard(SHUT, Const(False, bool)),), ())
    return replace(action, parts=(*action.parts, never))


def _with(spec: Spec, actions: dict[str, Action]) -> Spec:
    return spec.edited("switched", actions={**spec.actions, **actions})
