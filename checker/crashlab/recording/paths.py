"""The workloads: every path of a small scope up to a length, as the checker's own steps lead.

Short workloads, all of them, find what one long script does not. Two paths that write the same rows
of the trace do the same to the disk: one of them is enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checker.conformance.beside_spec import Steps
from checker.crashlab.images.judge import TraceRow, trace_row
from impl.derive.design import Design
from impl.derive.tracing import plain
from spec.language.evaluate import Instance
from spec.language.scope import Place, Scope, State
from spec.language.terms.types import Sort, is_sort, is_timer, phases
from spec.queue import SCOPES

BOUNDS = {"Job": 1, "Worker": 2, "Recoverer": 1}


def crash_scope() -> Scope:
    """Return the scope whose paths are taken: one job, and two workers that get in each other's
    way.
    """
    whole = SCOPES["one-job"]
    return Scope("crash", whole.spec, {**whole.bounds, **BOUNDS}, whole.doc)


@dataclass(frozen=True)
class Workload:
    """A path: steps from the beginning, and what they write into the trace."""

    steps: tuple[Instance, ...]
    trace: tuple[TraceRow, ...]

    def __str__(self) -> str:
        return ", ".join(instance.step.call for instance in self.steps)


def paths(design: Design, steps: Steps, length: int) -> list[Workload]:
    """Return a path for each way to fill the trace by at most so many steps, and none for what
    another one begins with. Workers come in order: their names alone make no difference.
    """
    found: dict[tuple[TraceRow, ...], Workload] = {}
    begun = set()
    level = {(steps.initial, tuple[TraceRow, ...]()): Workload((), ())}
    for _ in range(length):
        following: dict[tuple[State, tuple[TraceRow, ...]], Workload] = {}
        for (state, trace), path in level.items():
            for instance, after in _possible(steps, state, path):
                longer = trace
                if design.transitions[instance.step.action.name].writes:
                    longer = (*trace, written(design, instance, state, after))
                    begun.add(trace)
                reached = Workload((*path.steps, instance), longer)
                found.setdefault(longer, reached)
                following.setdefault((after, longer), reached)
        level = following
    return [path for trace, path in found.items() if trace not in begun]


def _possible(steps: Steps, state: State, path: Workload) -> Iterator[tuple[Instance, State]]:
    met = {element for instance in path.steps for element in _elements(instance)}
    for instance in steps.every:
        new = set(_elements(instance)) - met
        in_order = all(n == 0 or (sort, n - 1) in met for sort, n in new)
        if in_order and instance.refusal(state) is None:
            yield instance, instance.after(state)


def _elements(instance: Instance) -> Iterator[tuple[type[Sort], int]]:
    for p in instance.step.action.params:
        if is_sort(p.type):
            yield p.type, int(instance.step.binding[p.name] or 0)


def _places(design: Design, instance: Instance, state: State) -> Iterator[Place]:
    return (design.scope.places[write.position(state)] for write in instance.writes)


def written(design: Design, instance: Instance, state: State, after: State) -> TraceRow:
    """Return the row of the trace that the spec wants for a step: every place that it changes and
    that a store or a process knows of; and before it, which timers of its row were over.
    """
    sides: tuple[dict[str, object], dict[str, object]] = ({}, {})
    for place, *values in zip(design.scope.places, state, after, strict=True):
        if place.field.kept and values[0] != values[1]:
            for side, value in zip(sides, values, strict=True):
                side[place.name] = plain(place.field.type, value)
    rows = {at.element for at in _places(design, instance, state) if at.field.survival == "durable"}
    for place, value in zip(design.scope.places, state, strict=True):
        timer = place.field.type
        if is_timer(timer) and place.element in rows and value == phases(timer)[2]:
            sides[0][place.name] = value
    name = instance.step.action.name
    given = design.transitions[name].named(instance.step.binding)
    return trace_row(name, given, *sides)
