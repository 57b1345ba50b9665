"""What would make a condition true: the shortest moves after which it is, or that none do.

First the states nearest are looked at one by one; only if that does not settle it, the whole graph
of the scope is searched, where a run leads to the state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from checker.explain.fate.backwards import Array
from checker.explain.moves import every_step
from checker.runs.exploration import Limits
from checker.runs.nearby import Nearby, possible
from spec.language.evaluate import Binding, Evaluator, Instance
from spec.language.scope import Scope, State
from spec.language.terms.expr import And, Const, Equal, Expr, NoneOf, Not

NEAR = 3_000
"""So many states are looked at one by one before the whole graph is built."""


@dataclass(frozen=True)
class Enabled:
    """The steps after which the condition is true; no shorter list makes it so."""

    steps: tuple[Instance, ...]

    @property
    def moves(self) -> list[str]:
        """The steps as calls: `claim(worker1, job1)`."""
        return [instance.step.call for instance in self.steps]


@dataclass(frozen=True)
class NeverAgain:
    """The condition is false in every state that can be reached from here, and these are all."""

    states: int


@dataclass(frozen=True)
class Unknown:
    """The condition was false in so many states; that not all were looked at is `why`."""

    states: int
    why: str


Outcome = Enabled | NeverAgain | Unknown


def said(outcome: Outcome, what: str) -> str:
    """Return what would make something true, in words."""
    match outcome:
        case Enabled():
            count = len(outcome.steps)
            return f"{what} after {', '.join(outcome.moves)}   {count} move{'s' * (count != 1)}"
        case NeverAgain():
            return f"never {what} again from here: false in all {outcome.states:,} states ahead"
        case Unknown():
            return f"not known: still false in {outcome.states:,} states; {outcome.why}"


def enabling(
    evaluator: Evaluator,
    state: State,
    condition: Expr,
    binding: Binding,
    limits: Limits | None = None,
) -> Outcome:
    """Return the shortest moves from this state after which the condition is true."""
    near = _nearby(evaluator, state, condition, binding)
    if not isinstance(near, Unknown):
        return near
    far = _in_graph(evaluator, state, condition, binding, limits)
    return Unknown(near.states, far) if isinstance(far, str) else far


def possible_when(scope: Scope, instance: Instance) -> Expr:
    """Return the condition under which a step is possible, for its own parameters."""
    action = instance.step.action
    whole: Expr = Const(True, bool)
    for reference in action.references(scope.spec):
        whole = And(whole, Not(Equal(reference, NoneOf(reference.type))))
    for guard in action.guards:
        whole = And(whole, guard.condition)
    return whole


# ---------------------------------------------------------------- state by state
def _nearby(evaluator: Evaluator, state: State, condition: Expr, binding: Binding) -> Outcome:
    """Search breadth first, one state at a time."""
    holds = evaluator.meaning(condition, binding)
    every = every_step(evaluator)
    near = Nearby(state, lambda here: possible(every, here))
    for asked, (here, _) in enumerate(near, 1):
        if holds(here, here):
            return Enabled(tuple(near.way(here)))
        if len(near.came) > NEAR:
            return Unknown(asked, "")
    return NeverAgain(len(near.came))


# ---------------------------------------------------------------- over the whole graph
def _in_graph(
    evaluator: Evaluator, state: State, condition: Expr, binding: Binding, limits: Limits | None
) -> Enabled | NeverAgain | str:
    """Search the explored graph level by level, or return why that is not possible."""
    from checker.explain.fate.explored import explored
    from checker.search.compiled.code.layout import Layout, TooWide
    from checker.search.vectorised import Columns, Reader

    try:
        layout = Layout(evaluator.scope)
        graph = explored(evaluator.scope, limits)
    except TooWide as wide:
        return str(wide)
    if isinstance(graph, str):
        return graph
    start = np.flatnonzero((graph.states == np.array(layout.pack(state))).all(axis=1))
    if not len(start):
        return "no run from the beginning leads to this state"
    wanted = Reader(layout).truth(condition, binding, Columns(layout, graph.states))
    levels = [start]
    reached = np.zeros(len(wanted), bool)
    reached[start] = True
    while len(levels[-1]) and not wanted[levels[-1]].any():
        targets = graph.targets[_edges_of(graph.starts, levels[-1])]
        levels.append(np.unique(targets[~reached[targets]]))
        reached[levels[-1]] = True
    if not len(levels[-1]):
        return NeverAgain(int(reached.sum()))
    steps = every_step(evaluator)
    goal = int(levels[-1][wanted[levels[-1]]][0])
    labels = _labels_back(graph.starts, graph.targets, graph.labels, levels, goal)
    return Enabled(tuple(steps[label] for label in labels))


def _edges_of(starts: Array, states: Array) -> Array:
    """Return the numbers of the edges that leave these states."""
    lengths = starts[states + 1] - starts[states]
    shifts = np.repeat(starts[states] - (np.cumsum(lengths) - lengths), lengths)
    return shifts + np.arange(len(shifts))


def _labels_back(
    starts: Array, targets: Array, labels: Array, levels: Sequence[Array], goal: int
) -> list[int]:
    """Return the labels of the edges that lead from level to level to the goal."""
    found: list[int] = []
    for level in reversed(levels[:-1]):
        edges = _edges_of(starts, level)
        edge = int(edges[targets[edges] == goal][0])
        found.append(int(labels[edge]))
        goal = int(np.searchsorted(starts, edge, side="right")) - 1
    return found[::-1]
