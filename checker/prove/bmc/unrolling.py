"""A scope's steps unrolled for a solver: what each step chooses, what the state is after it, and
what is violated.

A step is printed once, as a step from level @0 to level @1; a level of the run is that text with
its numbers put in. The state before determines the one after, so its words could be mere
definitions; as unknowns of which just one of each place is true they let z3 conclude twenty times
faster.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from functools import reduce

from checker.prove.bmc.circuit import NO, YES, Gates, negate
from checker.prove.bmc.one_hot import Finite, Table, domain
from checker.runs.trace import Diverged
from spec.language.declared.model import Action, Property, Update
from spec.language.evaluate import Binding, changes
from spec.language.scope import Scope, State, Value
from spec.language.terms.expr import Or
from spec.language.terms.types import Nat

_LEVEL = re.compile(r"@([01])\b")


class Unrolled:
    """The texts of one scope. `claims` names what can be violated: invariants, step properties and
    ranges. `steps` lists what can be chosen.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        spec = scope.spec
        self.steps = [(a, b) for a in spec.actions.values() for b in scope.bindings(a.params)]
        self.domains = [domain(scope, place) for place in scope.places]
        kept = [p for p in spec.properties.values() if p.kind in ("invariant", "step")]
        numbers = [f.name for f in spec.fields.values() if isinstance(f.type, Nat)]
        self.ranges = {f"range_{name}": name for name in numbers}
        self.claims = (*(p.name for p in kept), *self.ranges)
        self._state, self._step = self._print_state(), self._print_step()

    # ---------------------------------------------------------------- texts
    def start(self) -> str:
        """Return the definition of the initial state, at level 0."""
        gates = Gates("i")
        finite = Finite(self.scope, gates, ())
        for position, place in enumerate(self.scope.places):
            values = finite.initial(place.field)
            for value, word in self._table(position, "@0").items():
                gates.define(word, values.get(value, NO))
        gates.define("gone@0", NO)
        return "\n".join(gates.lines)

    def state(self, level: int) -> str:
        """Return what is violated by the state at a level."""
        return _at(self._state, level)

    def step(self, level: int) -> str:
        """Return what can be chosen at a level, the state after it, and what the step violates."""
        return _at(self._step, level)

    def violated(self, claim: str, level: int) -> str:
        """Return the word for: the claim is violated by the state at this level, or by the step to
        it.
        """
        return f"v{self.claims.index(claim)}@{level}"

    def asked(self, level: int) -> list[str]:
        """Return the claims that a run of this many steps can violate: the first state ends no
        step.
        """
        first = {p.name for p in _of_kind(self.scope, "invariant")}
        return [c for c in self.claims if level or c in first]

    def chosen(self, step: int, level: int) -> str:
        """Return the word for: the step is the one taken at this level."""
        return f"c{step}@{level}"

    def words(self, level: int) -> list[str]:
        """Return the words that a state at this level is made of."""
        return [
            f"s{position}.{i}@{level}"
            for position, values in enumerate(self.domains)
            for i in range(len(values))
        ]

    def read(self, level: int, values: Mapping[str, bool]) -> State:
        """Return the state that a solver gives the words of a level."""
        found: list[Value] = []
        for position, known in enumerate(self.domains):
            held = [v for i, v in enumerate(known) if values[f"s{position}.{i}@{level}"]]
            if len(held) != 1:
                place = self.scope.places[position]
                raise Diverged(f"{place.field.name} has {len(held)} values at level {level}")
            found += held
        return tuple(found)

    def conditions(self, level: int, state: State) -> list[str]:
        """Return the words that are true where the state at this level is the given one."""
        pairs = zip(self.domains, state, strict=True)
        return [f"s{p}.{known.index(v)}@{level}" for p, (known, v) in enumerate(pairs)]

    # ---------------------------------------------------------------- printing
    def _table(self, position: int, suffix: str) -> Table:
        return {v: f"s{position}.{i}{suffix}" for i, v in enumerate(self.domains[position])}

    def _tables(self, suffix: str) -> list[Table]:
        return [self._table(position, suffix) for position in range(len(self.domains))]

    def _declare(self, position: int, values: Table) -> list[str]:
        """Return the lines that make a place hold, after the step, what the step says."""
        words = self._table(position, "@1")
        lines = [f"(declare-const {word} Bool)" for word in words.values()]
        lines += [f"(assert (= {word} {values.get(v, NO)}))" for v, word in words.items()]
        lines.append(f"(assert (or gone@1 {' '.join(words.values())}))")
        pairs = itertools.combinations(words.values(), 2)
        return lines + [f"(assert (or (not {one}) (not {other})))" for one, other in pairs]

    def _violation(self, finite: Finite, claim: Property) -> str:
        """Return the word for: the claim is false for some parameters."""
        ways = []
        for binding in self.scope.bindings(claim.params):
            broken = negate(finite.holds(claim.body, binding))
            if claim.kind == "step":
                # A step property is asked where something that it reads has changed.
                moved = finite.holds(reduce(Or, changes(claim)), binding)
                broken = finite.gates.conj([moved, broken])
            ways.append(broken)
        return finite.gates.disj(ways)

    def _print_state(self) -> str:
        gates = Gates("p")
        finite = Finite(self.scope, gates, self._tables("@0"))
        for claim in _of_kind(self.scope, "invariant"):
            broken = gates.conj([self._violation(finite, claim), "(not gone@0)"])
            gates.define(self.violated(claim.name, 0), broken)
        return "\n".join(gates.lines)

    def _print_step(self) -> str:
        gates = Gates("q")
        now, then = self._tables("@0"), self._tables("@1")
        finite = Finite(self.scope, gates, now, then)
        words = [self.chosen(i, 0) for i in range(len(self.steps))]
        gates.lines += [f"(declare-const {word} Bool)" for word in words]
        gates.lines.append(f"(assert (or {' '.join(words)}))")
        gates.lines.append(f"(assert ((_ at-most 1) {' '.join(words)}))")
        after: list[dict[str, Table]] = [{} for _ in now]
        leaves: dict[str, list[str]] = {}
        for word, (action, binding) in zip(words, self.steps, strict=True):
            enabled = self._enabled(finite, action, binding)
            gates.lines.append(f"(assert (=> {word} {enabled}))")
            writes = [_Write(finite, u, binding) for u in action.updates(self.scope.spec)]
            for field, out in _leaving(gates, writes).items():
                leaves.setdefault(field, []).append(gates.conj([word, out]))
            for position in range(len(now)):
                values = _written(finite, writes, position, now[position])
                if values is not None:
                    after[position][word] = values
        gates.define("gone@1", gates.disj(itertools.chain.from_iterable(leaves.values())))
        for position, chosen in enumerate(after):
            values = self._merged(gates, now[position], chosen)
            gates.lines += self._declare(position, values)
        for claim in _of_kind(self.scope, "step"):
            broken = gates.conj([self._violation(finite, claim), "(not gone@1)"])
            gates.define(self.violated(claim.name, 1), broken)
        for name, field in self.ranges.items():
            gates.define(self.violated(name, 1), gates.disj(leaves.get(field, [])))
        return "\n".join(gates.lines)

    def _enabled(self, finite: Finite, action: Action, binding: Binding) -> str:
        followed = [finite.table(r, binding) for r in action.references(self.scope.spec)]
        conditions = [negate(r.get(None, NO)) for r in followed]
        conditions += [finite.holds(g.condition, binding) for g in action.guards]
        return finite.gates.conj(conditions)

    def _merged(self, gates: Gates, now: Table, chosen: Mapping[str, Table]) -> Table:
        """Return what a place holds after whichever step is chosen, or still holds."""
        kept = gates.conj([negate(word) for word in chosen])
        return {
            value: gates.disj(
                [gates.conj([word, values.get(value, NO)]) for word, values in chosen.items()]
                + [gates.conj([kept, when])]
            )
            for value, when in now.items()
        }


