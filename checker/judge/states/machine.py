"""Follows a history on a watched queue: the states that agree with what was seen so far.

A layer is all of them: those after a line, and those that hidden steps lead to from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from checker.judge.states import kernel
from checker.judge.states.code import USED_BITS, Limited, Taken, compiled, narrowed
from checker.judge.states.layer import CLAIMS, Array, Layer, Sign, Terms, TooMany
from checker.search.compiled.code.layout import Layout
from spec.language.evaluate import Binding, Evaluator, Step

_LEAST = 1 << 10
_MANY = 1 << 19
"""So many rows are made with code as it stands before it is optimised."""
_WORD = (1 << USED_BITS) - 1


class Machine:
    """The steps of a watched queue, each with what it shows of itself, and the edits that may be
    used.
    """

    def __init__(
        self,
        scope: Limited,
        sign: Callable[[str, Binding], Sign | None],
        taken: Callable[[str], Taken],
        edits: Sequence[str] = (),
        ways: Sequence[str] = (),
        base: Callable[[str], str] = str,
    ) -> None:
        spec = scope.spec
        self.edits, self.base = tuple(edits), base
        self.steps: list[Step] = []
        signs: dict[str, list[Sign | None]] = {}
        for action in spec.actions.values():
            found = [sign(action.name, b) for b in scope.bindings(action.params)]
            if any(s is not None for s in found):
                signs[action.name] = found
        actions = [spec.actions[name] for name in signs]
        shown = frozenset(name for name, found in signs.items() if any(found))
        self.scope = narrowed(scope, actions, shown)
        self.layout = Layout(self.scope)
        bits = len(self.edits) + len(ways)
        self.used = max(1, -(-bits // USED_BITS))
        self.run, self.known = compiled(spec, self.layout, self.used, taken)
        self.signs: list[Sign | None] = []
        for action in self.scope.spec.actions.values():
            for binding in self.scope.bindings(action.params):
                self.steps.append(Step(action, binding))
            self.signs += signs[action.name]
        self.every = (1 << bits) - 1
        self.counted = (1 << len(self.edits)) - 1
        self._buf = np.zeros((len(self.steps) + 1) * self.known["EACH"], np.int64)

    # ---------------------------------------------------------------- plans
    def plan(self, signs: Iterable[Sign]) -> Array:
        """Return the steps that show themselves so, one word each."""
        wanted = set(signs)
        return np.array([s in wanted for s in self.signs], np.int64)

    def hidden(self, terms: Terms) -> Array:
        """Return the steps that are hidden; a claim is one, and says so."""
        claiming = terms.claiming
        return np.array(
            [
                s == () or bool(s and s[0] == CLAIMS and (claiming is None or s[1] in claiming))
                for s in self.signs
            ],
            np.int64,
        )

    def allowing(self, terms: Terms) -> Array:
        """Return what `args` hold beside sizes."""
        kept, awake = (self.every, 0) if terms.kept else (0, terms.allowed)
        masks = (terms.allowed, kept, self.counted, awake)
        return np.array([m >> (w * USED_BITS) & _WORD for m in masks for w in range(self.used)])

    # ---------------------------------------------------------------- layers
    def first(self, terms: Terms) -> Layer:
        """Return the layer before anything is seen."""
        start = Evaluator(self.scope).initial()
        row = [*self.layout.pack(start), *([0] * self.used)]
        return self.closed(np.array([row], np.int64), terms)

    def closed(self, rows: Array, terms: Terms) -> Layer:
        """Return these rows, each of which may have used something, with all that hidden steps lead
        to.
        """
        return self._fill(rows, None, terms)

    def after(self, layer: Layer, plan: Array, terms: Terms, hidden: Array | None = None) -> Layer:
        """Return the layer after a line that the planned steps show, with all that the hidden steps
        lead to, or those that are given.
        """
        return self._fill(layer.live, plan, terms, hidden)

    def _fill(
        self,
        rows: Array,
        plan: Array | None,
        terms: Terms,
        hidden: Array | None = None,
        at: Array | None = None,
    ) -> Layer:
        capacity = max(_LEAST, 2 * len(rows) + 2 * len(self.steps))
        while True:
            try:
                filling = _Filling(self, capacity, terms)
                closing = self.hidden(terms) if hidden is None else hidden
                made = filling.fill(rows, plan, closing, at)
                self.run.found(len(made.rows), _MANY)
                return made
            except _Full:
                if capacity >= terms.states_max:
                    raise TooMany(terms.states_max) from None
                capacity = min(8 * capacity, terms.states_max)

    def shown(self, layer: Layer, terms: Terms) -> list[Sign]:
        """Return what might be seen next."""
        found = []
        for sign in dict.fromkeys(s for s in self.signs if s and s[0] != CLAIMS):
            if len(layer) and len(self.after(layer, self.plan({sign}), terms)):
                found.append(sign)
        return found

    # ---------------------------------------------------------------- rows
    def used_by(self, rows: Array) -> list[int]:
        """Return what each row has used, one bit each."""
        words = self.layout.words
        found = [0] * len(rows)
        for w in range(self.used):
            for i, x in enumerate(rows[:, words + w].tolist()):
                found[i] |= x << (w * USED_BITS)
        return found

    def with_used(self, rows: Array, used: int) -> Array:
        """Return the states of rows, each once, as having used this."""
        words = self.layout.words
        states = np.unique(rows[:, :words], axis=0)
        more = [used >> (w * USED_BITS) & _WORD for w in range(self.used)]
        return np.hstack([states, np.tile(np.array(more, np.int64), (len(states), 1))])

    def of_use(self, rows: Array) -> Array:
        """Return rows without those that others make useless."""
        words = self.layout.words
        best: dict[bytes, list[tuple[int, int]]] = {}
        for i, (row, used) in enumerate(zip(rows, self.used_by(rows), strict=True)):
            mine = best.setdefault(row[:words].tobytes(), [])
            if not any(other & ~used == 0 for other, _ in mine):
                mine[:] = [(o, k) for o, k in mine if used & ~o] + [(used, i)]
        return rows[sorted(i for mine in best.values() for _, i in mine)]

    def forgotten(self, rows: Array) -> Array:
        """Return rows as having used nothing."""
        found = rows.copy()
        found[:, self.layout.words :] = 0
        return found

    def bare(self, layer: Layer) -> Layer:
        """Return the rows of a layer that are of use, and not how they were come by."""
        n = len(layer)
        none = np.zeros(n, np.int64)
        return Layer(layer.live, none, none, n)

    def chosen(self, layer: Layer, at: Array, terms: Terms) -> Layer:
        """Return the layer that goes on from these rows of another alone."""
        return self._fill(np.ascontiguousarray(layer.live[at]), None, terms, at=at)

    def edges(self, layer: Layer, terms: Terms, plan: Array) -> Array:
        """Return the planned steps between the states of a closed layer that remembers nothing:
        from, label, to; to is -1 where it leads out of the layer.
        """
        filling = _Filling(self, max(_LEAST, len(layer) + 1), terms)
        filling.enter(layer.live)
        room = max(_LEAST, 16 * len(layer))
        while True:
            found = np.zeros(3 * room, np.int64)
            shared = np.array([len(layer), room], np.int64)
            n = filling.call(kernel.EDGES, plan, found, shared)
            if n >= 0:
                return found[: 3 * n].reshape(n, 3)
            room *= 4

    def steps_of(self, layers: Sequence[Layer], at: int) -> Iterator[tuple[int, Step]]:
        """Yield, last first, the steps that lead to row `at` of the last layer, each with the
        number of the layer that it leads to the beginning of, or -1 if it was hidden.
        """
        for number in range(len(layers) - 1, -1, -1):
            layer = layers[number]
            while at >= layer.seen:
                came = int(layer.came[at])
                yield -1, self.steps[came & ((1 << kernel.LABEL_BITS) - 1)]
                at = came >> kernel.LABEL_BITS
            if number:
                came = int(layer.came[at])
                if came >= 0:
                    yield number, self.steps[came & ((1 << kernel.LABEL_BITS) - 1)]
                    at = int(layers[number - 1].alive[came >> kernel.LABEL_BITS])
                else:
                    at = int(layers[number - 1].alive[-came - 1])


class _Full(Exception):
    """There is no room for another row."""


class _Filling:
    """Memory for one layer."""

    def __init__(self, machine: Machine, capacity: int, terms: Terms) -> None:
        self.machine, self.capacity = machine, capacity
        self.slots = 2 * capacity
        self.states = np.zeros((capacity + 1) * machine.known["ROW"], np.int64)
        self.table = np.zeros(self.slots, np.int64)
        self.dead = np.zeros(capacity + 1, np.int64)
        self.came = np.zeros(capacity + 1, np.int64)
        sizes = np.array([capacity, self.slots, terms.most, terms.idle], np.int64)
        self.args = np.concatenate([sizes, machine.allowing(terms)])

    def call(self, mode: int, plan: Array, found: Array, shared: Array) -> int:
        memory = self.states, self.table, self.machine._buf, self.dead, self.came
        return self.machine.run(mode, *memory, plan, self.args, found, shared)

    def fill(self, rows: Array, plan: Array | None, hidden: Array, at: Array | None) -> Layer:
        seen = self._call(kernel.SEE, plan, rows) if plan is not None else self.enter(rows, at)
        n = self._call(kernel.CLOSE, hidden, rows, seen)
        row = self.machine.known["ROW"]
        states = self.states[: n * row].reshape(n, row)
        return Layer(states, self.came[:n], self.dead[:n], seen)

    def _call(self, mode: int, plan: Array, rows: Array, size: int | None = None) -> int:
        shared = np.array([len(rows) if size is None else size, 0], np.int64)
        found = np.ascontiguousarray(rows).reshape(-1)
        n = self.call(mode, plan, found, shared)
        if n < 0:
            raise _Full
        return n

    def enter(self, rows: Array, at: Array | None = None) -> int:
        """Enter rows as they are, which stood at these places of another layer."""
        n = len(rows)
        row = self.machine.known["ROW"]
        idle = np.zeros(len(self.machine.steps) + 1, np.int64)
        entered = self.call(kernel.ENTER, idle, rows.reshape(-1), np.array([n, 0], np.int64))
        assert entered == n, f"{n} rows of {row} words, and {entered} are of use"
        self.came[:n] = -1 - (np.arange(n) if at is None else at)
        return n
