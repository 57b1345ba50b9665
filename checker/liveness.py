"""Decides `leads_to` properties in a scope: is there a fair run in which the cause is never
followed by the outcome?

A run that never ends visits some states again and again; they form a strongly connected part of the
graph. A property is violated exactly if such a part can be reached after the cause, without the
outcome, and is fair: no action that fairness demands is left out in it. Faults that happen only
finitely often cannot be part of it. Standing still for ever is a run too: a single state counts as
a part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from spec.language.edits import without
from spec.language.evaluate import Claim, Evaluator, Instance, OutOfRange, Step, instances
from spec.language.model import Property
from spec.language.scope import Scope, State

MAX_STATES = 20_000
"""Above this many states the graph is not built: it is held in plain Python objects."""


@dataclass(frozen=True)
class Lasso:
    """A run that violates a `leads_to`: `stem` leads to the first of the `loop` states, which come
    again for ever.

    `loop` is every state of the fair part, not one way through it; one state alone means standing
    still.
    """

    stem: tuple[Step, ...]
    loop: tuple[State, ...]


@dataclass(frozen=True)
class Decision:
    """What became of one `leads_to`: holds, violated (with a lasso) or unfinished (with the
    reason).
    """

    verdict: str
    reason: str = ""
    lasso: Lasso | None = None


@dataclass(frozen=True)
class _Edge:
    target: int
    step: int


class _Graph:
    """Every reachable state and every step that changes it, unless there are too many."""

    def __init__(self, scope: Scope, off: tuple[str, ...]) -> None:
        spec = scope.spec
        for guard in off:
            spec = without(spec, guard)
        evaluator = Evaluator(scope.on(spec))
        self.steps = instances(evaluator)
        self.states: list[State] = [evaluator.initial()]
        self.edges: list[list[_Edge]] = []
        self.parent: list[tuple[int, int] | None] = [None]
        number = {self.states[0]: 0}
        while len(self.edges) < len(self.states) <= MAX_STATES:
            here = len(self.edges)
            self.edges.append([])
            for k, step in enumerate(self.steps):
                after = _after(step, self.states[here])
                if after is None or after == self.states[here]:
                    continue  # a step that changes nothing is standing still
                if after not in number:
                    number[after] = len(self.states)
                    self.states.append(after)
                    self.parent.append((here, k))
                self.edges[here].append(_Edge(number[after], k))
        self.complete = len(self.edges) == len(self.states)
        self.claims = {
            p.name: (Claim(evaluator, p), Claim(evaluator, _outcome(p)))
            for p in spec.properties.values()
            if p.kind == "leads_to"
        }
        fair = [s.step.action.fair for s in self.steps]
        self.weak = {k for k, f in enumerate(fair) if f == "weak"}
        self.strong = {k for k, f in enumerate(fair) if f == "strong"}
        self.finite = {k for k, s in enumerate(self.steps) if s.step.action.finite}

    def stem(self, state: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        origin = self.parent[state]
        while origin is not None:
            steps.insert(0, self.steps[origin[1]].step)
            origin = self.parent[origin[0]]
        return tuple(steps)


def _after(step: Instance, state: State) -> State | None:
    if step.refusal(state) is not None:
        return None
    try:
        return step.after(state)
    except OutOfRange:
        return None  # the explorer reports it


def _outcome(claim: Property) -> Property:
    assert claim.then is not None
    return replace(claim, body=claim.then)


def decide(scope: Scope, off: tuple[str, ...] = ()) -> dict[str, Decision]:
    """Decide every `leads_to` of the scope with the guards `off` removed; none is decided if it is
    too large.
    """
    names = [p.name for p in scope.spec.properties.values() if p.kind == "leads_to"]
    if not names:
        return {}
    graph = _Graph(scope, off)
    if not graph.complete:
        reason = f"more than {MAX_STATES:,} states are too many to decide it here"
        return {name: Decision("unfinished", reason) for name in names}
    return {name: _decide(graph, *graph.claims[name]) for name in names}


def _decide(graph: _Graph, cause: Claim, outcome: Claim) -> Decision:
    for (_, caused, _), (_, followed, _) in zip(cause.cases, outcome.cases, strict=True):
        waiting = {i for i, s in enumerate(graph.states) if not followed(s, s)}
        begin = [i for i in sorted(waiting) if caused(graph.states[i], graph.states[i])]
        doomed = _reach(graph, begin, waiting)
        for part in _fair_parts(graph, doomed):
            loop = tuple(graph.states[i] for i in sorted(part))
            return Decision("violated", lasso=Lasso(graph.stem(min(part)), loop))
    return Decision("holds")


def _reach(graph: _Graph, begin: list[int], within: set[int]) -> set[int]:
    """Return the states that can be reached from `begin` without leaving `within`; faults
    included.
    """
    found, left = set(begin), list(begin)
    while left:
        for edge in graph.edges[left.pop()]:
            if edge.target in within and edge.target not in found:
                found.add(edge.target)
                left.append(edge.target)
    return found


def _fair_parts(graph: _Graph, states: set[int]) -> Iterator[set[int]]:
    """Yield the strongly connected parts of these states in which a fair run can stay for ever."""
    pending = [states]
    while pending:
        for part in _components(graph, pending.pop()):
            taken: set[int] = set()
            ever: set[int] = set()
            always = set(graph.weak)
            for i in part:
                enabled = {e.step for e in graph.edges[i]}
                ever |= enabled
                always &= enabled
                taken |= {e.step for e in graph.edges[i] if e.target in part} - graph.finite
            if always - taken:
                continue  # weak fairness forces the run out of this part and of every part of it
            starved = (ever & graph.strong) - taken
            if not starved:
                yield part
                continue
            # Strong fairness: a fair run in here must keep away from where the starved steps are
            # enabled.
            calm = {i for i in part if not starved & {e.step for e in graph.edges[i]}}
            if calm:
                pending.append(calm)


def _components(graph: _Graph, states: set[int]) -> Iterator[set[int]]:
    """Yield the strongly connected components of these states by steps that may happen for ever
    (Tarjan).
    """
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()

    def targets(i: int) -> Iterator[int]:
        return iter(
            [e.target for e in graph.edges[i] if e.target in states and e.step not in graph.finite]
        )

    for root in states:
        if root in order:
            continue
        work = [(root, targets(root))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            here, rest = work[-1]
            for target in rest:
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, targets(target)))
                    break
                if target in on_stack:
                    low[here] = min(low[here], order[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[here])
                if low[here] == order[here]:
                    part = set()
                    while here not in part:
                        part.add(stack.pop())
                    on_stack -= part
                    yield part
