"""State diagrams in Mermaid: the arrows taken in a small scope, not those that somebody drew."""

from __future__ import annotations

from dataclasses import replace

from checker.docs.model.spec_index import Index
from checker.runs.exploration import Limits
from checker.search.compiled.graph import build
from spec.language.declared.model import Field
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope
from spec.language.terms.types import is_enum, is_sort

# Words that a diagram would take for its own.
_RESERVED = {
    "end",
    "state",
    "note",
    "class",
    "default",
    "direction",
    "style",
    "fork",
    "join",
    "choice",
}

Arrows = dict[tuple[str, str], list[str]]
"""From one value of a field to another: the actions that lead there."""


def one_of_each(scope: Scope) -> Scope:
    """Return the scope with one of each sort, and with budgets that leave one attempt to fail."""
    constants = scope.spec.constants
    bounds = {n: constants[n].least + 1 if n in constants else 1 for n in scope.bounds}
    return replace(scope, bounds=bounds)


class Taken:
    """Every step that is taken in a scope, found once and asked for each diagram."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.initial = Evaluator(scope).initial()
        graph = build(scope, (), Limits(), threads=1)
        if isinstance(graph, str):
            raise ValueError(f"scope {scope.name} is too large to draw: {graph}")
        self._graph = graph

    def arrows(self, f: Field) -> Arrows:
        """Return how the field changes, and by which actions, in the order declared."""
        found: dict[tuple[str, str], set[str]] = {}
        for before, after, action in self._graph.changes(f):
            found.setdefault((self.word(f, before), self.word(f, after)), set()).add(action)
        order = list(self.scope.spec.actions)
        values = self.values(f)
        keys = sorted(found, key=lambda k: (values.index(k[0]), values.index(k[1])))
        return {key: sorted(found[key], key=order.index) for key in keys}

    def values(self, f: Field) -> list[str]:
        """Return the few values that a field may have, as words; none, if they are not few."""
        if is_enum(f.type):
            return list(self.scope.spec.members(f.type))
        if f.type is bool:
            return ["false", "true"]
        return ["none", f.type.__name__.lower()] if is_sort(f.type) else []

    def word(self, f: Field, value: object) -> str:
        """Return a value as one of these words."""
        if f.type is bool:
            return "true" if value else "false"
        if is_sort(f.type):
            return self.values(f)[value is not None]
        return str(value)


def diagram(index: Index, taken: Taken, name: str) -> str:
    """Return the life of one field as a Mermaid diagram."""
    f = index.fields.get(name)
    if f is None:
        raise ValueError(f"no field '{name}'; write one of: {', '.join(index.fields)}")
    if name not in taken.scope.spec.fields:
        raise ValueError(
            f"'{name}' is in no module of scope {taken.scope.name}; name another field"
        )
    if not taken.values(f):
        raise ValueError(
            f"'{name}' has no few values to draw; name a field that is an enum or a reference"
        )
    arrows = taken.arrows(f)
    start = taken.scope.places
    first = next(i for i, place in enumerate(start) if place.field.name == name)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{v}" as {_id(v)}' for v in taken.values(f) if _id(v) != v]
    lines.append(f"    [*] --> {_id(taken.word(f, taken.initial[first]))}")
    lines += [f"    {_id(a)} --> {_id(b)}: {', '.join(names)}" for (a, b), names in arrows.items()]
    entered = {b for _, b in arrows}
    left = {a for a, _ in arrows}
    lines += [f"    {_id(v)} --> [*]" for v in taken.values(f) if v in entered - left]
    return "\n".join([*lines, "```"])


def _id(value: str) -> str:
    return f"{value}_" if value in _RESERVED else value
