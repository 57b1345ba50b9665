"""The compiled explorer gives the answers of the plain one, however tuned and however packed."""

from __future__ import annotations

import platform
import struct
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from checker.runs.exploration import Exploration, Interrupted, Limits, Progress
from checker.search.compiled import TooWide, Tuning, explore, search
from checker.search.compiled.code import kept, module, native
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.code.units import Unit, units
from checker.search.compiled.search import Search
from checker.search.plain import _Search
from checker.search.plain import explore as explore_plainly
from checker.search.shortest import shortest_story
from spec.language import Nat, Sort, Spec, require
from spec.language.edits import find, without
from spec.language.evaluate import Claim, Evaluator, OutOfRange, instances
from spec.language.scope import Scope, State
from spec.queue.scopes import life, requests, shared, whole
from tests.search.permutations import orbits
from tests.specs.corners import corners
from tests.specs.lease_lock import lease_lock
from tests.specs.two_phase_commit import commit_protocol

ONE = {"Job": 1, "Worker": 2, "Recoverer": 2, "MaxFails": 1, "MaxInterrupts": 2}
TINY = {"Job": 1, "Worker": 2, "Recoverer": 1, "MaxFails": 1, "MaxInterrupts": 2}
TWO = {"Job": 2, "Worker": 1, "Recoverer": 2, "MaxFails": 1, "MaxInterrupts": 1}
deep = pytest.mark.deep
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 2, "Limit": 1})
REQUESTS = Scope("requests", requests, TINY)
SMALL = [
    Scope("two-phase commit", commit_protocol, {"Manager": 4}),
    CORNERS,
    Scope("lease lock", lease_lock, {"Client": 2, "Tokens": 3}),
    pytest.param(REQUESTS, marks=deep),
    pytest.param(Scope("requests of two", requests, TWO), marks=deep),
    pytest.param(Scope("life", life, ONE), marks=deep),
    pytest.param(Scope("shared", shared, ONE), marks=deep),
]


def names(scope: Scope) -> str:
    return scope.name


def answers(found: Exploration) -> dict[str, object]:
    """Everything that must not depend on the engine."""
    return {
        "states": found.states,
        "generated": found.generated,
        "depth": found.depth,
        "violations": dict(found.violations),
        "exercised": found.exercised,
        "fired": dict(found.fired),
        "deadlocks": found.deadlocks,
        "stopped_by": found.stopped_by,
    }


@cache
def plain_corners() -> Exploration:
    return explore_plainly(CORNERS)


@cache
def plain_requests(without: str) -> Exploration:
    return explore_plainly(REQUESTS, off=(without,))


def reachable(scope: Scope) -> set[State]:
    search = _Search(scope, (), None)
    search.run(Limits(), frozenset())
    return set(search.came_from)


# ------------------------------------------------------------------ counts
@pytest.mark.parametrize(
    ("managers", "states"),
    # Lamport's TwoPhase: 288 in the manifest of the TLA+ examples, both in Stateright's tests.
    [(3, 288), (5, 8_832)],
)
def test_two_phase_commit_has_the_states_that_the_literature_gives(
    managers: int, states: int
) -> None:
    scope = Scope("two-phase commit", commit_protocol, {"Manager": managers})
    assert states == explore(scope, symmetry=False).states


@pytest.mark.parametrize("scope", SMALL, ids=names)
def test_gives_the_answers_of_the_plain_explorer(scope: Scope) -> None:
    assert answers(explore_plainly(scope)) == answers(explore(scope, symmetry=False))


@pytest.mark.parametrize("scope", SMALL, ids=names)
def test_symmetry_leaves_one_state_of_each_orbit(scope: Scope) -> None:
    found = explore(scope)
    assert orbits(scope, found.symmetry, reachable(scope)) == found.states
    plain = explore_plainly(scope)
    assert (plain.depth, plain.violations) == (found.depth, found.violations)
    assert plain.exercised == found.exercised


TUNINGS = [
    Tuning(slots=64, growth=1.3),
    Tuning(slots=1 << 18),
    Tuning(batch=1),
    Tuning(batch=37, load=0.95),
    Tuning(word_bits=40),
    Tuning(word_bits=30, slots=64, growth=2.0, batch=16),
]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("tuning", TUNINGS, ids=str)
def test_counts_depend_on_no_tuning(tuning: Tuning, threads: int) -> None:
    found = explore(CORNERS, symmetry=False, threads=threads, tuning=tuning)
    assert answers(plain_corners()) == answers(found)


def test_more_words_are_used_when_words_are_short() -> None:
    scope = Scope("shared", shared, ONE)
    assert Layout(scope, 30).words > Layout(scope, 63).words >= 1


