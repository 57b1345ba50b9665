"""Scopes whose fair runs are known, and what two readers say of them: they must agree."""

from __future__ import annotations

from checker.runs.lasso import Decision, judge
from checker.search import fair_cycles, liveness
from spec.language import Spec
from spec.language.edited.edits import find
from spec.language.scope import Scope
from spec.queue.scopes import life, requests
from tests.specs.corners import corners
from tests.specs.lease_lock import lease_lock

LOCK = Scope("lock", lease_lock, {"Client": 2, "Tokens": 2})
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 2, "Limit": 1})
FEW = {"Job": 2, "Worker": 1, "Recoverer": 1, "MaxFails": 1, "MaxInterrupts": 1, "Histories": 0}
DISTRACTED = Scope("distracted", requests, FEW)
STUCK = Scope("stuck", life, FEW)


OPEN = -1


def outcome(scope: Scope, decided: dict[str, Decision]) -> dict[str, int | None]:
    """Return for each property the length of the stem that violates it, judged by the evaluator,
    None if it holds, or `OPEN` if a number that leaves its range leaves it open.
    """
    found: dict[str, int | None] = {}
    for name, decision in decided.items():
        assert (decision.verdict == "violated") == (decision.lasso is not None)
        found[name] = None if decision.verdict == "holds" else OPEN
        if decision.lasso is not None:
            judge(scope, decision.lasso, scope.spec.properties[name])
            found[name] = len(decision.lasso.stem)
    return found


def alike(scope: Scope) -> dict[str, int | None]:
    """Return what both readers say of the scope."""
    plain = outcome(scope, liveness.decide(scope))
    assert outcome(scope, fair_cycles.decide(scope, threads=2)) == plain
    return plain


def edited(spec: Spec, *edits: str) -> Spec:
    for edit in edits:
        spec = find(spec, edit)
    return spec