class _Write:
    """One update of a step: where it writes, and what."""

    def __init__(self, finite: Finite, update: Update, binding: Binding) -> None:
        self.field = update.field
        start, index = finite.start[update.field.name], update.index
        elements: Table = {0: YES} if index is None else finite.table(index, binding)
        # Where the step is possible the index is not none.
        self.places = {start + e: when for e, when in elements.items() if isinstance(e, int)}
        self.values = finite.table(update.value, binding)
        self.out = NO
        if isinstance(self.field.type, Nat):
            range_ = range(finite.scope.limit(self.field.type) + 1)
            self.out = finite.gates.disj(t for v, t in self.values.items() if v not in range_)


def _leaving(gates: Gates, writes: Sequence[_Write]) -> dict[str, str]:
    """Return for each number when it is the first that leaves its range in the step."""
    found: dict[str, str] = {}
    earlier: list[str] = []
    for write in writes:
        first = gates.conj([write.out, *(negate(out) for out in earlier)])
        if first != NO:
            found[write.field.name] = gates.disj([found.get(write.field.name, NO), first])
        earlier.append(write.out)
    return found


def _written(finite: Finite, writes: Sequence[_Write], position: int, now: Table) -> Table | None:
    """Return what the place holds after the writes of a step, or None if none writes it."""
    values: Table | None = None
    for write in writes:
        if position in write.places:
            before = now if values is None else values
            values = finite.choose(write.places[position], write.values, before)
    return values


def _of_kind(scope: Scope, kind: str) -> list[Property]:
    return [p for p in scope.spec.properties.values() if p.kind == kind]


def _at(text: str, level: int) -> str:
    return _LEVEL.sub(lambda found: f"@{level + int(found[1])}", text)
