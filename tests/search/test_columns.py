"""Columns of values say of many states at once what the evaluator says of each."""

from random import Random
from typing import Any

import numpy as np
import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.prove.lemmas.atoms import shapes
from checker.runs.exploration import Limits
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.states import states
from checker.search.plain import _Search
from checker.search.vectorised import Columns, Reader
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope
from spec.language.terms.types import Nat, is_sort
from tests.expressions import BOX, BOXES, HAND, random_expression
from tests.specs.corners import corners
from tests.specs.lease_lock import lease_lock
from tests.specs.permits import PERMITS

LOCK = Scope("lease lock", lease_lock, {"Client": 2, "Tokens": 3})
COMMIT = Scope("two-phase commit", commit_protocol, {"Manager": 3})
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 2, "Limit": 1})


@pytest.mark.parametrize("scope", [LOCK, CORNERS, COMMIT, PERMITS], ids=lambda s: s.name)
def test_claims_and_atoms_are_true_in_the_states_that_the_evaluator_names(scope: Scope) -> None:
    layout, packed = states(scope)
    reader, columns, evaluator = Reader(layout), Columns(layout, packed), Evaluator(scope)
    search = _Search(scope, (), None)
    search.run(Limits(), frozenset())
    rows = {tuple(map(int, row)): i for i, row in enumerate(packed)}
    known = [(s, rows[layout.pack(s)]) for s in search.came_from if layout.pack(s) in rows]
    assert len(known) == len(rows) > 50
    claims = [p for p in scope.spec.properties.values() if p.kind in ("invariant", "sometimes")]
    bodies = [(p.params, p.body) for p in claims]
    bodies += [(shape.params, atom) for shape in shapes(scope.spec) for atom in shape.atoms]
    for params, body in bodies:
        for binding in scope.bindings(params):
            column, meaning = reader.truth(body, binding, columns), evaluator.meaning(body, binding)
            assert [bool(meaning(s, s)) for s, _ in known] == [bool(column[i]) for _, i in known]


@pytest.mark.parametrize("seed", range(40))
def test_random_conditions_are_true_in_the_states_that_the_evaluator_names(seed: int) -> None:
    random, layout, evaluator = Random(seed), Layout(BOXES), Evaluator(BOXES)

    def value(t: Any) -> Any:
        if isinstance(t, Nat):
            return random.randrange(4)
        return random.choice([*BOXES.choices(t), None] if is_sort(t) else BOXES.choices(t))

    chosen = [tuple(value(p.field.type) for p in BOXES.places) for _ in range(20)]
    columns = Columns(layout, np.array([layout.pack(s) for s in chosen], np.int64))
    e = random_expression(random, bool, 4)
    for binding in BOXES.bindings((BOX, HAND)):
        meaning = evaluator.meaning(e, binding)
        expected = [bool(meaning(s, s)) for s in chosen]
        assert Reader(layout).truth(e, binding, columns).tolist() == expected, str(e)
