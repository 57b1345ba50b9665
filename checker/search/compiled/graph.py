"""Every state and every step of a scope in arrays, elements told apart: what liveness is decided
on.

The states are found by the explorer; then each is expanded once more, and its successors are looked
up by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from checker.runs.exploration import Limits
from checker.runs.story import RANGE
from checker.search.compiled.code import kernel
from checker.search.compiled.code.module import Compiled, prepare
from checker.search.compiled.code.promises import cases
from checker.search.compiled.search import Search
from checker.search.compiled.traces import empty_table
from checker.search.compiled.tuning import Tuning
from spec.language.declared.model import Action, Field, Property
from spec.language.edited.edits import without
from spec.language.evaluate import Binding, Evaluator, Instance, instances
from spec.language.scope import Scope, Value

_CHUNK = 1 << 14
_LABEL_MASK = (1 << kernel.LABEL_BITS) - 1

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Promise:
    """A `leads_to` with its parameters chosen: in which states cause and outcome hold."""

    claim: Property
    binding: Binding
    cause: Array
    outcome: Array


@dataclass(frozen=True)
class Graph:
    """The edges of state i are those from `starts[i]` to before `starts[i + 1]`.

    Each leads to the state `targets` and is the step `labels` of `steps`; steps that change nothing
    are left out. `depths` counts steps from the initial state, which is number 0. States are as
    `Layout.pack` packs them.
    """

    evaluator: Evaluator
    steps: Sequence[Instance]
    states: Array
    depths: Array
    starts: Array
    targets: Array
    labels: Array
    _search: Search

    @property
    def actions(self) -> list[Action]:
        """The action of each step."""
        return [instance.step.action for instance in self.steps]

    @property
    def promises(self) -> list[Promise]:
        """What is to be decided, one choice of the parameters for all that mean the same."""
        return [self._promise(i, *case) for i, case in enumerate(cases(self._scope))]

    @property
    def left(self) -> str | None:
        """A field whose range some step would leave, if there is one: such steps are left out."""
        ranges = (name for name in self._search.violations if name.startswith(RANGE))
        return next((name.removeprefix(RANGE) for name in ranges), None)

    @property
    def _scope(self) -> Scope:
        return self._search.compiled.layout.scope

    def changes(self, f: Field) -> set[tuple[Value, Value, str]]:
        """Return how steps change a field: what it was, what it becomes, and by which action."""
        found: set[tuple[Value, Value, str]] = set()
        layout = self._search.compiled.layout
        slot, elements = layout.slots[f.name], layout.count(f.over)
        names = [step.step.action.name for step in self.steps]
        for at in range(slot.base, slot.base + elements * slot.stride, slot.stride):
            codes = self.states[:, slot.word] >> at & slot.mask
            sides = np.stack([codes[self.sources], codes[self.targets], self.labels])
            moves = np.unique(sides[:, sides[0] != sides[1]], axis=1)
            for before, after, label in moves.T.tolist():
                value = [layout.value(f.type, code) for code in (before, after)]
                found.add((value[0], value[1], names[label]))
        return found

    def _promise(self, number: int, claim: Property, binding: Binding) -> Promise:
        count = len(self.states)
        found = np.empty(count, np.int64)
        _run(self._search, 0, kernel.PROMISED, self.states, (count, number), found)
        return Promise(claim, binding, found & 1 != 0, found & 2 != 0)

    @cached_property
    def sources(self) -> Array:
        """The state that each edge comes from."""
        counts = np.diff(self.starts)
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)


def build(
    scope: Scope, off: tuple[str, ...], limits: Limits, threads: int, tuning: Tuning | None = None
) -> Graph | str:
    """Return the graph of the scope with the guards `off` removed, or the limit that was reached.

    An interrupt is the caller's to handle.
    """
    edited = scope.spec
    for guard in off:
        edited = without(edited, guard)
    evaluator = Evaluator(scope.on(edited))
    tuning = tuning or Tuning()
    compiled = prepare(scope, False, tuning.word_bits)
    guards = compiled.names.guards
    switched = [guards[name] for name in off if name in guards]
    search = Search(compiled, switched, threads, tuning, limits)
    search.begin(evaluator.initial())
    stopped = search.explore(frozenset(), None)
    if stopped is not None:
        return stopped
    search.table = empty_table()
    states, depths = _gather(search)
    counts, targets, labels = _edges(search, compiled, states)
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return Graph(evaluator, instances(evaluator), states, depths, starts, targets, labels, search)


def _gather(search: Search) -> tuple[Array, Array]:
    """Return the states of all threads, one after the other, and how deep each is."""
    words = search.words
    parts, depths = [], []
    for t, work in enumerate(search.work):
        low, high = t * search.capacity, int(work[kernel.TAIL])
        parts.append(search.states[low * words : high * words].reshape(-1, words))
        spans = [level[t] for level in search.levels]
        depths.append(np.repeat(np.arange(len(spans), dtype=np.int32), [b - a for a, b in spans]))
    return np.concatenate(parts), np.concatenate(depths)


def _edges(search: Search, compiled: Compiled, states: Array) -> tuple[Array, Array, Array]:
    """Return how many edges each state has, and for all of them in order target and label."""
    count = len(states)
    slots = 2 * count + 64
    table = np.zeros(slots, np.int64)
    _run(search, 0, kernel.NUMBER, states, (count, slots), empty_table(), table=table)
    chunks = list(range(0, count, _CHUNK))

    def expand(thread: int) -> list[tuple[Array, Array, Array]]:
        found = np.empty(_CHUNK * max(1, compiled.instances) + 8, np.int64)
        done = []
        for low in chunks[thread :: search.threads]:
            high = min(low + _CHUNK, count)
            counts = np.zeros(high - low, np.int64)
            args = low, high, slots
            n = _run(search, thread, kernel.EDGES, states, args, found, table=table, counts=counts)
            assert n >= 0, "a step leads to a state that the explorer did not find"
            targets = (found[:n] >> kernel.LABEL_BITS).astype(np.int32)
            done.append((counts, targets, (found[:n] & _LABEL_MASK).astype(np.uint16)))
        return done

    with ThreadPoolExecutor(search.threads, thread_name_prefix="ffq-edges") as pool:
        by_thread = list(pool.map(expand, range(search.threads)))
    in_order = [by_thread[i % search.threads][i // search.threads] for i in range(len(chunks))]
    counts, targets, labels = (np.concatenate(part) for part in zip(*in_order, strict=True))
    return counts, targets, labels


def _run(
    search: Search,
    thread: int,
    mode: int,
    states: Array,
    args: tuple[int, ...],
    found: Array,
    table: Array | None = None,
    counts: Array | None = None,
) -> int:
    buf, hb, _ = search.buffers[thread]
    whole = np.array([*args, *([0] * (7 - len(args)))], np.int64)
    table = empty_table() if table is None else table
    counts = search.shared if counts is None else counts
    return search.compiled.run(
        mode, states, table, buf, hb, search.work[thread], counts, search.plan, whole, found
    )
