"""In edited specs the compiled explorer finds the runs of the plain one, however it is shared."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from checker.search.compiled import Tuning, explore, search
from checker.search.plain import explore as explore_plainly
from spec.language.edited.edits import find, without
from spec.language.evaluate import Claim, Evaluator, OutOfRange, instances
from spec.language.scope import Scope
from spec.queue.scopes import requests
from tests.search.small import GUARDS, REQUESTS, WITHOUT, answers, plain_without


@pytest.mark.parametrize(("scope", "guard"), WITHOUT, ids=lambda x: getattr(x, "name", x))
def test_a_guard_switched_off_is_a_guard_left_out(scope: Scope, guard: str) -> None:
    off = explore(scope, off=(guard,), symmetry=False)
    assert answers(plain_without(scope, guard)) == answers(off)


@pytest.mark.deep
@pytest.mark.parametrize("edit", [*GUARDS, "split claim lease", "stale claim.ready"])
def test_edited_specs_agree(edit: str) -> None:
    edited = REQUESTS.on(find(requests, edit))
    assert answers(explore_plainly(edited)) == answers(explore(edited, symmetry=False))


@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize(("scope", "guard"), WITHOUT, ids=lambda x: getattr(x, "name", x))
def test_traces_are_runs_of_the_evaluator_and_shortest(
    scope: Scope, guard: str, symmetry: bool
) -> None:
    found = explore(scope, off=(guard,), symmetry=symmetry)
    assert found.violations and plain_without(scope, guard).violations == found.violations
    evaluator = Evaluator(scope.on(without(scope.spec, guard)))
    steps = {(i.step.action.name, str(i.step.binding)): i for i in instances(evaluator)}
    for name, length in found.violations.items():
        walk = found.walk(name)
        assert len(walk.steps) == length
        assert walk.states[0] == evaluator.initial()
        for k, step in enumerate(walk.steps):
            instance = steps[step.action.name, str(step.binding)]
            assert instance.refusal(walk.states[k]) is None
            if k + 1 < len(walk.states):
                assert instance.after(walk.states[k]) == walk.states[k + 1]
            else:
                with pytest.raises(OutOfRange):
                    instance.after(walk.states[k])
        if not name.startswith("range_"):
            claim = Claim(evaluator, scope.spec.properties[name])
            before = walk.states[-2] if claim.property.kind == "step" else walk.states[-1]
            assert claim.holds(before, walk.states[-1]) is not None


class InTurn(Executor):
    """Lets each helper work before anybody else does."""

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*given, **named))
        return done


@pytest.mark.parametrize("guard", ["settle_done.leased", "recover.expired"])
def test_however_threads_share_the_work_the_same_run_is_told(
    guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    finely = Tuning(batch=1)
    alone = explore(REQUESTS, off=(guard,), threads=1, tuning=finely)
    monkeypatch.setattr(search, "_pool", lambda threads: InTurn())
    monkeypatch.setattr(search, "_SLICE_SECONDS", 0)  # each takes one chunk, and then the next
    together = explore(REQUESTS, off=(guard,), threads=4, tuning=finely)
    assert together.violations == alone.violations
    for name in alone.violations:
        assert together.walk(name) == alone.walk(name)


def test_until_stops_after_the_level_of_the_violation() -> None:
    found = explore(
        REQUESTS, off=("settle_done.fenced",), until=frozenset(["only_the_holder_settles"])
    )
    assert found.stopped_by == "violation"
    assert found.depth <= found.violations["only_the_holder_settles"]
