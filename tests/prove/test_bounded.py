"""z3 and the explorers find the same: the same shortest violations, and the same states."""

import os
import signal
import threading
from collections.abc import Mapping

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.prove.bmc import search as bounded
from checker.prove.bmc.search import Runs, search
from checker.prove.bmc.unrolling import Unrolled
from checker.prove.obligations import Prover
from checker.prove.solvers import z3_solver
from checker.runs.trace import Diverged
from checker.search import memo, plain
from spec.language.edited.edits import find
from spec.language.misuse import Misuse
from spec.language.scope import Scope, State
from spec.queue import DEFAULT, SCOPES
from spec.queue.scopes import life
from tests.language.declared.test_disk import shop
from tests.language.test_edits import till
from tests.specs.corners import corners
from tests.specs.lamps import SHOP, STREET
from tests.specs.lease_lock import lease_lock

LOCK = Scope("lock", lease_lock, {"Client": 2, "Tokens": 2})
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 1, "Limit": 1})
TILL = Scope("till", till, {"Clerk": 2, "Order": 2})
ON_DISK = Scope("shop", shop, {"Clerk": 2, "Order": 2})
ONE = Scope("one", life, dict.fromkeys(["Job", "Worker", "Recoverer"], 1) | {
    "MaxFails": 1, "MaxInterrupts": 1, "Histories": 0,
})  # fmt: skip


def commit(managers: int) -> Scope:
    return Scope("commit", commit_protocol, {"Manager": managers})


def edited(scope: Scope, edit: str) -> Scope:
    return scope.on(find(scope.spec, edit))


def shortest(violations: Mapping[str, int]) -> tuple[int, set[str]]:
    """Return the length of the shortest violations, and what runs of that length violate."""
    least = min(violations.values())
    return least, {name for name, steps in violations.items() if steps == least}


def same_as(violations: Mapping[str, int], scope: Scope) -> None:
    """Fail unless z3 finds the shortest violations of all, and of each property by itself."""
    assert violations, "without a violation there is nothing to compare"
    deepest = max(violations.values())
    found = search(scope, deepest)
    assert (found.depth, set(found.violated)) == shortest(violations)
    for name, steps in violations.items():
        found = search(scope, deepest, frozenset([name]))
        assert (found.depth, found.violated) == (steps, (name,)), name
        assert found.walk is not None
        assert len(found.walk.steps) == steps


def missing(guard: str) -> tuple[Scope, Mapping[str, int]]:
    """Return the smallest scope that misses the guard, without it, and what is violated there."""
    scopes = [SCOPES[name] for name in DEFAULT if guard in SCOPES[name].spec.guard_names()]
    for scope in sorted(scopes, key=lambda s: memo.look(s).states):
        violations = memo.look(scope, (guard,)).violations
        if violations:
            return edited(scope, guard), violations
    raise AssertionError(f"nobody misses {guard}")


# ---------------------------------------------------------------- the same shortest violations

GUARDS = sorted({g for name in DEFAULT for g in SCOPES[name].spec.guard_names()})
SHALLOW = ["claim.ready", "confirm.stored", "enqueue.new_key", "heartbeat.in_time", "start.leased",
           "settle_done.evidence", "record.second"]  # fmt: skip


@pytest.mark.parametrize("guard", SHALLOW)
def test_without_a_guard_of_the_queue_the_first_violations_are_the_explorers(guard: str) -> None:
    scope, violations = missing(guard)
    found = search(scope, 10)
    assert (found.depth, set(found.violated)) == shortest(violations)


@pytest.mark.deep
@pytest.mark.parametrize("guard", GUARDS)
def test_without_a_guard_of_the_queue_every_violation_is_as_short(guard: str) -> None:
    scope, violations = missing(guard)
    same_as(violations, scope)


@pytest.mark.parametrize(
    ("scope", "edit"),
    [
        *[(LOCK, guard) for guard in ("acquire.free", "acquire.tokens_left", "write.fenced")],
        *[(LOCK, f"split acquire {field}") for field in ("last_token", "token")],
        (LOCK, "split write newest"),
        (LOCK, "stale acquire.free"),
        (TILL, "split settle sent"),
        (ON_DISK, "weaken settle"),
        (STREET, "sell.dark"),
        (commit(2), "decide_commit.all_prepared"),
        *[(CORNERS, f"{how}WF_paint{what}") for how, what in [("", ".open"), ("split ", " vars")]],
    ],
)
def test_without_a_protection_every_violation_is_as_short(scope: Scope, edit: str) -> None:
    broken = edited(scope, edit)
    same_as(plain.explore(broken).violations, broken)


@pytest.mark.deep
@pytest.mark.parametrize("edit", ["split claim lease", "split claim token"])
def test_in_a_torn_claim_every_violation_is_as_short(edit: str) -> None:
    broken = edited(SCOPES["one-job"], edit)
    same_as(memo.look(broken).violations, broken)


@pytest.mark.parametrize(("scope", "depth"), [(LOCK, 8), (SHOP, 5), (commit(3), 11), (ONE, 12)])
def test_a_sound_scope_has_no_violation(scope: Scope, depth: int) -> None:
    assert plain.explore(scope).depth <= depth
    found = search(scope, depth)
    assert (found.depth, found.violated, found.walk, found.stopped_by) == (depth, (), None, None)


# ---------------------------------------------------------------- the same states


