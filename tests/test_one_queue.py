"""There is one queue: whatever modules are in force, one step claims, one settles as done, and one
as failed. Which steps these are is read from what they write.
"""

import pytest

from spec.failures.edits import Edits
from spec.language import Spec
from spec.language.terms.expr import Add, Const, Expr
from spec.language.terms.tree import walk
from spec.queue import SCOPES
from spec.queue.lease import lease


def on_the_core(spec: Spec) -> bool:
    return spec is lease or any(map(on_the_core, spec.extends))


def says(value: Expr, member: str) -> bool:
    return any(isinstance(e, Const) and e.value == member for e in walk(value))


def adds(value: Expr) -> bool:
    return any(isinstance(e, Add) for e in walk(value))


def writers(spec: Spec) -> dict[str, list[str]]:
    """Return the steps, faults aside, that may move a job to claimed, to done, or count a
    failure of it.
    """
    found: dict[str, list[str]] = {"claims": [], "settles as done": [], "settles as failed": []}
    for action in spec.actions.values():
        written = {u.field.name: u.value for u in action.updates(spec) if not action.fault}
        for what, field, does in (
            ("claims", "status", lambda value: says(value, "claimed")),
            ("settles as done", "status", lambda value: says(value, "done")),
            ("settles as failed", "fails", adds),
        ):
            if field in written and does(written[field]):
                found[what].append(action.name)
    return found


def test_every_scope_is_on_the_core() -> None:
    assert [scope.name for scope in SCOPES.values() if not on_the_core(scope.spec)] == []


@pytest.mark.parametrize("name", sorted(SCOPES))
def test_one_step_claims_one_settles_as_done_and_one_as_failed(name: str) -> None:
    """In every scope they are the same three."""
    assert writers(SCOPES[name].spec) == writers(lease)
    assert [len(steps) for steps in writers(lease).values()] == [1, 1, 1]


def test_a_second_step_that_claims_is_seen() -> None:
    early = Edits.parse(["instead claim acknowledge_early"]).made(SCOPES["one-job"].spec)
    assert writers(early)["claims"] == []
    assert writers(early)["settles as done"] == ["claim", "settle_done"]
