"""One step: a transition with its parameters, and what is asked and told beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from impl.derive.design import Design
from impl.derive.fused import Fused
from impl.derive.statements import Statement
from impl.derive.transition import Transition
from impl.terms.outcomes import Done, Refused, Values
from spec.language.scope import State, Value
from spec.language.terms.expr import Var
from spec.language.terms.types import is_timer, phases


@dataclass(frozen=True)
class Chosen:
    """The row of a step is the first one of a query with these values, which is that of all in
    `line`, a query from FROM on, that nobody else is about to take. `wanted`, as SQL: what it is to
    say of itself beside what the step changes.
    """

    query: str
    line: str
    values: Mapping[str, Any]
    wanted: str


@dataclass(frozen=True)
class Beside:
    """What the spec does not speak of: what a row carries that is put in, and which one it is."""

    carried: Mapping[str, Any] = field(default_factory=dict)
    chosen: Chosen | None = None


NOTHING = Beside()


@dataclass(frozen=True)
class Time:
    """What the clock says when a step is taken, and how long each timer lasts that it starts, in
    ms; `STILL` stands, so that a timer runs out by a step alone.
    """

    now: int
    lasts: Mapping[str, int]


STILL = Time(0, defaultdict(lambda: 1))


@dataclass(frozen=True)
class Step:
    """A transition with its parameters, in a row with these constants. `known`: they, what the
    process remembers, and what the world says to it; `seen`: what it sees before it reads the row.
    """

    transition: Transition
    params: Values
    known: Values
    constants: Mapping[str, int]
    seen: State
    beside: Beside
    time: Time

    def timed(self) -> dict[str, int]:
        """Return what the statement's names of moments stand for."""
        lasts = {f"{name}_ms": self.time.lasts[name] for name in self.transition.starts}
        return {"now": self.time.now, **lasts}

    def bound(self) -> dict[str, Any]:
        """Return what the statement's names stand for."""
        t, beside = self.transition, self.beside
        bound = {**t.local.bound(self.seen), **self.constants, **self.timed()}
        if t.table is not None and t.table.carried:
            bound |= dict.fromkeys(c.name for c in t.table.carried) | dict(beside.carried)
        return bound if beside.chosen is None else {**bound, **beside.chosen.values}

    def statement(self) -> Statement:
        """Return the statement that takes it; there must be one."""
        chosen = self.beside.chosen
        if chosen is not None:
            return _of_chosen(self.transition, chosen.query, chosen.wanted)
        assert self.transition.statement is not None
        return self.transition.statement


@lru_cache(maxsize=64)
def _of_chosen(t: Transition, query: str, wanted: str) -> Statement:
    assert t.statement is not None and t.statement.form == "update"
    return replace(t.statement, key=f"(\n{query}\n)", wanted=wanted)


def step_of(
    design: Design,
    action: str,
    params: Values,
    memory: Values,
    constants: Mapping[str, int] | None = None,
    world: Values | None = None,
    beside: Beside = NOTHING,
    time: Time = STILL,
) -> Step:
    """Return a step; a row that it inserts has these constants, or those of the scope. Raises
    `KeyError` if it asks the world what is not told here, or a timer is started and nobody says for
    how long.
    """
    t = design.transitions[action]
    if beside.chosen is not None:
        assert isinstance(t.seen.key, Var)
        params = {**params, t.seen.key.name: None}
    chosen = {**design.constants, **constants} if constants else design.constants
    known = {**params, **memory, **world} if world else {**params, **memory}
    return Step(t, params, known, chosen, t.local.state(known), beside, time)


def in_turn(
    design: Design, whole: Fused, params: Values, memory: Values, time: Time
) -> list[Step] | None:
    """Return steps of one process, each with what it remembers by then, or None if one of them is
    refused without the store being asked.
    """
    steps = []
    for t in whole.transitions:
        step = step_of(design, t.action.name, params, memory, time=time)
        seen = step.seen
        if any(reference(seen, seen) is None for reference in t.references):
            return None
        if not all(holds(seen, seen) for holds in t.asked):
            return None
        steps.append(step)
        memory = {**memory, **{name: v for name, (_, v) in t.remembered(seen).items()}}
    return steps


def without_store(step: Step) -> Done | Refused | None:
    """Return what comes of a step that needs no row, or that follows no reference, else None."""
    t, seen = step.transition, step.seen
    if t.references and any(reference(seen, seen) is None for reference in t.references):
        return Refused("reference")
    if t.statement is None:
        guard = t.refused(seen)
        return Done({}, t.remembered(seen)) if guard is None else Refused(guard)
    return None


def over(t: Transition, row: Values) -> dict[str, Value]:
    """Return the timers of a row that a step has found to be over."""
    timers = () if t.table is None else t.table.timers
    return {
        f.name: row[f.name]
        for f in timers
        if is_timer(f.type) and row.get(f.name) == phases(f.type)[2]
    }
