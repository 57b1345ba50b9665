"""The smallest model of an obligation that fails: few elements, small constants, and a state that
is as near to the initial one as it can be.

Each sort is given as many elements as names are declared for it, so that the model is a state of a
scope in which nothing is left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from checker.prove.obligations import START, Prover, ranges
from checker.prove.solvers import z3_solver
from checker.prove.solvers.smt import Taken, after, as_named, ascii_only
from checker.prove.solvers.values import show
from spec.language.scope import Place, Scope, State, Value
from spec.language.terms.expr import Expr, Read, Var
from spec.language.terms.types import Nat, Sort, Type, is_enum, is_sort

SIZE_MAX = 4
"""So many elements of each sort are tried."""

_NEAR = 4
"""So many values above the least are tried for a constant."""

Valued = dict[str, Value]


@dataclass(frozen=True)
class Model:
    """What z3 makes of an obligation that fails: a scope, a step of it, and where the claim
    fails.

    `after` is the state after the step as the prover prints it, which nobody has checked yet.
    """

    scope: Scope
    params: Valued
    binding: Valued
    before: State
    after: State


def smallest(prover: Prover, name: str) -> Model | None:
    """Return the smallest model of the obligation; None if it has none, or none with so few
    elements.
    """
    return _Search(prover, name).model()


class _Search:
    """Puts wishes to z3 one after the other, and keeps those that leave a model."""

    def __init__(self, prover: Prover, name: str) -> None:
        where, wanted = name.split("/")
        self.spec, self.smt = prover.spec, prover.smt
        self.action = None if where == START else self.spec.actions[where]
        every = (*ranges(self.spec), *self.spec.properties.values())
        self.claim = next(p for p in every if p.name == wanted)
        self.text = prover.obligation(name).text
        self.step = None
        if self.action is not None:
            self.step = Taken(self.action, self.smt.parameters(self.action.params, where)[1])
        self.asked = self.smt.parameters(self.claim.params, "for")[1]
        self.fresh = False

    def model(self) -> Model | None:
        z3_solver.begin("(set-option :produce-models true)")
        if z3_solver.run(self.text) == "unsat":
            return None
        scope = self._sized()
        if scope is None:
            return None
        scope = Scope(scope.name, self.spec, {**scope.bounds, **self._constants()})
        for wish in (self._in_range(), *self._named()):
            self._grant(wish)
        for place in scope.places:
            self._settle(place)
        return self._read(scope)

    # ---------------------------------------------------------------- wishes
    def _grant(self, *wishes: str) -> bool:
        """Return whether there is a model in which the wishes come true; then they stay."""
        z3_solver.run(ascii_only("(push)\n" + "\n".join(wishes)))
        self.fresh = z3_solver.run("(check-sat)") == "sat"
        if not self.fresh:
            z3_solver.run("(pop)")
        return self.fresh

    def _sized(self) -> Scope | None:
        """Grant the fewest elements there can be; return the scope, its constants not chosen."""
        sorts = self.spec.sorts
        sizes = itertools.product(range(1, SIZE_MAX + 1), repeat=len(sorts))
        for size in sorted(sizes, key=sum):
            wishes = [w for sort, n in zip(sorts, size, strict=True) for w in self._only(sort, n)]
            if self._grant(*wishes):
                bounds = {sort.__name__: n for sort, n in zip(sorts, size, strict=True)}
                least = {name: bound.least for name, bound in self.spec.constants.items()}
                return Scope(self.spec.name, self.spec, {**bounds, **least})
        return None

    def _only(self, sort: type[Sort], size: int) -> Iterator[str]:
        """Yield the wish that the sort has these elements, and none but these."""
        some = [_element(sort, i) for i in range(size)]
        for symbol in some:
            yield f"(declare-const {symbol} {sort.__name__})"
        every = [f"no.{sort.__name__}", *some] if sort in self.smt.optional else some
        either = " ".join(f"(= ?x {symbol})" for symbol in every)
        yield f"(assert (forall ((?x {sort.__name__})) (or {either})))"
        if len(every) > 1:
            yield f"(assert (distinct {' '.join(every)}))"
        yield from self.smt.counts.among(sort, some)

    def _constants(self) -> dict[str, int]:
        """Grant each constant the least value it can have."""
        for name, bound in self.spec.constants.items():
            for value in range(bound.least, bound.least + _NEAR):
                if self._grant(f"(assert (= {name} {value}))"):
                    break
        names = list(self.spec.constants)
        return {n: int(v) for n, v in zip(names, self._values(names), strict=True)}

    def _in_range(self) -> str:
        """Return the wish that each number is in its range, but for the one that is claimed to
        be.
        """
        parts = ["true"]
        for p in ranges(self.spec):
            parts.append(self.smt.closed(p.params, p.body))
            if self.step is not None and p.name != self.claim.name:
                parts.append(self.smt.closed(p.params, after(p.body), self.step))
        return f"(assert (and {' '.join(parts)}))"

    def _named(self) -> Iterator[str]:
        """Yield the wishes that parameters are the first element of their sort."""
        params = (
            [] if self.step is None else [(p, self.step.names) for p in self.step.action.params]
        )
        for p, names in (*params, *((p, self.asked) for p in self.claim.params)):
            if is_sort(p.type):
                yield f"(assert (= {names[p.name]} {_element(p.type, 0)}))"

    def _settle(self, place: Place) -> None:
        """Grant the place its initial value, or else the least number there can be."""
        here = self._term(place, False)
        if self._grant(f"(assert (= {here} {self.smt.term(place.field.initial, {})}))"):
            return
        if isinstance(place.field.type, Nat):
            for number in range(int(self._values([here])[0])):
                if self._grant(f"(assert (= {here} {number}))"):
                    return

    # ---------------------------------------------------------------- what the model says
    def _term(self, place: Place, later: bool) -> str:
        f = place.field
        index: Expr | None = None if f.over is None else Var("x", f.over)
        names = {} if f.over is None else {"x": _element(f.over, place.element or 0)}
        return self.smt.term(Read(f, index, later), names, self.step)

    def _values(self, terms: list[str]) -> list[str]:
        if not self.fresh:
            # A wish that is taken back takes the model with it.
            self.fresh = z3_solver.run("(check-sat)") == "sat"
        found = z3_solver.read([ascii_only(term) for term in terms])
        return [as_named(show(value)) for value in found]

    def _read(self, scope: Scope) -> Model:
        elements = self._elements(scope)

        def valued(terms: list[str], types: list[Type]) -> list[Value]:
            words = self._values(terms)
            return [_value(w, t, elements) for w, t in zip(words, types, strict=True)]

        def bound(names: dict[str, str], types: dict[str, Type]) -> Valued:
            found = valued(list(names.values()), [types[n] for n in names])
            return dict(zip(names, found, strict=True))

        places = scope.places
        types = [place.field.type for place in places]
        before = tuple(valued([self._term(p, False) for p in places], types))
        params, later = {}, before
        if self.step is not None:
            kinds = {p.name: p.type for p in self.step.action.params}
            params = bound(dict(self.step.names), kinds)
            later = tuple(valued([self._term(p, True) for p in places], types))
        binding = bound(self.asked, {p.name: p.type for p in self.claim.params})
        return Model(scope, params, binding, before, later)

    def _elements(self, scope: Scope) -> dict[str, Value]:
        """Return which element each value of the model is; none among them."""
        known: dict[str, Value] = {}
        for sort in self.spec.sorts:
            known |= {_element(sort, i): i for i in range(scope.size(sort))}
            if sort in self.smt.optional:
                known[f"no.{sort.__name__}"] = None
        return dict(zip(self._values(list(known)), known.values(), strict=True))


def _element(sort: type[Sort], i: int) -> str:
    # No field begins with a digit, so no other symbol is called so.
    return f"{sort.__name__}.{i + 1}"


def _value(word: str, t: Type, elements: dict[str, Value]) -> Value:
    """Return what the solver's word means."""
    if is_sort(t):
        return elements[word]
    if is_enum(t):
        return word.removeprefix(f"{t.__name__}.")
    return word == "true" if t is bool else int(word)
