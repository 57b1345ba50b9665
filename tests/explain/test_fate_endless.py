"""The fate of a run that never ends: held against every set of states that a run could stay in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.explain.fate.fate import Fates, fates, mark
from checker.explain.run import Run
from checker.search.compiled.graph import Graph, Promise
from checker.search.fair_cycles import owing
from checker.search.liveness import decide
from spec.failures.edits import Edits
from spec.language import Nat, Spec, require
from spec.language.evaluate import Evaluator, instances
from spec.language.scope import Scope, State
from tests.sample_runs import kept, still, windy
from tests.specs.doors import DOOR


# ---------------------------------------------------------------- every set of states
@dataclass(frozen=True)
class Maze:
    """Rooms, doors between them as (from, to, step), the fairness of each step, and a promise."""

    doors: frozenset[tuple[int, int, int]]
    fair: tuple[str | None, ...]
    finite: tuple[bool, ...]
    cause: tuple[bool, ...]
    outcome: tuple[bool, ...]

    def owes(self) -> set[tuple[int, bool]]:
        """Return the rooms that a run can be in, and whether it owes the outcome there."""
        found, left = set[tuple[int, bool]](), [(0, self.cause[0] and not self.outcome[0])]
        while left:
            room, owed = left.pop()
            if (room, owed) not in found:
                found.add((room, owed))
                left += [(t, (owed or self.cause[t]) and not self.outcome[t])
                         for s, t, _ in self.doors if s == room]  # fmt: skip
        return found

    def stays(self, rooms: frozenset[int]) -> bool:
        """Return whether a fair run can visit these rooms again and again, and no other.

        The one that takes every door between them is as fair as any.
        """
        taken = [(s, t, k) for s, t, k in self.doors if {s, t} <= rooms and not self.finite[k]]
        for start in rooms:
            reached = {start}
            for _ in rooms:
                reached |= {t for s, t, _ in taken if s in reached}
            if reached != rooms:
                return False
        for k, fair in enumerate(self.fair):
            open_in = {s for s, _, step in self.doors if step == k} & rooms
            starved = open_in and k not in {step for _, _, step in taken}
            if starved and (fair == "strong" or (fair == "weak" and open_in == rooms)):
                return False
        return True

    def forever(self) -> set[int]:
        """Return the rooms that a run can visit again and again, owing the outcome for ever."""
        owed = {room for room, owes in self.owes() if owes}
        sets = map(frozenset, subsets(owed))
        return set().union(*(rooms for rooms in sets if rooms and self.stays(rooms)))

    def graph(self) -> tuple[Graph, Promise]:
        """Return the same as arrays; every room can be reached."""
        doors = sorted(self.doors)
        sources, targets, labels = (np.array([d[i] for d in doors], np.int64) for i in range(3))
        starts = np.searchsorted(sources, np.arange(len(self.cause) + 1))
        steps: Any = [
            SimpleNamespace(step=SimpleNamespace(action=SimpleNamespace(fair=f, finite=e)))
            for f, e in zip(self.fair, self.finite, strict=True)
        ]
        depths, nothing = np.zeros(len(self.cause), np.int32), np.zeros(0)
        absent: Any = None
        graph = Graph(
            absent, steps, nothing, depths, starts, targets.astype(np.int32),
            labels.astype(np.uint16), absent,
        )  # fmt: skip
        return graph, Promise(absent, {}, np.array(self.cause), np.array(self.outcome))


def subsets(rooms: set[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(sorted(rooms), n + 1) for n in range(len(rooms)))


@st.composite
def mazes(draw: Callable[[Any], Any]) -> Maze:
    """Mazes of which every room can be reached: one leads to the next by step 0, which is no end
    in itself.
    """
    count, steps = draw(st.integers(1, 6)), 4
    room = st.integers(0, count - 1)
    ways = draw(st.dictionaries(st.tuples(room, st.integers(1, steps - 1)), room, max_size=12))
    doors = {(s, t, k) for (s, k), t in ways.items() if s != t}
    doors |= {(i, i + 1, 0) for i in range(count - 1)}
    fair = draw(st.tuples(*[st.sampled_from([None, "weak", "strong"])] * steps))
    finite = draw(st.tuples(*[st.sampled_from([False, False, True])] * steps))
    holds = st.lists(st.sampled_from([False, False, True]), min_size=count, max_size=count)
    return Maze(frozenset(doors), fair, finite, tuple(draw(holds)), tuple(draw(holds)))


@settings(derandomize=True, max_examples=150, deadline=None)
@given(mazes())
def test_where_an_outcome_can_be_owed_for_ever_equals_brute_force(maze: Maze) -> None:
    graph, promise = maze.graph()
    found = owing(graph, [promise])
    assert not isinstance(found, str)
    (here,) = found
    owes = maze.owes()
    assert set(np.flatnonzero(here.owed)) == {room for room, owed in owes if owed}
    assert set(np.flatnonzero(here.free)) == {room for room, owed in owes if not owed}
    assert set(np.flatnonzero(here.forever)) == maze.forever()


# ---------------------------------------------------------------- as a whole
def marks(known: Fates, run: Run) -> str:
    return "".join(map(mark, known.along(run)))


def test_the_last_fault_arms_a_run_that_stands_still() -> None:
    run = kept("FM-002a")
    assert [line.call for line in run.lines[:4] if run.is_fault(line.n - 1)] == [
        "crash",
        "pass_deadline",
    ]
    assert run.trace.loop == 6  # it stands still
    assert marks(fates(run.scope, run.trace.violated), run) == "2221○○"


def reached(scope: Scope) -> set[State]:
    """Return every state of a scope."""
    evaluator = Evaluator(scope)
    found, left = set[State](), [evaluator.initial()]
    while left:
        state = left.pop()
        if state not in found:
            found.add(state)
            left += [t for s in instances(evaluator) if (t := s.successor(state)) is not None]
    return found


EDITS = [(), ("unfair lock",), ("weakly lock",), ("unfair shut",), ("endless blow_open",)]
"""Each takes another fairness from the door."""


@pytest.mark.parametrize("edits", EDITS, ids=str)
def test_no_run_violates_it_from_the_beginning_if_and_only_if_it_holds(
    edits: tuple[str, ...],
) -> None:
    scope = Edits(edits).on(DOOR)
    for name, decision in decide(scope).items():
        known = fates(scope, name)
        undecided = name == "doors_are_locked"  # a door that is shut may have been open
        assert bool(known.why) == undecided
        if undecided:
            continue
        start = known.of(Evaluator(scope).initial())
        assert (start.faults is None) == (decision.verdict == "holds"), name
        assert len(known) == len(reached(scope))


def test_of_a_door_that_stands_open_nothing_but_the_wind_is_needed() -> None:
    scope = Edits(["unfair shut"]).on(DOOR)
    known = fates(scope, "open_doors_are_shut")
    closed, opened, locked = (False, False), (True, False), (False, True)
    assert [mark(known.of(state)) for state in (closed, opened, locked)] == ["1", "○", "·"]


letter = Spec("letter", doc="A letter that falls behind a cupboard.")
letter.durable("where", None, Nat(3), 0, "unwritten, posted, lost, delivered")


@letter.action()
def post(s):  # type: ignore[no-untyped-def]  # traced
    """It is posted."""
    require(written=s.where == 0)
    s.where = 1


@letter.action()
def lose(s):  # type: ignore[no-untyped-def]  # traced
    """It falls behind the cupboard."""
    require(posted=s.where == 1)
    s.where = 2


@letter.action(fault=True)
def topple(s):  # type: ignore[no-untyped-def]  # traced
    """The cupboard falls over, and the letter is found."""
    require(lost=s.where == 2)
    s.where = 3


@letter.leads_to("L-1")
def letters_arrive(s):  # type: ignore[no-untyped-def]  # traced
    """What is posted arrives."""
    return s.where == 1, s.where == 3


def test_what_is_owed_stays_owed_when_its_cause_is_gone() -> None:
    stuck = letter.edited(
        "stuck", actions={n: a for n, a in letter.actions.items() if n != "topple"}
    )
    known = fates(Scope("stuck", stuck, {}), "letters_arrive")
    assert [mark(known.of((where,))) for where in range(3)] == ["○", "●", "●"]


def test_a_fault_that_would_bring_the_outcome_is_a_way_back() -> None:
    known = fates(Scope("letter", letter, {}), "letters_arrive")
    assert [mark(known.of((where,))) for where in range(4)] == ["○", "○", "○", "·"]


def test_a_run_in_which_nothing_happens_is_armed_from_its_beginning() -> None:
    run = still()
    assert marks(fates(run.scope, run.trace.violated), run) == "○"


def test_where_it_depends_on_how_a_run_came_there_nothing_is_known() -> None:
    run = windy()
    known = fates(run.scope, run.trace.violated)
    assert set(marks(known, run)) == {"?"}
    assert known.why == "whether the outcome is owed in a state depends on how a run came there"
