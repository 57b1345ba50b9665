"""Which states and steps of an explored graph are violations, and which states are finished."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checker.explain.clauses import conjuncts
from checker.explain.fate.backwards import Array, Marked
from checker.runs.story import RANGE
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.graph import Graph, Promise
from checker.search.fair_cycles import owing
from checker.search.vectorised import Columns, Reader
from spec.language.declared.model import Action, Property, Update
from spec.language.evaluate import Binding, changes
from spec.language.scope import Scope
from spec.language.terms.expr import Bound, Const, Expr, Not
from spec.language.terms.tree import walk
from spec.language.terms.types import Nat

_CHUNK = 1 << 18
"""So many states or edges are looked at together: their columns stay small."""


class Undecided(Exception):
    """Which states are on the way to a violation cannot be known, and why."""


def marked(scope: Scope, violated: str, layout: Layout, graph: Graph) -> Marked:
    """Return the graph with what violates the property, or leaves the range `range_<field>`.

    A `leads_to` is violated by staying for ever where its outcome is owed: like a step that leads
    to no state. Raises `Undecided`.

    *Finished* is a state that owes nothing: in no `leads_to` of the scope the cause holds without
    its outcome. A state where a bound of the scope cut off a step that is no fault counts as
    finished too, for in a larger scope the run might go on there: the step is refused only by
    conditions that read a constant, or it would store a number out of a range.
    """
    edges = _Edges(graph)
    reader, count = Reader(layout), len(graph.states)
    broken, owes = np.zeros(count, bool), np.zeros(count, bool)
    leaving, by_fault, cut = (np.zeros(count, bool) for _ in range(3))
    claim = scope.spec.properties.get(violated)
    hopes = [p for p in scope.spec.properties.values() if p.kind == "leads_to"]
    bounds = _Bounds(scope, violated, reader)
    for part in _chunks(count):
        states = Columns(layout, graph.states[part])
        if claim is not None and claim.kind in ("invariant", "lemma"):
            broken[part] = _somewhere(reader, claim, Not(claim.body), states)
        for hope in hopes:
            assert hope.then is not None
            owes[part] |= _somewhere(reader, hope, hope.body & ~hope.then, states)
        for mark, found in zip((leaving, by_fault, cut), bounds.look(states), strict=True):
            mark[part] = found
    breaking = np.zeros(len(graph.targets), bool)
    if claim is not None and claim.kind == "step":
        breaking = edges.breaking(reader, claim, layout)
    if claim is not None and claim.kind == "leads_to":
        owed, forever = _owing(reader, claim, layout, graph)
        owes |= owed
        leaving |= forever
    return Marked(
        edges.sources, graph.targets, edges.fault, breaking, broken, leaving, by_fault,
        ~owes | cut,
    )  # fmt: skip


def _owing(reader: Reader, claim: Property, layout: Layout, graph: Graph) -> tuple[Array, Array]:
    """Return in which states the outcome of a `leads_to` is owed, and where a run can owe it for
    ever.
    """
    bindings = reader.scope.bindings(claim.params)
    found = owing(graph, (_promise(reader, claim, b, layout, graph) for b in bindings))
    if isinstance(found, str):
        raise Undecided(found)
    if any((one.owed & one.free).any() for one in found):
        raise Undecided("whether the outcome is owed in a state depends on how a run came there")
    owed: Array = np.logical_or.reduce([one.owed for one in found])
    forever: Array = np.logical_or.reduce([one.forever for one in found])
    return owed, forever


def _promise(
    reader: Reader, claim: Property, binding: Binding, layout: Layout, graph: Graph
) -> Promise:
    assert claim.then is not None
    cause, outcome = np.empty(len(graph.states), bool), np.empty(len(graph.states), bool)
    for part in _chunks(len(cause)):
        states = Columns(layout, graph.states[part])
        cause[part] = reader.truth(claim.body, binding, states)
        outcome[part] = reader.truth(claim.then, binding, states)
    return Promise(claim, binding, cause, outcome)


def _chunks(count: int) -> Iterator[slice]:
    yield from (slice(low, min(low + _CHUNK, count)) for low in range(0, count, _CHUNK))


def _somewhere(reader: Reader, claim: Property, e: Expr, states: Columns) -> Array:
    """Return the states in which the condition is true for some choice of the parameters."""
    found = np.zeros(len(states), bool)
    for binding in reader.scope.bindings(claim.params):
        found |= reader.truth(e, binding, states)
    return found


class _Edges:
    """The steps of the graph: whose they are, and which break a step property."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.sources = graph, graph.sources
        faults = [instance.step.action.fault for instance in graph.steps]
        self.fault = np.array(faults, bool)[graph.labels]

    def breaking(self, reader: Reader, claim: Property, layout: Layout) -> Array:
        """Return the edges on which the property is asked and false."""
        graph = self.graph
        broken = np.zeros(len(graph.targets), bool)
        asked = changes(claim)
        for part in _chunks(len(broken)):
            before = Columns(layout, graph.states[self.sources[part]])
            after = Columns(layout, graph.states[graph.targets[part]])
            for binding in reader.scope.bindings(claim.params):
                false = ~reader.truth(claim.body, binding, before, after)
                moved = np.zeros(len(false), bool)
                for change in asked:
                    moved |= reader.truth(change, binding, before, after)
                broken[part] |= moved & false
        return broken


