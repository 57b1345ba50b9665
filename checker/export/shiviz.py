"""A run as a log for ShiViz: each event with a vector clock, so that it draws who knew of what.

A step knows of every step that wrote what it reads, and of what those knew. Reading is meant as the
spec means it: the guards and the values of a step are functions of places, and those are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from checker.explain.run import Run
from checker.export.lanes import title
from spec.language.evaluate import Binding, Evaluator
from spec.language.scope import State
from spec.language.terms.expr import Expr, Quantifier, Read
from spec.language.terms.tree import children

REGEX = r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)"
"""The first line of a log says how to read the rest; the second, left empty, is not needed."""

Clock = dict[str, int]


def text(run: Run) -> str:
    """Return the run as the text of a log."""
    lines = [REGEX, ""]
    for line, clock in zip(run.lines, clocks(run), strict=True):
        changes = ", ".join(run.told(line))
        event = " ".join(f"{line.n} {line.call}: {changes}".split())
        lines += [f"{_host(line.actor)} {json.dumps(clock)}", event]
    return "\n".join(lines) + "\n"


def clocks(run: Run) -> list[Clock]:
    """Return the vector clock of each step."""
    own: dict[str, Clock] = {}
    wrote: dict[int, Clock] = {}
    found = []
    for k, (line, instance) in enumerate(zip(run.lines, run.steps, strict=True)):
        host, state = _host(line.actor), run.states[k]
        clock = dict(own.get(host, {}))
        for place in reads(run, k):
            for other, time in wrote.get(place, {}).items():
                clock[other] = max(clock.get(other, 0), time)
        clock[host] = clock.get(host, 0) + 1
        own[host] = clock
        # Whoever writes a value that was there already has written it too.
        wrote |= {write.position(state): clock for write in instance.writes}
        found.append(clock)
    return found


def reads(run: Run, k: int) -> set[int]:
    """Return the places that step k + 1 reads, by their numbers in the state."""
    action, binding = run.steps[k].step.action, run.steps[k].step.binding
    whole = [g.condition for g in action.guards]
    for u in action.updates(run.scope.spec):
        whole += [u.value] if u.index is None else [u.value, u.index]
    state = run.states[k]
    return {place for e in whole for place in _read(run.evaluator, state, e, binding)}


def _read(evaluator: Evaluator, state: State, e: Expr, env: Binding) -> Iterator[int]:
    if isinstance(e, Quantifier):
        for value in evaluator.scope.choices(e.var.type):
            yield from _read(evaluator, state, e.body, {**env, e.var.name: value})
        return
    if isinstance(e, Read):
        element = 0 if e.index is None else evaluator.meaning(e.index, env)(state, state)
        if element is not None:
            yield evaluator.start[e.field.name] + int(element)
    for child in children(e):
        yield from _read(evaluator, state, child, env)


def _host(actor: str) -> str:
    return "_".join(title(actor).split())
