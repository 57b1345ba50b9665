"""TLC, which we did not write, agrees with the plain explorer on the modules we export."""

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.export.tla import spec as tla
from checker.export.tla import tlc
from checker.search.plain import explore
from spec.language.declared.disk import on_a_disk, with_copies
from spec.language.edited.edits import find
from spec.language.evaluate import Evaluator, instances
from spec.language.scope import Scope, State, Value
from spec.language.terms.types import Sort, is_sort
from spec.queue import DEFAULT, SCOPES
from tests.specs.corners import Ball, corners
from tests.specs.ferry import HARBOUR
from tests.specs.hotel import INN
from tests.specs.lease_lock import lease_lock

COMMIT = Scope("commit", commit_protocol, {"Manager": 3})
LOCK = Scope("lock", lease_lock, {"Client": 2, "Tokens": 2})
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 2, "Limit": 1})
FEW_CORNERS = Scope("few corners", corners, {"Ball": 2, "Next": 1, "Limit": 1})


@contextmanager
def needs_tlc() -> Iterator[None]:
    """Skip the test where TLC cannot run, except in CI, which promised to have it."""
    try:
        yield
    except tlc.Missing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


def judged(
    scope: Scope, folder: Path, symmetry: bool = False, liveness: bool = False
) -> tlc.Verdict:
    """Return TLC's verdict on the exported scope."""
    tla.write(scope, folder, "Exported", symmetry)
    if liveness:
        (folder / "Exported.cfg").write_text(tla.config(scope, "Exported", liveness=True))
    with needs_tlc():
        return tlc.run_tlc(folder, "Exported", timeout=1800)


def smallest(scope: Scope) -> Scope:
    """Return a scope of the queue with one job, one failure and one of all else but two workers."""
    least = {name: bound.least for name, bound in scope.spec.constants.items()}
    return Scope(scope.name, scope.spec, {**dict.fromkeys(scope.bounds, 1), **least, "Worker": 2})


def named(scope: Scope) -> str:
    return " ".join([scope.name, *scope.spec.edits]).replace(" ", "-")


def reached(scope: Scope) -> set[State]:
    """Return every reachable state, each element told apart."""
    evaluator = Evaluator(scope)
    steps = instances(evaluator)
    found = {evaluator.initial()}
    waiting = list(found)
    while waiting:
        state = waiting.pop()
        for step in steps:
            if step.refusal(state) is None and (after := step.after(state)) not in found:
                found.add(after)
                waiting.append(after)
    return found


def renamed(scope: Scope, state: State, names: Mapping[type[Sort], tuple[int, ...]]) -> State:
    """Return the state with element `e` of each sort called `names[sort][e]`."""
    position = {(p.field.name, p.element): n for n, p in enumerate(scope.places)}
    other: list[Value] = list(state)
    for place, value in zip(scope.places, state, strict=True):
        f, element = place.field, place.element
        at = None if f.over is None or element is None else names[f.over][element]
        if is_sort(f.type) and value is not None:
            value = names[f.type][int(value)]
        other[position[f.name, at]] = value
    return tuple(other)


def classes(scope: Scope) -> int:
    """Return how many states there are if those that a renaming makes equal count once."""
    sorts = scope.spec.sorts
    orders = [list(itertools.permutations(range(scope.size(sort)))) for sort in sorts]
    ways = [dict(zip(sorts, order, strict=True)) for order in itertools.product(*orders)]
    return len({min(repr(renamed(scope, s, names)) for names in ways) for s in reached(scope)})


# States and depth.


@pytest.mark.deep
def test_tlc_finds_the_same_states_in_every_corner_of_the_language(tmp_path: Path) -> None:
    mine, theirs = explore(FEW_CORNERS), judged(FEW_CORNERS, tmp_path)
    assert (mine.states, mine.depth) == (theirs.distinct, theirs.depth)
    assert (theirs.violated, dict(mine.violations)) == (None, {})
    assert mine.exercised == set(corners.properties)


