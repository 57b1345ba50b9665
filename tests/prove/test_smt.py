"""The SMT-LIB text means what the evaluator says: the same guards, steps and claims in the same
states, decided by both solvers.

The evaluator shares no code with the printer. A state is told to the solvers field by field; then
they are asked whether anything that is printed has another value than the evaluator gives it.
"""

import contextlib
import random
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from checker.prove.obligations import Prover
from checker.prove.solvers import cvc5_solver, z3_solver
from checker.prove.solvers.smt import Names, Smt, Taken, after, as_named, ascii_only
from spec.language import Enum, Misuse
from spec.language.declared.model import Spec
from spec.language.evaluate import Claim, Evaluator, Instance, OutOfRange, instances
from spec.language.scope import Scope, State, Value, element_name
from spec.language.terms.expr import Read, Var
from spec.language.terms.types import Type, is_enum, is_sort
from spec.queue.reference import whole
from tests.specs.corners import corners
from tests.specs.lease_lock import lease_lock
from tests.specs.permits import PERMITS

SEED = 20_261_124
QUEUE = {"Job": 2, "Worker": 2, "Recoverer": 1, "MaxFails": 1, "MaxInterrupts": 2, "Histories": 0}
SCOPES = [
    Scope("queue", whole, QUEUE),
    Scope("corners", corners, {"Ball": 2, "Next": 2, "Limit": 1}),
    PERMITS,
    Scope("lock", lease_lock, {"Client": 2, "Tokens": 2}),
]