SMALL_TILL = edited(Scope("till", till, {"Clerk": 1, "Order": 2}), "split settle sent")


def reachable(scope: Scope) -> tuple[set[State], int]:
    """Return every state that z3 finds, and the steps to the farthest one.

    Runs of each length are asked for one that ends in a new state, until there is none.
    """
    runs = Runs(Unrolled(scope))
    known = {runs.state(0)} if runs.possible("true") else set()
    while True:
        before = len(known)
        runs.extend()
        runs.say(
            "(push)", f"(assert (not gone@{runs.level}))", *(ends_elsewhere(runs, s) for s in known)
        )
        while runs.possible("true"):
            new = runs.state(runs.level)
            assert new not in known
            known.add(new)
            runs.say(ends_elsewhere(runs, new))
        runs.say("(pop)")
        if len(known) == before:
            return known, runs.level - 1


def ends_elsewhere(runs: Runs, state: State) -> str:
    return f"(assert (not (and {' '.join(runs.unrolled.conditions(runs.level, state))})))"


def test_two_phase_commit_of_3_managers_has_288_states() -> None:
    # The number is in the manifest of Lamport's TwoPhase among the TLA+ examples.
    states, depth = reachable(commit(3))
    assert (len(states), depth) == (288, plain.explore(commit(3)).depth)


@pytest.mark.parametrize("scope", [LOCK, SHOP, ONE, SMALL_TILL])
def test_z3_reaches_as_many_states_as_the_explorer(scope: Scope) -> None:
    states, depth = reachable(scope)
    found = plain.explore(scope)
    assert found.symmetry == ()
    assert (len(states), depth) == (found.states, found.depth)


# ---------------------------------------------------------------- what a search says

FENCELESS = edited(LOCK, "write.fenced")


def test_the_path_is_a_run_of_the_evaluator() -> None:
    found = search(FENCELESS, 8, frozenset(["the_storage_goes_forward"]))
    assert found.walk is not None
    # As Kleppmann draws it; the clients may be the other way round.
    story = [s.action.name for s in found.walk.steps]
    assert story == ["acquire", "expire", "acquire", "write", "write"]
    one, two = (s.binding["c"] for s in found.walk.steps if s.action.name == "write")
    assert one != two
    assert len(found.walk.states) == len(found.walk.steps) + 1


def test_where_a_number_leaves_its_range_there_is_no_last_state() -> None:
    found = search(edited(LOCK, "acquire.tokens_left"), 8)
    assert found.violated == ("range_last_token",)
    assert found.walk is not None
    assert len(found.walk.states) == len(found.walk.steps) == found.depth


def test_a_run_that_is_none_is_refused() -> None:
    texts = Unrolled(FENCELESS)
    walk = search(FENCELESS, 8).walk
    assert walk is not None
    numbers = {(a.name, *b.values()): i for i, (a, b) in enumerate(texts.steps)}
    chosen = [numbers[s.action.name, *s.binding.values()] for s in walk.steps]
    claim = "the_storage_goes_forward"
    assert bounded.replay(texts, chosen, walk.states, claim) == walk
    with pytest.raises(Diverged, match=r"step 1 .* refused for 'works'"):
        bounded.replay(texts, chosen[::-1], walk.states, claim)
    with pytest.raises(Diverged, match="part within"):
        bounded.replay(texts, chosen, walk.states[::-1], claim)
    for other in ("tokens_are_not_shared", "range_newest"):
        with pytest.raises(Diverged, match=f"does not violate {other}"):
            bounded.replay(texts, chosen, walk.states, other)


def test_what_is_asked_too_shallow_is_not_found() -> None:
    steps, _ = shortest(plain.explore(FENCELESS).violations)
    assert search(FENCELESS, steps - 1).violated == ()
    assert search(FENCELESS, steps).violated != ()


def test_progress_is_told_at_each_depth() -> None:
    told: list[int] = []
    search(SHOP, 3, report=lambda depth, seconds: told.append(depth))
    assert told == [0, 1, 2, 3]


def test_a_limit_of_time_is_kept_and_named() -> None:
    found = search(SCOPES["whole"], 60, max_seconds=0.5)
    assert (found.stopped_by, found.violated) == ("max-seconds", ())
    assert found.depth < 60


def test_an_interrupt_ends_the_search_and_keeps_what_is_known() -> None:
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))

    def begun(depth: int, seconds: float) -> None:
        if depth == 8:
            timer.start()

    found = search(SCOPES["whole"], 200, report=begun)
    timer.join()
    assert (found.stopped_by, found.violated, found.walk) == ("interrupt", (), None)
    assert 8 <= found.depth < 200


def test_a_search_leaves_nothing_behind_for_the_proofs() -> None:
    search(SHOP, 2)
    claim = next(iter(Prover(lease_lock).all()))
    assert z3_solver.decide(claim.text).verdict == "proved"


def test_what_cannot_be_violated_is_bad_usage() -> None:
    with pytest.raises(Misuse, match=r"'sold_lamps_are_drak'.*sold_lamps_are_dark"):
        search(SHOP, 2, frozenset(["sold_lamps_are_drak"]))
    with pytest.raises(Misuse, match="broken_lamps_are_mended"):
        search(SHOP, 2, frozenset(["broken_lamps_are_mended"]))
    with pytest.raises(Misuse, match="-1 steps"):
        search(SHOP, -1)