@pytest.mark.deep
@pytest.mark.parametrize(
    "scope",
    [
        Scope("five managers", commit_protocol, {"Manager": 5}),
        Scope("three clients", lease_lock, {"Client": 3, "Tokens": 4}),
        Scope("three balls", corners, {"Ball": 3, "Next": 1, "Limit": 1}),
        *(
            smallest(scope)
            for scope in {SCOPES[name].spec.name: SCOPES[name] for name in DEFAULT}.values()
        ),
        CORNERS,
        LOCK.on(find(lease_lock, "split acquire works")),
        LOCK.on(find(lease_lock, "stale give_up.refused")),
        INN,
        HARBOUR,
        FEW_CORNERS.on(find(on_a_disk("disk", corners, over=Ball), "weaken put")),
        FEW_CORNERS.on(with_copies("copies", on_a_disk("disk", corners, over=Ball), over=Ball)),
    ],
    ids=named,
)
def test_tlc_finds_the_same_states_in_larger_scopes(scope: Scope, tmp_path: Path) -> None:
    mine, theirs = explore(scope), judged(scope, tmp_path)
    assert (mine.states, mine.depth) == (theirs.distinct, theirs.depth)
    assert (theirs.violated, dict(mine.violations)) == (None, {})


# Symmetry.


def test_with_symmetry_tlc_finds_one_state_of_each_class(tmp_path: Path) -> None:
    assert judged(LOCK, tmp_path, symmetry=True).distinct == classes(LOCK)


@pytest.mark.deep
@pytest.mark.parametrize(
    "scope",
    [
        COMMIT,
        CORNERS,
        Scope("three clients", lease_lock, {"Client": 3, "Tokens": 3}),
        Scope("three balls", corners, {"Ball": 3, "Next": 1, "Limit": 1}),
    ],
    ids=named,
)
def test_with_symmetry_tlc_finds_one_state_of_each_class_elsewhere(
    scope: Scope, tmp_path: Path
) -> None:
    assert judged(scope, tmp_path, symmetry=True).distinct == classes(scope)


# Verdicts.


@pytest.mark.deep
def test_tlc_finds_the_stale_write_in_as_many_steps(tmp_path: Path) -> None:
    broken = LOCK.on(find(lease_lock, "write.fenced"))
    theirs = judged(broken, tmp_path)
    assert (theirs.violated, theirs.steps) == ("the_newest_write_stays", 5)
    assert explore(broken).violations["the_newest_write_stays"] == 5


@pytest.mark.deep
@pytest.mark.parametrize("symmetry", [False, True], ids=["plain", "symmetric"])
@pytest.mark.parametrize(
    ("scope", "edit", "violated"),
    [
        (COMMIT, "decide_commit.all_prepared", "all_agree"),
        (LOCK, "write.fenced", "the_newest_write_stays"),
        (LOCK, "acquire.free", "leases_are_respected"),
        (LOCK, "acquire.tokens_left", "TypeOK"),
        (LOCK, "stale acquire.free", "leases_are_respected"),
        (LOCK, "stale write.fenced", "the_newest_write_stays"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_tlc_finds_each_mutant_in_as_many_steps(
    scope: Scope, edit: str, violated: str, symmetry: bool, tmp_path: Path
) -> None:
    broken = scope.on(find(scope.spec, edit))
    theirs, mine = judged(broken, tmp_path, symmetry), explore(broken).violations
    # A number out of its range: the explorer names the field, TLC the type invariant.
    steps = mine["range_last_token"] if violated == "TypeOK" else mine[violated]
    assert (theirs.violated, theirs.steps) == (violated, steps)


@pytest.mark.deep
def test_tlc_agrees_that_work_ends_and_only_while_clients_give_up(tmp_path: Path) -> None:
    assert judged(LOCK, tmp_path, liveness=True).violated is None
    others = {name: a for name, a in lease_lock.actions.items() if name != "give_up"}
    stuck = LOCK.on(lease_lock.edited("nobody gives up", actions=others))
    assert judged(stuck, tmp_path, liveness=True).violated == "liveness"


@pytest.mark.deep
@pytest.mark.parametrize(("edit", "violated"), [("", None), ("weakly recover", "liveness")])
def test_tlc_agrees_that_recovery_has_to_be_strongly_fair(
    edit: str, violated: str | None, tmp_path: Path
) -> None:
    bounds = {
        "Job": 2,
        "Worker": 1,
        "Recoverer": 1,
        "MaxFails": 1,
        "MaxInterrupts": 1,
        "Histories": 0,
    }
    scope = Scope("distracted", SCOPES["requests"].spec, bounds)
    less = scope.on(find(scope.spec, edit)) if edit else scope
    assert judged(less, tmp_path, liveness=True).violated == violated
