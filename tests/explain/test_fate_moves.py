"""What each mark says, held against every way that a reader could walk from the state: over the
moves that the explorer lists, one state after the other, and nothing of how fates are computed.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from checker.explain.fate.fate import fates, mark
from checker.explain.fate.questions import Asked, nearest
from checker.explain.moves import moves
from spec.language.evaluate import Claim, Evaluator, OutOfRange
from spec.language.scope import Scope, State
from spec.language.terms.expr import Bound
from spec.language.terms.tree import walk
from spec.queue import SCOPES
from tests.explain.toys import BLANKET, FUSE, LOCK, POT, TEA, UNFENCED, UNGUARDED, WET
from tests.sample_runs import kept
from tests.specs.lamps import SHOP, STREET


class Moves:
    """Every state of a scope, the moves that the explorer shows there, and where each leads."""

    def __init__(self, scope: Scope, violated: str) -> None:
        self.evaluator = Evaluator(scope)
        self.claim = Claim(self.evaluator, scope.spec.properties[violated])
        self.of_step = self.claim.property.kind == "step"
        self.owed = [
            (self.evaluator.meaning(p.body, binding), self.evaluator.meaning(p.then, binding))
            for p in scope.spec.properties.values()
            if p.kind == "leads_to" and p.then is not None
            for binding in scope.bindings(p.params)
        ]
        self.ends: set[State] = set()
        """Where nothing is owed, or where a bound of the scope ends the walk too early."""
        self.ways: dict[State, list[tuple[bool, State, bool]]] = {}
        """From each state: whether the move is a fault, where it leads, if that is a violation."""
        left = [self.evaluator.initial()]
        while left:
            state = left.pop()
            if state not in self.ways:
                self.ways[state] = list(self._listed(state))
                left += [after for _, after, _ in self.ways[state]]

    def _listed(self, state: State) -> Iterator[tuple[bool, State, bool]]:
        if not any(body(state, state) and not then(state, state) for body, then in self.owed):
            self.ends.add(state)
        for move in moves(self.evaluator, state):
            if not move.enabled:
                guards = {g.name: g.condition for g in move.instance.step.action.guards}
                false = [guards.get(name) for name in move.refused_by]
                bounded = all(
                    c is not None and any(isinstance(e, Bound) for e in walk(c)) for c in false
                )
                if bounded and not move.fault:
                    self.ends.add(state)
                continue
            try:
                after = move.instance.after(state)
            except OutOfRange:
                if not move.fault:
                    self.ends.add(state)
                continue
            yield move.fault, after, self.violates(state, after)

    def violates(self, before: State, after: State) -> bool:
        """Return whether the reader sees the property broken once the step is taken."""
        return self.claim.holds(before if self.of_step else after, after) is not None

    def broken(self, state: State) -> bool:
        return not self.of_step and self.violates(state, state)

    def ahead(self, state: State, faults: bool, harmless: bool) -> tuple[set[State], bool]:
        """Return the states that can be walked to, with faults or without, and whether a violation
        is met; a harmless walk turns round before one.
        """
        seen, left, met = {state}, [state], self.broken(state)
        while left:
            for fault, after, violation in self.ways[left.pop()]:
                if fault and not faults:
                    continue
                met |= violation
                if after not in seen and not (harmless and violation):
                    seen.add(after)
                    left.append(after)
        return seen, met

    def fewest(self, state: State) -> int | None:
        """Return how many faults the reader must take for a violation, or none if there is none."""
        here, needed, known = {state}, 0, set[State]()
        while here:
            walks = [self.ahead(each, faults=False, harmless=False) for each in here]
            if any(met for _, met in walks):
                return needed
            near = set().union(*(seen for seen, _ in walks)) - known
            known |= near
            steps = [way for each in near for way in self.ways[each] if way[0]]
            needed += 1
            if any(violation for _, _, violation in steps):
                return needed
            here = {after for _, after, _ in steps} - known
        return None


def small(id: str) -> tuple[Scope, str]:
    """Return the scope of a failure mode with one recoverer and one interruption."""
    run = kept(id)
    one = SCOPES["one-job"]
    tight = replace(one, bounds={**one.bounds, "Recoverer": 1, "MaxInterrupts": 1})
    return run.trace.edits.on(tight), run.trace.violated


CASES = [
    (FUSE, "nothing_goes_off"),
    (BLANKET, "nothing_goes_off"),
    (WET, "nothing_goes_off"),
    (TEA, "the_table_is_dry"),
    (TEA, "nobody_waits_in_vain"),
    (POT, "nobody_waits_in_vain"),
    (UNFENCED, "the_newest_write_stays"),
    (LOCK, "leases_are_respected"),
    (UNGUARDED, "all_agree"),
    (STREET, "sold_lamps_are_dark"),
    (SHOP, "broken_lamps_are_dark"),
    *(small(id) for id in ("FM-002b", "FM-010", "FM-015", "FM-027a")),
    pytest.param(*small("FM-007"), marks=pytest.mark.deep, id="one-job-FM-007"),
]


@pytest.mark.parametrize(("scope", "violated"), CASES, ids=lambda x: getattr(x, "name", x))
def test_every_mark_says_what_a_reader_meets_who_walks_on(scope: Scope, violated: str) -> None:
    walked, known = Moves(scope, violated), fates(scope, violated)
    assert len(known) == len(walked.ways)
    safe = {s for s in walked.ways if not walked.ahead(s, faults=True, harmless=False)[1]}
    for state, ways in walked.ways.items():
        fate = known.of(state)
        shown = mark(fate)
        if walked.broken(state):
            assert shown == "✗"
            continue
        harmless, _ = walked.ahead(state, faults=True, harmless=True)
        way_back = bool(harmless & (walked.ends | safe))
        assert (shown == "●") == (not way_back), state
        assert (shown == "·") == (state in safe), state
        assert fate.faults == walked.fewest(state), state
        if shown == "●":
            beyond = {"✗" if violation else mark(known.of(after)) for _, after, violation in ways}
            assert beyond <= {"●", "✗"}, state


def test_a_dead_worker_whose_lease_may_run_out_is_a_way_back() -> None:
    """The late worker of FM-010 can drop the job, and the lease of the dead one run out."""
    run = kept("FM-010")
    known = fates(run.scope, run.trace.violated)
    state = run.states[7]
    marks = []
    way = ["crash(worker2)", "abandon(worker1)", "expire(job1)", "look(recoverer1, job1)",
           "recover(recoverer1)", "notify(job1)"]  # fmt: skip
    for name in way:
        taken = next(m for m in moves(run, state) if m.name == name)
        assert taken.enabled, name
        marks.append(mark(known.after(taken.instance, state)))
        state = taken.instance.after(state)
    assert "●" not in marks and "✗" not in marks
    assert marks[0] == "○" and marks[1] == "·"
    assert (
        dict(zip((p.name for p in run.scope.places), state, strict=True))["notice[job1]"] == "sent"
    )


def test_where_nothing_leads_round_a_violation_the_mark_says_so() -> None:
    run = kept("FM-027a")
    marks = "".join(map(mark, fates(run.scope, run.trace.violated).along(run)))
    assert marks == "111○○○○○○○○○●✗"
    first = marks.index("●")
    asked = Asked("FM-027a", run.scope, run.trace.violated)
    found = nearest(asked, run.states[first], "finished")
    assert isinstance(found, str) and "with nothing more broken is finished" in found
    assert isinstance(nearest(asked, run.states[first - 1], "finished"), list)
