"""The fate of a state is exact: held against walks over small graphs and against the evaluator."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.explain.fate import fate as subject
from checker.explain.fate.backwards import NEVER, Marked, search
from checker.explain.fate.fate import Fate, fates, mark
from checker.explain.fate.labels import marked
from checker.explain.run import broken_run
from checker.runs import cache
from checker.runs.exploration import Limits
from checker.runs.story import RANGE
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.graph import Graph
from spec.language import Nat, Sort, Spec, require
from spec.language.edits import without
from spec.language.evaluate import Claim, Evaluator, OutOfRange, instances
from spec.language.expr import Bound
from spec.language.scope import Scope, State
from spec.language.tree import walk
from tests.specs.corners import corners
from tests.specs.lamps import SHOP, STREET
from tests.specs.lease_lock import lease_lock
from tests.specs.two_phase_commit import commit_protocol

# ---------------------------------------------------------------- by hand and by brute force


class Walked:
    """Every state of a scope with its steps, and what violates, as the evaluator alone sees it."""

    def __init__(self, scope: Scope, violated: str) -> None:
        self.evaluator = Evaluator(scope)
        self.steps = instances(self.evaluator)
        self.claim = scope.spec.properties.get(violated)
        self.hopes = [p for p in scope.spec.properties.values() if p.kind == "leads_to"]
        self.asked = violated.removeprefix(RANGE)
        self.states: list[State] = [self.evaluator.initial()]
        self.edges: list[tuple[State, State | None, int, bool]] = []
        """From, to (none if the range is left), the step, whether it is a violation."""
        self.cut: set[State] = set()
        known = set(self.states)
        for state in self.states:
            for k in range(len(self.steps)):
                after = self._step(state, k)
                if after is not None and after not in known:
                    known.add(after)
                    self.states.append(after)

    def _step(self, state: State, k: int) -> State | None:
        step, action = self.steps[k], self.steps[k].step.action
        false = [g for g, (_, holds) in zip(action.guards, step.guards, strict=True)
                 if not holds(state, state)]  # fmt: skip
        lost = any(r(state, state) is None for r in step.references)
        if false or lost:
            bounded = all(any(isinstance(e, Bound) for e in walk(g.condition)) for g in false)
            if bounded and not lost and not action.fault:
                self.cut.add(state)
            return None
        try:
            after = step.after(state)
        except OutOfRange as leaving:
            asked = self.claim is None and leaving.field == self.asked
            if asked:
                self.edges.append((state, None, k, True))
            elif not action.fault:
                self.cut.add(state)
            return None
        broken = False
        if self.claim is not None and self.claim.kind == "step":
            broken = Claim(self.evaluator, self.claim).holds(state, after) is not None
        self.edges.append((state, after, k, broken))
        return after

    def broken(self, state: State) -> bool:
        if self.claim is None or self.claim.kind != "invariant":
            return False
        return Claim(self.evaluator, self.claim).holds(state) is not None

    def finished(self, state: State) -> bool:
        return state in self.cut or not self.owes(state)

    def owes(self, state: State) -> bool:
        for hope in self.hopes:
            assert hope.then is not None
            for binding in self.evaluator.scope.bindings(hope.params):
                cause, outcome = (self.evaluator.meaning(e, binding)
                                  for e in (hope.body, hope.then))  # fmt: skip
                if cause(state, state) and not outcome(state, state):
                    return True
        return False

    def fates(self) -> dict[State, Fate]:
        """Relax until nothing changes: slow, and nothing to get wrong."""
        many = 10**6
        need = {s: 0 if self.broken(s) else many for s in self.states}
        moved = True
        while moved:
            moved = False
            for before, after, k, broken in self.edges:
                fault = self.steps[k].step.action.fault
                cost = fault + (0 if broken or after is None else need[after])
                if cost < need[before]:
                    need[before], moved = cost, True
        back = {s: self.finished(s) or need[s] >= many for s in self.states if not self.broken(s)}
        moved = True
        while moved:
            moved = False
            for before, after, _, broken in self.edges:
                if after is not None and not broken and back.get(after) and not back.get(before, 1):
                    back[before] = moved = True
        return {
            s: Fate(
                None if need[s] >= many else need[s],
                not back.get(s, True),
                self.broken(s),
            )
            for s in self.states
        }

    def graph(self, layout: Layout) -> Graph:
        """The same as arrays, without the compiled explorer."""
        number = {s: i for i, s in enumerate(self.states)}
        kept = [(number[s], number[t], k) for s, t, k, _ in self.edges if t is not None and s != t]
        kept.sort(key=lambda edge: edge[0])
        sources, targets, labels = (np.array([e[i] for e in kept], np.int32) for i in range(3))
        starts = np.searchsorted(sources, np.arange(len(self.states) + 1))
        states = np.array([layout.pack(s) for s in self.states], np.int64)
        nothing: Any = None
        return Graph(
            self.evaluator, self.steps, states, np.zeros(0), starts, targets,
            labels.astype(np.uint16), nothing,
        )  # fmt: skip


class Cup(Sort):
    """A cup."""


tea = Spec("tea", doc="A cup that is filled, spilt and mopped: each way to a violation.")
most = tea.constant("Most", 1, "how much a cup holds")
tea.durable("full", Cup, Nat(most), 0, "how full it is")
tea.durable("spilt", Cup, Nat(2), 0, "how often it was spilt")
tea.durable("wet", None, bool, False, "the table is")
tea.durable("asked", Cup, bool, False, "somebody waits for it")


@tea.action()
def ask(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """Somebody asks for tea."""
    require(dry=~s.wet)
    s.asked[c] = True


@tea.action(fair="weak")
def pour(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """Tea is poured, with nobody looking how full the cup is."""
    require(asked=s.asked[c])
    s.full[c] = s.full[c] + 1


@tea.action(fair="weak")
def serve(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """The cup is served."""
    require(asked=s.asked[c], full=s.full[c] >= most)
    s.asked[c] = False
    s.full[c] = 0


@tea.action(fault=True)
def jolt(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """Somebody jolts the table."""
    require(some=s.full[c] > 0)
    s.spilt[c] = s.spilt[c] + 1
    s.full[c] = s.full[c] - 1


@tea.action()
def mop(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """What was spilt is spread over the table."""
    require(spilt=s.spilt[c] > 0)
    s.wet = True
    s.spilt[c] = s.spilt[c] - 1


@tea.invariant("TEA-1")
def the_table_is_dry(s):  # type: ignore[no-untyped-def]  # traced
    """Nothing gets wet."""
    return ~s.wet


@tea.step("TEA-2")
def nobody_waits_in_vain(s, t, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """A cup loses no tea while somebody waits for it."""
    return s.asked[c] >> (t.full[c] >= s.full[c])


@tea.leads_to("TEA-3")
def who_asks_is_served(s, c: Cup):  # type: ignore[no-untyped-def]  # traced
    """Who asks is served."""
    return s.asked[c], ~s.asked[c]


fuse = Spec("fuse", doc="A fuse that can be pinched out while it is long.")
fuse.durable("lit", None, bool, False, "it burns")
fuse.durable("short", None, bool, False, "too short to be pinched")
fuse.durable("boom", None, bool, False, "it has gone off")


@fuse.action(fault=True)
def light(s):  # type: ignore[no-untyped-def]  # traced
    """A spark lights it."""
    s.lit = True


@fuse.action()
def burn(s):  # type: ignore[no-untyped-def]  # traced
    """It burns down."""
    require(lit=s.lit)
    s.short = True


@fuse.action()
def pinch(s):  # type: ignore[no-untyped-def]  # traced
    """Somebody puts it out."""
    require(long=~s.short)
    s.lit = False


@fuse.action()
def go_off(s):  # type: ignore[no-untyped-def]  # traced
    """It has burnt down."""
    require(lit=s.lit, short=s.short)
    s.boom = True


@fuse.invariant("F-1")
def nothing_goes_off(s):  # type: ignore[no-untyped-def]  # traced
    """All stays quiet."""
    return ~s.boom


@fuse.leads_to("F-2")
def fuses_go_out(s):  # type: ignore[no-untyped-def]  # traced
    """A fuse that burns goes out."""
    return s.lit, ~s.lit


blanket = Spec("blanket", fuse, doc="A fuse that a blanket can smother, a few times.")
times = blanket.constant("Times", 1, "how often")
blanket.durable("smothered", None, Nat(times), 0, "how often it was")


@blanket.action()
def smother(s):  # type: ignore[no-untyped-def]  # traced
    """Somebody throws a blanket over it."""
    require(lit=s.lit, few=s.smothered < times)
    s.lit = False
    s.smothered = s.smothered + 1


RAIN = blanket.edited(
    "rain smothers it",
    actions={**blanket.actions, "smother": replace(blanket.actions["smother"], fault=True)},
)
"""The same, but what puts the fuse out is a fault: that it is cut off is no way to finish."""


pair = Spec("pair", doc="Two numbers that leave their ranges alone or together.")
pair.durable("a", None, Nat(1), 0, "the first")
pair.durable("b", None, Nat(1), 0, "the second")


@pair.action()
def both(s):  # type: ignore[no-untyped-def]  # traced
    """Both grow at once."""
    s.a = s.a + 1
    s.b = s.b + 1


@pair.action(fault=True)
def second(s):  # type: ignore[no-untyped-def]  # traced
    """The second grows alone."""
    s.b = s.b + 1


FUSE = Scope("fuse", fuse, {})
BLANKET = Scope("blanket", blanket, {"Times": 2})
WET = Scope("rain", RAIN, {"Times": 2})
PAIR = Scope("pair", pair, {})
TEA = Scope("tea", tea, {"Cup": 1, "Most": 1})
POT = Scope("pot", tea, {"Cup": 2, "Most": 2})
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 1, "Limit": 1})
LOCK = Scope("lock", lease_lock, {"Client": 2, "Tokens": 2})
UNFENCED = LOCK.on(without(lease_lock, "write.fenced"))
UNGUARDED = Scope("two", without(commit_protocol, "decide_commit.all_prepared"), {"Manager": 2})
SOLD_LIT = STREET.on(without(STREET.spec, "sell.dark"))

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
