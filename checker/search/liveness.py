"""Decides `leads_to` properties in a scope: is there a fair run in which the cause is never
followed by the outcome?

A run that never ends visits some states again and again; they form a strongly connected part of the
graph. A property is violated exactly if such a part can be reached after the cause, without the
outcome, and is fair: no action that fairness demands is left out in it. Faults that happen only
finitely often cannot be part of it. Standing still for ever is a run too: a single state counts as
a part.

This is the reader to read first, in plain Python; `fair_cycles` decides the same of larger scopes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from checker.runs.lasso import LOOP_LEAST, Decision, Lasso, Part, round_trip, where_it_is_cut
from checker.runs.nearby import Nearby
from spec.language.declared.model import Property
from spec.language.edited.edits import without
from spec.language.evaluate import Claim, Evaluator, OutOfRange, instances
from spec.language.scope import Scope, State

MAX_STATES = 20_000
"""Above this many states the graph is not built: it is held in plain Python objects."""


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
        self.scope = scope.on(spec)
        self.left: str | None = None  # a field whose range a step would leave: it is left out
        evaluator = Evaluator(self.scope)
        self.steps = instances(evaluator)
        near = Nearby(evaluator.initial(), self._changing)
        found = []
        for _, edges in near:
            found.append(edges)
            if len(near.came) > MAX_STATES:
                break
        self.states = list(near.came)
        number = {state: i for i, state in enumerate(self.states)}
        self.edges = [[_Edge(number[after], k) for k, after in edges] for edges in found]
        self.complete = len(self.edges) == len(self.states)
        self.claims = {
            p.name: (Claim(evaluator, p), Claim(evaluator, _outcome(p)))
            for p in spec.properties.values()
            if p.kind == "leads_to"
        }
        fair = [s.step.action.fair for s in self.steps]
        self.weak = frozenset(k for k, f in enumerate(fair) if f == "weak")
        self.strong = frozenset(k for k, f in enumerate(fair) if f == "strong")
        self.finite = frozenset(k for k, s in enumerate(self.steps) if s.step.action.finite)

    def _changing(self, here: State) -> Iterator[tuple[int, State]]:
        """Yield the number of each step that is possible and changes something, and where it
        leads.
        """
        for k, step in enumerate(self.steps):
            if step.refusal(here) is not None:
                continue
            try:
                after = step.after(here)
            except OutOfRange as leaving:
                self.left = self.left or leaving.field
                continue
            if after != here:  # a step that changes nothing is standing still
                yield k, after

    def possible(self, state: int) -> set[int]:
        return {e.step for e in self.edges[state]}

    def stays(self, e: _Edge, within: set[int]) -> bool:
        """Return whether the step can be taken again and again without leaving these states."""
        return e.target in within and e.step not in self.finite


def _outcome(claim: Property) -> Property:
    assert claim.then is not None
    return replace(claim, own=claim.then)


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
    decided = {name: _decide(graph, *graph.claims[name]) for name in names}
    if graph.left is None:
        return decided
    properties, left = graph.scope.spec.properties, graph.left
    return {n: where_it_is_cut(d, graph.scope, properties[n], left) for n, d in decided.items()}


Ways = dict[int, tuple[int, ...]]
"""For each state in which a cause waits for its outcome, the steps of a shortest run to it."""


def _decide(graph: _Graph, cause: Claim, outcome: Claim) -> Decision:
    nearest: tuple[int, Ways, set[int]] | None = None
    for (_, caused, _), (_, followed, _) in zip(cause.cases, outcome.cases, strict=True):
        waiting = {i for i, s in enumerate(graph.states) if not followed(s, s)}
        begin = {i for i in waiting if caused(graph.states[i], graph.states[i])}
        ways = _ways(graph, begin, waiting)
        still = [{i} for i in ways if not graph.possible(i) & (graph.weak | graph.strong)]
        for part in [*still, *_fair_parts(graph, set(ways))]:
            far = min(len(ways[i]) for i in part)
            spare = LOOP_LEAST if nearest and len(part) > len(nearest[2]) == 1 else 0
            if nearest is None or far + spare < nearest[0]:
                nearest = far, ways, part
    if nearest is None:
        return Decision("holds")
    return Decision("violated", lasso=_lasso(graph, *nearest[1:]))


def _lasso(graph: _Graph, ways: Ways, part: set[int]) -> Lasso:
    start = min(part, key=lambda i: (len(ways[i]), i))
    walk: list[int] = []
    if len(part) > 1:
        inside = Part[int](
            lambda i: [(e.step, e.target) for e in graph.edges[i] if graph.stays(e, part)],
            graph.possible, graph.weak, graph.strong,
        )  # fmt: skip
        walk = round_trip(inside, start)
    stem, loop = (tuple(graph.steps[k].step for k in steps) for steps in (ways[start], walk))
    return Lasso(stem, loop)


def _ways(graph: _Graph, begin: set[int], waiting: set[int]) -> Ways:
    """Return the shortest runs that reach a state of `begin` and then never leave `waiting`."""
    # Breadth first over states that are reached before (False) and after (True) the cause.
    first = (0, 0 in begin)
    runs: dict[tuple[int, bool], tuple[int, ...]] = {first: ()}
    left = [first]
    for here, caused in left:
        for e in graph.edges[here]:
            for after in {(e.target, caused), (e.target, e.target in begin)}:
                if after not in runs and (not after[1] or e.target in waiting):
                    runs[after] = (*runs[here, caused], e.step)
                    left.append(after)
    return {state: steps for (state, caused), steps in runs.items() if caused}


def _fair_parts(graph: _Graph, states: set[int]) -> Iterator[set[int]]:
    """Yield the strongly connected parts of these states in which a fair run can stay for ever."""
    pending = [states]
    while pending:
        for part in _components(graph, pending.pop()):
            taken: set[int] = set()
            ever: set[int] = set()
            always = set(graph.weak)
            for i in part:
                ever |= graph.possible(i)
                always &= graph.possible(i)
                taken |= {e.step for e in graph.edges[i] if graph.stays(e, part)}
            if always - taken:
                continue  # weak fairness forces the run out of this part and of every part of it
            starved = (ever & graph.strong) - taken
            if not starved:
                yield part
                continue
            # Strong fairness: a fair run in here must keep away from where the starved steps are
            # possible.
            calm = {i for i in part if not starved & graph.possible(i)}
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
        return iter([e.target for e in graph.edges[i] if graph.stays(e, states)])

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
