"""The fate of a state is exact: held against walks over small graphs and against the evaluator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.explain.fate import fate as subject
from checker.explain.fate.backwards import NEVER, Marked, search
from checker.explain.fate.fate import fates, mark
from checker.explain.fate.labels import marked
from checker.explain.run import broken_run
from checker.runs import cache
from checker.runs.exploration import Limits
from checker.search.compiled.code.layout import Layout
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope
from tests.explain.toys import (
    BLANKET,
    CORNERS,
    FUSE,
    LOCK,
    PAIR,
    POT,
    SOLD_LIT,
    TEA,
    UNFENCED,
    UNGUARDED,
    WET,
    tea,
)
from tests.explain.walked import Walked
from tests.specs.lamps import SHOP

# ---------------------------------------------------------------- by hand and by brute force


CASES = [
    (FUSE, "nothing_goes_off"),
    (BLANKET, "nothing_goes_off"),
    (WET, "nothing_goes_off"),
    (PAIR, "range_a"),
    (PAIR, "range_b"),
    (TEA, "the_table_is_dry"),
    (TEA, "nobody_waits_in_vain"),
    (TEA, "range_full"),
    (TEA, "range_spilt"),
    (POT, "the_table_is_dry"),
    (POT, "nobody_waits_in_vain"),
    (CORNERS, "boxes_open_when_painted"),
    (CORNERS, "range_b"),
    (UNFENCED, "the_newest_write_stays"),
    (UNFENCED, "the_storage_goes_forward"),
    (LOCK, "leases_are_respected"),
    (UNGUARDED, "all_agree"),
    (SOLD_LIT, "sold_lamps_are_dark"),
    (SHOP, "broken_lamps_are_dark"),
]


@pytest.mark.parametrize(("scope", "violated"), CASES, ids=lambda x: getattr(x, "name", x))
def test_fate_equals_brute_force(scope: Scope, violated: str) -> None:
    walked, layout = Walked(scope, violated), Layout(scope)
    graph = walked.graph(layout)
    found = search(marked(scope, violated, layout, graph))
    for state, fate in walked.fates().items():
        i = walked.states.index(state)
        faults, way_back = int(found.faults[i]), bool(found.way_back[i])
        assert (None if faults == NEVER else faults) == fate.faults, state
        assert (not way_back and not fate.violated) == fate.no_way_back, state


def test_a_fuse_needs_a_fault_is_armed_has_no_way_back_and_goes_off() -> None:
    found = Walked(FUSE, "nothing_goes_off").fates()
    states = [(False, False, False), (True, False, False), (True, True, False), (True, True, True)]
    assert [mark(found[s]) for s in states] == ["1", "○", "●", "✗"]


# ---------------------------------------------------------------- random graphs
@st.composite
def graphs(draw: Callable[[Any], Any]) -> Marked:
    count = draw(st.integers(1, 12))
    number = st.integers(0, count - 1)
    edges = draw(st.lists(st.tuples(number, number, st.booleans(), st.integers(0, 5)), max_size=24))
    sources, targets = (np.array([e[i] for e in edges], np.int32) for i in (0, 1))
    fault = np.array([e[2] for e in edges], bool)
    breaking = np.array([e[3] == 0 for e in edges], bool)

    def some() -> Any:
        rare = st.integers(0, 3).map(lambda n: n == 3)
        return np.array(draw(st.lists(rare, min_size=count, max_size=count)))

    return Marked(sources, targets, fault, breaking, some(), some(), some(), some())


@settings(derandomize=True, max_examples=60, deadline=None)
@given(graphs())
def test_the_search_equals_relaxing_every_edge(graph: Marked) -> None:
    count, many = len(graph.broken), 10**6
    edges = list(zip(*(a.tolist() for a in (graph.sources, graph.targets, graph.fault,
                                            graph.breaking)), strict=True))  # fmt: skip
    need = [0 if graph.broken[i] or graph.leaving[i] else 1 if graph.leaving_by_fault[i] else many
            for i in range(count)]  # fmt: skip
    for _ in range(count + 1):
        for a, b, fault, breaking in edges:
            need[a] = min(need[a], fault + (0 if breaking else need[b]))
    back = [bool((graph.finished[i] or need[i] >= many) and not graph.broken[i])
            for i in range(count)]  # fmt: skip
    for _ in range(count + 1):
        for a, b, _, breaking in edges:
            back[a] |= back[b] and not (breaking or graph.broken[a])
    found = search(graph)
    assert [NEVER if n >= many else n for n in need] == found.faults.tolist()
    assert back == found.way_back.tolist()


# ---------------------------------------------------------------- as a whole
def test_the_explored_fates_are_those_of_brute_force() -> None:
    run = broken_run(TEA, [], "nobody_waits_in_vain")
    known = fates(TEA, "nobody_waits_in_vain")
    walked = Walked(TEA, "nobody_waits_in_vain")
    assert len(known) == len(walked.states)
    for state, fate in walked.fates().items():
        assert known.of(state) == fate
        for step in walked.steps:
            if step.refusal(state) is None:
                edge = [e for e in walked.edges if e[0] == state and walked.steps[e[2]] is step]
                after = known.after(step, state)
                assert after.violated == (bool(edge) and edge[0][3])
    again = fates(TEA, "nobody_waits_in_vain")
    assert [mark(f) for f in again.along(run)] == [mark(f) for f in known.along(run)]
    assert [mark(f) for f in again.along(run)][-1] == "✗"


def test_where_not_every_state_was_visited_nothing_is_known() -> None:
    tiny = Scope("three cups", tea, {"Cup": 3, "Most": 1})
    known = fates(tiny, "the_table_is_dry", Limits(max_states=10))
    assert known.why == "not every state was visited: the limit on states was reached"
    assert mark(known.of(Evaluator(tiny).initial())) == "?"


def test_what_was_remembered_is_used_and_what_is_damaged_is_searched_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    states = Walked(TEA, "the_table_is_dry").states
    found = fates(TEA, "the_table_is_dry").of_all(states)
    (file,) = (tmp_path / "fates").iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[:5], whole[:-1], whole + b"x", bytes(8) + whole[8:]):
        file.unlink()  # the old one may still be mapped
        file.write_bytes(damaged)
        assert fates(TEA, "the_table_is_dry").of_all(states) == found
        assert file.read_bytes() == whole
    monkeypatch.setattr(subject, "_searched", None)
    assert fates(TEA, "the_table_is_dry").of_all(states) == found


def test_a_state_that_no_run_reaches_is_not_known() -> None:
    state = (1, 0, False, False)
    assert state not in Walked(TEA, "nobody_waits_in_vain").states
    assert mark(fates(TEA, "nobody_waits_in_vain").of(state)) == "?"
