"""The compiled explorer gives the answers of the plain one, however tuned and however packed."""

from __future__ import annotations

import ast
import platform
import struct
import sys

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.search.compiled import TooWide, Tuning, explore
from checker.search.compiled.code import module
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.code.machine import native
from checker.search.compiled.code.units import Unit, units
from checker.search.plain import explore as explore_plainly
from spec.language import Nat, Sort, Spec, require
from spec.language.edited.edits import without
from spec.language.scope import Scope
from spec.queue.reference import whole
from spec.queue.scopes import life, shared
from tests.search.permutations import orbits
from tests.search.small import (
    BIG,
    CORNERS,
    ONE,
    SMALL,
    TWO,
    answers,
    names,
    plain_corners,
    reachable,
)


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
    Tuning(many=0),
    Tuning(many=100),
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
    "scope", [*SMALL[:3], pytest.param(Scope("life", life, ONE), marks=pytest.mark.deep)], ids=names
)
def test_the_machine_code_reaches_its_data_wherever_it_is_loaded(scope: Scope) -> None:
    # Data may be loaded far from the code, once states have taken the addresses between: a place of
    # 32 bits would not reach it.
    layout, numbers = Layout(scope), module.name_all(scope)
    text = module.source(layout, numbers, False)
    # R_X86_64_64 and R_X86_64_PC64 of the System V ABI, AMD64 supplement, table 4.9
    of_64_bits = {1, 24}
    for unit in units(text, module.constants(layout, numbers), module.ENTRY):
        for optimised in (False, True):
            assert relocations(native.object_code(unit, optimised)) <= of_64_bits


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


@pytest.mark.parametrize("scope", [*SMALL[:3], Scope("life", life, ONE)], ids=names)
def test_a_text_is_cut_into_functions_where_python_sees_them(scope: Scope) -> None:
    layout = Layout(scope)
    numbers = module.name_all(scope)
    text = module.source(layout, numbers, True)
    lines, seen = text.splitlines(), [n for n in ast.parse(text).body if type(n) is ast.FunctionDef]
    cut = list(units(text, module.constants(layout, numbers), module.ENTRY))
    assert {source for unit in cut for source in unit.functions} == {
        "\n".join(lines[n.lineno - 1 : n.end_lineno]) for n in seen
    }
    heads = {head for unit in cut for head in unit.called}
    said = [ast.parse(head).body[0] for head in heads]
    known = {n.name: (ast.dump(n.args), n.returns and ast.dump(n.returns)) for n in seen}
    for node in said:
        assert isinstance(node, ast.FunctionDef)
        assert known[node.name] == (ast.dump(node.args), node.returns and ast.dump(node.returns))
    assert said


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
