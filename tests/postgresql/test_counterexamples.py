"""What breaks something without a protection, on PostgreSQL as on SQLite: such a run is refused by
the guard that is missing, and without it as much is broken as the spec says.
"""

import pytest

from checker.conformance.beside_spec import BesideSpec
from checker.runs.trace import binding_of
from impl.derive.design import derive
from impl.postgresql.trial.database import Database
from impl.postgresql.trial.embedded import Server
from spec.failures.edits import NONE, Edits
from tests.counterexamples import APART, GUARDS, counterexample

QUICK = ("claim.ready", "settle_done.fenced", "recover.expired", "grow_old.outlives")
EVERY = [
    *QUICK,
    *(pytest.param(g, marks=pytest.mark.deep) for g in (*GUARDS, *APART) if g not in QUICK),
]


def replayed(server: Server, missing: str, edits: Edits) -> tuple[int, str | None, bool]:
    """Return how many steps of the run without a protection are taken with these edits made, what
    refuses the next one, and whether that is broken which is broken there.
    """
    trace, _ = counterexample(missing)
    scope = edits.on(trace.scope)
    design = derive(scope)
    beside = BesideSpec(design, Database(design, server, checks=False))
    refused = None
    for line in trace.lines:
        action = scope.spec.actions[line.action]
        refused = beside.step(beside.steps.find(action.name, binding_of(scope, action, line)))
        if refused is not None:
            break
    in_range = trace.violated.startswith("range_")
    broken = refused == trace.violated if in_range else beside.broken(trace.violated)
    beside.store.close()
    return beside.taken - (refused is not None), refused, broken


@pytest.mark.parametrize("guard", EVERY)
def test_the_database_refuses_what_the_guard_is_there_for(guard: str, server: Server) -> None:
    trace, _ = counterexample(guard)
    taken, refused, broken = replayed(server, guard, NONE)
    assert (refused, broken) == (guard.split(".")[1], False)
    assert trace.lines[taken].action == guard.split(".")[0]


@pytest.mark.parametrize("edit", [*EVERY, "stale claim.ready", "split claim token"])
def test_the_database_breaks_as_the_spec_does_without_the_protection(
    edit: str, server: Server
) -> None:
    trace, _ = counterexample(edit)
    taken, _, broken = replayed(server, edit, Edits([edit]))
    assert broken
    assert taken == len(trace.lines) - trace.violated.startswith("range_")
