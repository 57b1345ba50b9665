"""The evaluator for any number of elements says what the evaluator of a scope says."""

from collections import Counter
from random import Random

import pytest

from checker.conformance.validating.sparse import Sparse
from spec.language.edited.edits import without
from spec.language.evaluate import Claim, Evaluator, Instance, OutOfRange, instances
from spec.language.scope import Scope, State, Value
from spec.queue import SCOPES
from tests.specs.hotel import INN

SCOPE = SCOPES["whole-deep"]
FAR = 1_000_003
"""Elements of the sparse state are numbered from here: it must not matter which they are."""


class Pair:
    """One state, as a tuple of the scope and as a sparse one."""

    def __init__(self, scope: Scope) -> None:
        self.scope, evaluator = scope, Evaluator(scope)
        self.state: State = evaluator.initial()
        self.sparse = Sparse(scope)
        self.every = instances(evaluator)
        kinds = ("invariant", "step")
        claims = [p for p in scope.spec.properties.values() if p.kind in kinds]
        self.claims = [Claim(evaluator, p) for p in claims]

    def far(self, step: Instance) -> dict[str, int]:
        return {name: int(v or 0) + FAR for name, v in step.step.binding.items()}

    def refused(self, step: Instance) -> str | None:
        want = step.refusal(self.state)
        assert self.sparse.refusal(step.step.action.name, self.far(step)) == want
        return want

    def take(self, step: Instance) -> set[str] | None:
        """Take a possible step; return which properties it breaks, or None if a number leaves its
        range.
        """
        name, binding = step.step.action.name, self.far(step)
        try:
            after = step.after(self.state)
        except OutOfRange as leaving:
            with pytest.raises(OutOfRange) as also:
                self.sparse.effect(name, binding)
            assert also.value.field == leaving.field
            return None
        changes = self.sparse.effect(name, binding)
        sides = zip(self.scope.places, self.state, after, strict=True)
        changed = {place.name for place, old, new in sides if old != new}
        assert {self.near(at) for at in changes} == changed
        self.sparse.take(changes)
        broken = {c.property.name for c in self.claims if c.holds(*self.sides(c, after))}
        found = self.sparse.broken(changes)
        assert (found is None) == (not broken), f"{name}: {found}, but {broken}"
        assert found is None or found.claim.name in broken
        self.state = after
        return broken

    def sides(self, claim: Claim, after: State) -> tuple[State, ...]:
        return (self.state, after) if claim.property.kind == "step" else (after,)

    def near(self, at: int) -> str:
        f, element = self.sparse.place(at)
        if f.over is None:
            return f.name
        return f"{f.name}[{f.over.__name__.lower()}{element - FAR + 1}]"


def walk(pair: Pair, random: Random, taken: Counter[str], steps: int) -> set[str]:
    """Walk at random until something is broken; return what."""
    for _ in range(steps):
        possible = [step for step in pair.every if pair.refused(step) is None]
        weights = [1 / (1 + taken[step.step.action.name]) ** 2 for step in possible]
        (step,) = random.choices(possible, weights)
        taken[step.step.action.name] += 1
        broken = pair.take(step)
        if broken is None or broken:
            return broken or set()
    return set()


@pytest.mark.deep
def test_guards_and_updates_and_claims_are_those_of_the_scope() -> None:
    random, taken = Random(seed := 11), Counter[str]()
    for _ in range(40):
        assert walk(Pair(SCOPE), random, taken, 150) == set(), f"seed {seed}"
    assert taken.keys() == SCOPE.spec.actions.keys()


def test_what_no_element_has_is_in_it_as_well() -> None:
    random, taken = Random(seed := 13), Counter[str]()
    for _ in range(20):
        assert walk(Pair(INN), random, taken, 100) == set(), f"seed {seed}"
    assert taken.keys() == INN.spec.actions.keys()


@pytest.mark.deep
def test_what_breaks_without_a_guard_is_seen_in_both() -> None:
    random = Random(seed := 12)
    broken = Counter[str]()
    for guard in SCOPE.spec.guard_names():
        pair = Pair(SCOPE.on(without(SCOPE.spec, guard)))
        for _ in range(2):
            broken.update(walk(pair, random, Counter(), 50))
            pair = Pair(pair.scope)
    assert len(broken) > 10, f"seed {seed}: {broken}"  # far more than one kind was put to the test


def claimed(sparse: Sparse, number: int, token: int) -> str | None:
    """Let a worker claim the job of its number, which had this token; return what that breaks."""
    steps: tuple[dict[str, tuple[Value, Value]], ...] = (
        {"status": ("absent", "ready"), "token": (0, token)},
        {
            "status": ("ready", "claimed"),
            "lease": ("none", "live"),
            "deadline": ("off", "ahead"),
            "token": (token, 1),
            "pc": ("idle", "claimed"),
            "job": (None, number),
            "held": (0, 1),
        },
    )
    for changes in steps:
        at = {sparse.at(field, number): pair for field, pair in changes.items()}
        sparse.take(at)
    found = sparse.broken(at)
    return None if found is None else found.claim.name


def test_steps_are_told_apart_that_differ_only_in_what_was_before() -> None:
    sparse = Sparse(SCOPES["life"])
    assert claimed(sparse, 1, 0) is None
    assert claimed(sparse, 2, 0) is None  # as the first one
    assert claimed(sparse, 3, 2) == "each_claim_has_a_new_token"