class _Bounds:
    """Where the bounds of the scope cut a step off, and where one leaves the range asked about."""

    def __init__(self, scope: Scope, violated: str, reader: Reader) -> None:
        self.scope, self.reader = scope, reader
        known = violated in scope.spec.properties
        self.asked = None if known else violated.removeprefix(RANGE)
        self.cases: list[tuple[Action, list[Expr], list[Expr], list[Update]]] = []
        for action in scope.spec.actions.values():
            parts = [part for g in action.guards for part in conjuncts(g.condition)]
            bounded = [part for part in parts if _reads_a_constant(part)]
            own = [part for part in parts if not _reads_a_constant(part)]
            stores = [
                u
                for u in action.updates(scope.spec)
                if isinstance(u.field.type, Nat) and not isinstance(u.value, Const)
            ]
            if bounded or stores:
                self.cases.append((action, own, bounded, stores))

    def look(self, states: Columns) -> tuple[Array, Array, Array]:
        """Return the states where a step leaves the range asked about, those where a fault does,
        and those where a bound cuts off a step that is no fault.
        """
        leaving, by_fault, cut = (np.zeros(len(states), bool) for _ in range(3))
        for action, own, bounded, stores in self.cases:
            for binding in self.scope.bindings(action.params):
                willing = self._possible(action, own, binding, states)
                possible = willing & self._all(bounded, binding, states)
                if not action.fault:
                    cut |= willing & ~possible
                here = np.flatnonzero(possible)
                asked, other = self._leaving(stores, binding, states.at(here))
                (by_fault if action.fault else leaving)[here[asked]] = True
                if not action.fault:
                    cut[here[other]] = True
        return leaving, by_fault, cut

    def _possible(
        self, action: Action, own: list[Expr], binding: Binding, states: Columns
    ) -> Array:
        found = self._all(own, binding, states)
        for reference in action.references(self.scope.spec):
            found = found & np.not_equal(self.reader.value(reference, binding, states), -1)
        return found

    def _all(self, conditions: list[Expr], binding: Binding, states: Columns) -> Array:
        found = np.ones(len(states), bool)
        for condition in conditions:
            found &= self.reader.truth(condition, binding, states)
        return found

    def _leaving(
        self, stores: list[Update], binding: Binding, states: Columns
    ) -> tuple[Array, Array]:
        """Return which of the states a step leaves by the field asked about, and which by another:
        the first number that does not fit counts.
        """
        asked, other = np.zeros(len(states), bool), np.zeros(len(states), bool)
        for u in stores:
            assert isinstance(u.field.type, Nat)
            value = self.reader.value(u.value, binding, states)
            unfit = np.less(value, 0) | np.greater(value, self.scope.limit(u.field.type))
            (asked if u.field.name == self.asked else other)[:] |= unfit & ~asked & ~other
        return asked, other


def _reads_a_constant(e: Expr) -> bool:
    return any(isinstance(part, Bound) for part in walk(e))