class Told:
    """A concrete state as assertions about the symbols of the printer."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.smt = scope, Smt(scope.spec)
        self.evaluator = Evaluator(scope)

    def lines(self, state: State) -> list[str]:
        found = ["(set-logic ALL)", *self.smt.declarations()]
        for name in self.scope.spec.constants:
            found.append(f"(assert (= {name} {self.scope.bounds[name]}))")
        for sort in self.scope.spec.sorts:
            names = [element_name(sort, e) for e in range(self.scope.size(sort))]
            found += [f"(declare-const {n} {sort.__name__})" for n in names]
            every = [*names, *([f"no.{sort.__name__}"] if sort in self.smt.optional else [])]
            if len(every) > 1:
                found.append(f"(assert (distinct {' '.join(every)}))")
            either = " ".join(f"(= ?x {n})" for n in every)
            found.append(f"(assert (forall ((?x {sort.__name__})) (or {either})))")
            found += self.smt.counts.among(sort, names)
        return [*found, *(f"(assert {equal})" for equal in self.equalities(state, None))]

    def equalities(self, state: State, step: Taken | None) -> Iterator[str]:
        for place, value in zip(self.scope.places, state, strict=True):
            over, index, names = place.field.over, None, {}
            if over is not None:
                index, names = Var("x", over), {"x": self.word(over, place.element)}
            read = self.smt.term(Read(place.field, index, step is not None), names, step)
            yield f"(= {read} {self.word(place.field.type, value)})"

    def word(self, t: Type, value: Value) -> str:
        if is_sort(t):
            return f"no.{t.__name__}" if value is None else element_name(t, value)
        if is_enum(t):
            return f"{t.__name__}.{value}"
        return str(value).lower()

    def facts(self, state: State, steps: list[Instance]) -> Iterator[str]:
        """Yield what the evaluator says, as formulas that must be true in the state."""
        prover = Prover(self.scope.spec)
        for claim in self.scope.spec.properties.values():
            if claim.kind in ("invariant", "lemma"):
                holds = Claim(self.evaluator, claim).holds(state) is None
                yield self.said(self.smt.closed(claim.params, claim.body), holds)
        for step in steps:
            action, binding = step.step.action, step.step.binding
            names = {p.name: self.word(p.type, binding[p.name]) for p in action.params}
            enabled = step.refusal(state) is None
            conditions = [self.smt.term(c, names) for _, c in prover.enabling(action)]
            yield self.said(f"(and true {' '.join(conditions)})", enabled)
            if enabled:
                yield from self.taken(state, step, Taken(action, names))

    def taken(self, state: State, step: Instance, taken: Taken) -> Iterator[str]:
        try:
            following = step.after(state)
        except OutOfRange:
            return
        yield from self.equalities(following, taken)
        for claim in self.scope.spec.properties.values():
            if claim.kind == "step":
                body = self.smt.closed(claim.params, claim.body, taken)
                plain = [b(state, following) for _, b, _ in Claim(self.evaluator, claim).cases]
                yield self.said(body, all(plain))
            elif claim.kind == "invariant":
                body = self.smt.closed(claim.params, after(claim.body), taken)
                yield self.said(body, Claim(self.evaluator, claim).holds(following) is None)

    def said(self, formula: str, true: bool) -> str:
        return formula if true else f"(not {formula})"

    def question(self, state: State, steps: list[Instance]) -> str:
        """Return the text that has no model exactly if the printer agrees with the evaluator."""
        facts = " ".join(self.facts(state, steps))
        lines = [*self.lines(state), f"(assert (not (and {facts})))", "(check-sat)", ""]
        return ascii_only("\n".join(lines))


def visited(scope: Scope, count: int, chance: random.Random) -> list[State]:
    """Return states all over a scope, of runs that go where they have not been; in every other one
    a value is made up, so that claims which no run breaks are seen broken.
    """
    evaluator = Evaluator(scope)
    steps = instances(evaluator)
    left = [evaluator.initial()]
    seen = dict.fromkeys(left)
    while left and len(seen) < 50 * count:
        # The last one mostly, so that runs get far.
        state = left.pop(chance.choice([-1, -1, -1, chance.randrange(len(left))]))
        for step in chance.sample(steps, len(steps)):
            with contextlib.suppress(OutOfRange):
                if step.refusal(state) is None and step.after(state) not in seen:
                    left.append(step.after(state))
                    seen[left[-1]] = None
    found = chance.sample(list(seen), min(count, len(seen)))
    for i, state in enumerate(found[::2]):
        at = chance.randrange(len(state))
        value = chance.choice(list(seen))[at]
        found[2 * i] = (*state[:at], value, *state[at + 1 :])
    return found


@pytest.mark.parametrize(
    ("solver", "states"),
    [(z3_solver, 2), (cvc5_solver, 1), pytest.param(z3_solver, 30, marks=pytest.mark.deep)],
)
@pytest.mark.parametrize("scope", SCOPES, ids=lambda s: s.name)
def test_both_solvers_give_what_is_printed_the_values_of_the_evaluator(
    scope: Scope, solver: ModuleType, states: int
) -> None:
    told = Told(scope)
    steps = instances(told.evaluator)
    for state in visited(scope, states, random.Random(SEED)):
        said = solver.decide(told.question(state, steps)).verdict
        assert said == "proved", (SEED, scope.name, state)


@pytest.mark.parametrize("scope", SCOPES, ids=lambda s: s.name)
def test_the_text_that_tells_a_state_has_a_model(scope: Scope) -> None:
    # Else the test above would pass whatever is printed.
    told = Told(scope)
    text = ascii_only("\n".join([*told.lines(told.evaluator.initial()), "(check-sat)", ""]))
    assert z3_solver.decide(text).verdict == "refuted"


def lose_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Smt._read

    def fault(self: Smt, e: Read, names: Names, step: Taken | None) -> str:
        after_too = e.after and e.field.name not in ("status", "vars")
        return read(self, Read(e.field, e.index, after_too), names, step)

    monkeypatch.setattr(Smt, "_read", fault)


def lose_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    every = Prover.enabling
    monkeypatch.setattr(Prover, "enabling", lambda self, action: every(self, action)[:-1])


def leave_none_open(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Smt.declarations
    monkeypatch.setattr(
        Smt, "declarations", lambda self: [x for x in said(self) if ".vars no.Next)" not in x]
    )


@pytest.mark.parametrize("fault", [lose_updates, lose_guards, leave_none_open])
def test_a_fault_in_the_printer_is_found(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    told = Told(SCOPES[1])
    steps = instances(told.evaluator)
    states = visited(SCOPES[1], 12, random.Random(SEED))
    verdicts = [z3_solver.decide(told.question(state, steps)).verdict for state in states]
    assert "refuted" in verdicts


def test_names_outside_ascii_come_back_as_they_were() -> None:
    assert ascii_only("all.größe") == "all.gr~f6~~df~e"
    assert as_named("all.gr~f6~~df~e") == "all.größe"


def test_two_types_of_one_name_are_refused() -> None:
    class Ball(Enum):
        """Called as a sort is."""

        red = "a colour"

    spec = Spec("confused", corners)
    spec.durable("shade", None, Ball, Ball.red, "what it looks like")
    with pytest.raises(Misuse, match="two types are called 'Ball'"):
        Smt(spec)
