"""An action, ready to be taken: one row of the store, and the memory of one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from impl.derive.statements import Statement
from impl.derive.tables import Table
from impl.derive.tracing import as_json, plain
from impl.derive.view import Local, View
from impl.terms.outcomes import Change, CheckFailed
from spec.language.declared.model import Action, Field
from spec.language.evaluate import Meaning
from spec.language.scope import State, Value, element_name
from spec.language.terms.expr import Var
from spec.language.terms.types import Sort, is_sort


@dataclass(frozen=True)
class Guard:
    """A condition on memory alone, which the process checks itself, or one that SQL checks."""

    name: str
    in_memory: Meaning | None


@dataclass(frozen=True)
class Remember:
    """What a field of the process's memory becomes, once the step is committed; `at` is its place
    in what the action sees.
    """

    field: Field
    value: Meaning
    limit: int | None
    at: int


@dataclass(frozen=True)
class Element:
    """A parameter that is an element."""

    name: str
    sort: type[Sort]

    def element(self, v: Value) -> str:
        """Return what traces call it."""
        return element_name(self.sort, v)


@dataclass(frozen=True, eq=False)
class Transition:
    """An action, ready to be taken: what the process checks, what the store does, what is
    remembered.

    `verdicts` asks for each guard that SQL checks. `reads`: what of the store before the step the
    process will remember something of; `told`: what the triggers of the table say of it. An action
    that touches only memory has no SQL at all. `starts`: the timers of which whoever takes the step
    says how long they last.
    """

    action: Action
    seen: View
    local: Local
    table: Table | None
    references: tuple[Meaning, ...]
    guards: tuple[Guard, ...]
    remembers: tuple[Remember, ...]
    statement: Statement | None = None
    verdicts: str = ""
    reads: tuple[Field, ...] = ()
    told: tuple[Field, ...] = ()
    starts: tuple[str, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether something durable changes."""
        return self.statement is not None and self.statement.form != "select"

    @cached_property
    def as_json(self) -> dict[str, Callable[[Value], str]]:
        """What writes each value that the action sees as JSON, by the name of its place."""
        return {name: as_json(f.type) for name, f in self.local.fields.items()}

    @property
    def params(self) -> tuple[Var, ...]:
        """The parameters of the action."""
        return self.action.params

    @cached_property
    def asked(self) -> tuple[Meaning, ...]:
        """What the process checks itself before the store is asked: guards on its memory."""
        return tuple(g.in_memory for g in self.guards if g.in_memory is not None)

    def refused(self, seen: State, answers: Sequence[Any] = ()) -> str | None:
        """Return the first guard that is false, with what the store `answers` of those that it is
        asked; None if all hold.
        """
        told = iter(answers)
        for g in self.guards:
            if not (next(told) if g.in_memory is None else g.in_memory(seen, seen)):
                return g.name
        return None

    @cached_property
    def process(self) -> Element | None:
        """The parameter that is the process whose memory it is."""
        return _element(self.seen.process)

    @cached_property
    def actor(self) -> Element | None:
        """The first parameter, if it is an element: who takes the step."""
        return _element(self.action.params[0] if self.action.params else None)

    def named(self, params: Mapping[str, Value]) -> dict[str, Value]:
        """Return the parameters as the trace holds them."""
        return {p.name: plain(p.type, params[p.name]) for p in self.action.params}

    def remembered(self, seen: State) -> dict[str, Change]:
        """Return what the process has to remember of a step of which this is known and seen, before
        and after, or raise `CheckFailed` if it is out of range.
        """
        changes = {}
        for r in self.remembers:
            after = r.value(seen, seen)
            if r.limit is not None and not 0 <= int(after) <= r.limit:
                raise CheckFailed(f"range_{r.field.name}", f"{r.field.name} = {after}")
            changes[r.field.name] = seen[r.at], after
        return changes


def _element(p: Var | None) -> Element | None:
    return Element(p.name, p.type) if p is not None and is_sort(p.type) else None
