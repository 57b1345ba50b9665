"""In every reachable state the store takes just the steps that the spec allows, each as the spec
does, and refuses every other for the guard that the spec names.
"""

from collections import Counter

import pytest

from checker.conformance.beside_spec import Divergence, Steps
from checker.search.compiled import explore
from checker.search.compiled.code.layout import Layout
from impl.derive.design import Design, derive
from spec.language import Spec, require
from spec.language.scope import Scope, State
from spec.language.terms.types import Sort
from spec.queue import SCOPES
from tests.conformance.faults import setting
from tests.conformance.replay.replay_graph import (
    Anywhere,
    graph_states,
    named_sorts,
    try_every_edge,
    try_everywhere,
)
from tests.specs.lamps import STREET

ONE_JOB = derive(SCOPES["one-job"])


def all_states(design: Design) -> list[State]:
    return list(map(Layout(design.scope).unpack, graph_states(design)))


# ---------------------------------------------------------------- every edge


@pytest.mark.deep
def test_every_edge_of_one_job_agrees() -> None:
    tried = try_everywhere(ONE_JOB, all_states(ONE_JOB))
    known = explore(ONE_JOB.scope)
    assert (tried.states, tried.taken) == (known.states, Counter(known.fired))
    steps = len(Steps(ONE_JOB.scope).every)
    assert tried.taken.total() + tried.refused.total() == steps * known.states


@pytest.mark.deep
def test_every_edge_of_whole_agrees() -> None:
    tried = try_every_edge("whole", processes=2)
    known = explore(SCOPES["whole"])
    assert (tried.states, tried.taken) == (known.states, Counter(known.fired))
    assert set(tried.refused) >= set(SCOPES["whole"].spec.guard_names())


def test_an_edge_that_differs_is_found_wherever_it_is() -> None:
    """Only where the last interruption buries the job does this one differ."""
    text = "CASE WHEN :MaxInterrupts <= interrupts + 1 THEN 'sent' ELSE 'none' END"
    wrong = setting(derive(ONE_JOB.scope, checks=False), "recover", "notice", text)
    with pytest.raises(Divergence) as differs:
        try_everywhere(wrong, all_states(ONE_JOB))
    found = differs.value
    assert (found.place, found.want, found.got) == ("notice[job1]", "due", "sent")
    assert found.call.startswith("recover(")
    assert "interrupts[job1] = 1" in found.__notes__[0]


def test_a_difference_crosses_processes_whole() -> None:
    import pickle

    first = Divergence(3, "claim(worker1, job1)", "token[job1]", 1, 2, "UPDATE job")
    again = pickle.loads(pickle.dumps(first))
    assert (str(again), again.sql) == (str(first), "UPDATE job")


# ---------------------------------------------------------------- putting it into a state


def test_a_state_is_put_as_rows_and_memory() -> None:
    steps = Steps(ONE_JOB.scope)
    replay = Anywhere(ONE_JOB, steps)
    run = [("enqueue", {"j": 0}), ("claim", {"w": 1, "j": 0}), ("settle_failed", {"w": 1})]
    states = [steps.initial]
    for action, binding in run:
        states.append(steps.find(action, binding).after(states[-1]))
    query = "SELECT id, status, token, fails, notice FROM job"
    rows = []
    for state in (states[3], states[1], states[0], states[2]):
        replay.put(state)
        rows.append(replay.store.connection.execute(query).fetchall())
        assert replay.difference(state) is None
    assert rows == [
        [(1, "dead", 1, 1, "due")],
        [(1, "ready", 0, 0, "none")],
        [],
        [(1, "claimed", 1, 0, "none")],
    ]
    assert replay.difference(states[1]) == ("status[job1]", "ready", "claimed")


# ---------------------------------------------------------------- which states


class Desk(Sort):
    """A place to work at."""


class Clerk(Sort):
    """Somebody who works at one."""


office = Spec("office", doc="Desks whose rows say who sits there.")
office.durable("sitter", Desk, Clerk, None, "who sits there")
office.volatile("seated", Clerk, bool, False, "the clerk sits somewhere")


@office.action()
def sit(s, c: Clerk, d: Desk):  # type: ignore[no-untyped-def]
    """A clerk sits down."""
    require(free=s.sitter[d] == None, standing=~s.seated[c])  # noqa: E711
    s.sitter[d] = c
    s.seated[c] = True


def test_a_process_that_a_row_names_is_told_apart() -> None:
    design = derive(Scope("office", office, {"Desk": 1, "Clerk": 2}))
    assert named_sorts(design) == {"Desk", "Clerk"}
    assert len(graph_states(design)) == 3  # nobody, the first, the second


def test_processes_that_no_statement_names_are_counted_once() -> None:
    assert named_sorts(ONE_JOB) == {"Job"}
    assert named_sorts(derive(STREET)) == {"Lamp"}
    known = explore(ONE_JOB.scope, symmetry=False)
    assert len(graph_states(ONE_JOB)) < known.states == 3592