def relocations(code: bytes) -> set[int]:
    """Return the kinds of places in an ELF file of 64 bits that the loader must fill in."""
    (sections,) = struct.unpack_from("<Q", code, 40)
    size, count = struct.unpack_from("<HH", code, 58)
    kinds = set()
    for i in range(count):
        header = struct.unpack_from("<IIQQQQIIQQ", code, sections + i * size)
        if header[1] == 4:  # SHT_RELA: offset, info, addend
            for at in range(header[4], header[4] + header[5], 24):
                kinds.add(struct.unpack_from("<Q", code, at + 8)[0] & 0xFFFFFFFF)
    return kinds


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="reads the object file"
)
@pytest.mark.parametrize(
    "scope", [*SMALL[:3], pytest.param(Scope("life", life, ONE), marks=deep)], ids=names
)
def test_the_machine_code_reaches_its_data_wherever_it_is_loaded(scope: Scope) -> None:
    # Data may be loaded far from the code, once states have taken the addresses between: a place of
    # 32 bits would not reach it.
    layout, numbers = Layout(scope), module.name_all(scope)
    text = module.source(layout, numbers, False)
    # R_X86_64_64 and R_X86_64_PC64 of the System V ABI, AMD64 supplement, table 4.9
    of_64_bits = {1, 24}
    for unit in units(text, module.constants(layout, numbers), module.ENTRY):
        assert relocations(native.object_code(unit)) <= of_64_bits


def test_an_edit_of_one_action_compiles_that_action_alone() -> None:
    def texts(spec: Spec) -> list[Unit]:
        layout = Layout(Scope("life", spec, ONE))
        numbers = module.name_all(layout.scope)
        text = module.source(layout, numbers, True)
        return list(units(text, module.constants(layout, numbers), module.ENTRY))

    before, after = texts(life), texts(without(life, "settle_done.fenced"))
    assert len(before) == len(after) == len(life.actions) + 1
    changed = [new.exported for old, new in zip(before, after, strict=True) if old != new]
    assert [name.split("_", 2)[2] for (name,) in changed] == ["settle_done"]


class Dial(Sort):
    """Something with a number on it."""


def wheel(limit: int) -> Spec:
    """Return a spec whose states fill a word to its last bit: every number of three dials."""
    spec = Spec("wheel")
    spec.durable("shown", Dial, Nat(limit), 0, "the number")

    @spec.action()
    def turn(s, d: Dial) -> None:  # type: ignore[no-untyped-def]
        """A dial goes up from either end of its range."""
        require(end=(s.shown[d] < 20) | (s.shown[d] > limit - 20))
        s.shown[d] = s.shown[d] + 1

    @spec.action()
    def jump(s, d: Dial) -> None:  # type: ignore[no-untyped-def]
        """A dial jumps to the far end."""
        require(ready=s.shown[d] == 19)
        s.shown[d] = limit - 19

    return spec


@pytest.mark.parametrize("bits", [20, 21])
def test_states_that_fill_the_word_are_counted_right(bits: int) -> None:
    scope = Scope("wheel", wheel((1 << bits) - 1), {"Dial": 3})
    found = explore(scope, symmetry=False)
    # Each dial shows 0 to 20 or one of the 19 numbers from the far end down, on its own.
    one = explore_plainly(Scope("wheel", scope.spec, {"Dial": 1})).states
    assert found.states == one**3
    assert set(found.violations) == {"range_shown"}


def test_a_field_wider_than_a_word_is_refused_in_words() -> None:
    with pytest.raises(TooWide, match="wheel"):
        explore(Scope("wheel", wheel((1 << 40) - 1), {"Dial": 3}), tuning=Tuning(word_bits=30))


# ------------------------------------------------------------------ edits and traces
EDITS = [
    "settle_done.fenced",
    *(
        pytest.param(g, marks=deep)
        for g in ("recover.expired", "enqueue.new_key", "confirm.stored")
    ),
]


@pytest.mark.parametrize("guard", EDITS)
def test_a_guard_switched_off_is_a_guard_left_out(guard: str) -> None:
    off = explore(REQUESTS, off=(guard,), symmetry=False)
    assert answers(plain_requests(guard)) == answers(off)


@pytest.mark.deep
@pytest.mark.parametrize("edit", [*EDITS, "split claim lease", "weaken claim lease"])
def test_edited_specs_agree(edit: str) -> None:
    edited = REQUESTS.on(find(requests, edit))
    assert answers(explore_plainly(edited)) == answers(explore(edited, symmetry=False))


@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("guard", EDITS)
def test_traces_are_runs_of_the_evaluator_and_shortest(guard: str, symmetry: bool) -> None:
    found = explore(REQUESTS, off=(guard,), symmetry=symmetry)
    assert plain_requests(guard).violations == found.violations
    evaluator = Evaluator(REQUESTS.on(without(requests, guard)))
    steps = {(i.step.action.name, str(i.step.binding)): i for i in instances(evaluator)}
    for name, length in found.violations.items():
        path = found.path(name)
        assert len(path.steps) == length
        assert path.states[0] == evaluator.initial()
        for k, step in enumerate(path.steps):
            instance = steps[step.action.name, str(step.binding)]
            assert instance.refusal(path.states[k]) is None
            if k + 1 < len(path.states):
                assert instance.after(path.states[k]) == path.states[k + 1]
            else:
                with pytest.raises(OutOfRange):
                    instance.after(path.states[k])
        if not name.startswith("range_"):
            claim = Claim(evaluator, requests.properties[name])
            before = path.states[-2] if claim.property.kind == "step" else path.states[-1]
            assert claim.holds(before, path.states[-1]) is not None


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
        assert together.path(name) == alone.path(name)


def test_until_stops_after_the_level_of_the_violation() -> None:
    found = explore(
        REQUESTS, off=("settle_done.fenced",), until=frozenset(["only_the_holder_settles"])
    )
    assert found.stopped_by == "violation"
    assert found.depth <= found.violations["only_the_holder_settles"]


# ------------------------------------------------------------------ limits
BIG = Scope("two-phase commit", commit_protocol, {"Manager": 9})


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(max_states=100_000), "max-states"),
        (Limits(max_seconds=0.05), "max-seconds"),
        (Limits(max_memory=16 << 20), "max-memory"),
    ],
)
def test_a_limit_ends_the_run_with_what_was_covered(limits: Limits, why: str) -> None:
    found = explore(BIG, limits, symmetry=False)
    assert found.stopped_by == why
    assert not found.complete
    assert 1 < found.states < 10_340_352


def test_progress_is_reported_on_the_way() -> None:
    seen: list[Progress] = []
    explore(BIG, Limits(max_states=2_000_000), report=seen.append, symmetry=False)
    assert [p.states for p in seen] == sorted(p.states for p in seen)
    assert seen[0].phase == "compile"
    assert seen[-1].frontier > 0


def test_an_interrupt_ends_the_run_with_what_was_covered() -> None:
    def interrupt(progress: Progress) -> None:
        if progress.depth > 10:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as interrupted:
        explore(BIG, report=interrupt, symmetry=False)
    assert interrupted.value.found.stopped_by == "interrupt"
    assert interrupted.value.found.states > 100


def test_a_run_that_was_interrupted_while_it_was_looked_for_does_not_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Search, "explore", interrupt)
    with pytest.raises(KeyboardInterrupt):
        shortest_story(BIG, "all_agree")


# ------------------------------------------------------------------ faults sown on purpose
Fault = Callable[[str], str]
FAULTS: dict[str, Fault] = {
    "a comparison that looks at half a state": lambda text: text.replace(
        "scan(table, at, slot, compared)", "scan(table, at, slot, 255)"
    ),
    "a successor dropped": lambda text: text.replace("m += c\n", "m += c - 1\n", 1),
    "a guard forgotten": lambda text: text.replace(
        "shl(flag(((s0 & km0) == kv0)), i)", "shl(1, i)"
    ),
    "a memory of recent states that takes different ones for the same": lambda text: text.replace(
        "equal = equal & (", "equal = equal | ("
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_compiled_code_changes_the_count(
    fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scope = Scope("two-phase commit", commit_protocol, {"Manager": 5})
    honest = module.source

    def faulty(*arguments: object) -> str:
        text = honest(*arguments)  # type: ignore[arg-type]  # passed on
        broken = FAULTS[fault](text)
        assert broken != text
        return broken

    monkeypatch.setattr(module, "source", faulty)
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path)
    assert explore(scope, symmetry=False).states != 8_832


@pytest.mark.deep
def test_damaged_code_in_the_cache_is_compiled_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scope = Scope("two-phase commit", commit_protocol, {"Manager": 3})
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(kept, "_loaded", {})
    assert explore(scope, symmetry=False).states == 288
    files = list((tmp_path / "code").glob("*.o"))
    assert len(files) == len(commit_protocol.actions) + 1
    for file in files:
        file.write_bytes(file.read_bytes()[:-100])
    monkeypatch.setattr(kept, "_loaded", {})
    assert explore(scope, symmetry=False).states == 288


def test_a_cache_that_cannot_be_written_is_done_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path / "missing")
    monkeypatch.setattr(kept, "_loaded", {})
    scope = Scope("two-phase commit", commit_protocol, {"Manager": 3})
    assert explore(scope, symmetry=False).states == 288


# ------------------------------------------------------------------ larger
@pytest.mark.deep
def test_the_whole_queue_with_one_job_agrees_with_the_plain_explorer() -> None:
    scope = Scope("whole", whole, {**ONE, "Recoverer": 1})
    assert answers(explore_plainly(scope)) == answers(explore(scope, symmetry=False))


@pytest.mark.deep
def test_symmetry_leaves_one_state_of_each_orbit_of_two_jobs() -> None:
    scope = Scope("life", life, {**TWO, "Worker": 2})
    found = explore(scope)
    assert found.symmetry == ("Job", "Worker", "Recoverer")
    assert orbits(scope, found.symmetry, reachable(scope)) == found.states


@pytest.mark.deep
@pytest.mark.parametrize("threads", [1, 2])
def test_ten_million_states_are_counted_alike_by_one_thread_and_two(threads: int) -> None:
    # The hand-written C search of checker/bench counts the same.
    found = explore(BIG, symmetry=False, threads=threads)
    assert (found.states, found.generated) == (10_340_352, 123_558_401)
