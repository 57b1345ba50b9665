"""What explains a run agrees with the run: changes, writers, clauses and moves."""

from functools import cache

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.evidence.traces import FOLDER
from checker.explain.clauses import Clause, guard_clauses, property_clauses
from checker.explain.diff import entities
from checker.explain.moves import moves
from checker.explain.run import Run, broken_run, open_run
from checker.explain.writers import writers
from checker.runs.why import Why
from spec.language.evaluate import Claim
from spec.language.scope import Scope, value_name

TWO = Scope("two", commit_protocol, {"Manager": 2})
KEPT = ["FM-007", "FM-010", "FM-011", "FM-017", "FM-022a"]


@cache
def kept(name: str) -> Run:
    return open_run(FOLDER / f"{name}.jsonl")


def test_a_broken_run_is_found_and_followed() -> None:
    run = broken_run(TWO, ["decide_commit.all_prepared"], "all_agree")
    assert [line.call for line in run.lines] == ["decide_commit", "choose_abort", "obey_commit"]
    assert run.actors == ["manager1", "manager2", "-"]
    assert len(run.states) == len(run.steps) + 1 == 4


@pytest.mark.parametrize("name", KEPT)
def test_changes_put_onto_a_state_give_the_next(name: str) -> None:
    run = kept(name)
    for before, after in zip(run.states, run.states[1:], strict=False):
        shown = [row for e in entities(run.scope, before, after) for row in e.rows]
        changed = {row.place: row.after for row in shown if row.mark == "~"}
        assert {row.place for row in shown} == {place.name for place in run.scope.places}
        for place, old, new in zip(run.scope.places, before, after, strict=True):
            patched = changed.get(place.name, value_name(place.field.type, old))
            assert patched == value_name(place.field.type, new)


def test_changes_are_grouped_by_whom_they_belong_to() -> None:
    run = kept("FM-011")
    shown = entities(run.scope, *run.states[-2:])
    assert [e.name for e in shown if e.changed] == ["job1", "worker1"]
    assert next(r.place for r in shown[0].rows if r.mark == "~") == "status[job1]"


@pytest.mark.parametrize("name", KEPT)
def test_the_writers_of_a_place_are_the_steps_whose_lines_change_it(name: str) -> None:
    run = kept(name)
    for place in run.scope.places:
        told = [line.n for line in run.lines if place.name in {c.place for c in line.changes}]
        assert writers(run, place.name, run.end) == told[::-1]
        assert writers(run, place.name, 2) == [n for n in told[::-1] if n <= 2]


@pytest.mark.parametrize("name", KEPT)
def test_a_move_is_possible_if_and_only_if_every_clause_holds(name: str) -> None:
    run = kept(name)
    for k, state in enumerate(run.states):
        found = moves(run, state)
        assert [m.enabled for m in found] == sorted((m.enabled for m in found), reverse=True)
        for move in found:
            clauses = guard_clauses(run, k, move.instance)
            assert move.first_refusal == move.instance.refusal(state)
            assert move.enabled == all(c.holds for c in clauses)
            assert set(move.refused_by) == {c.name for c in clauses if not c.holds}


@pytest.mark.parametrize("name", KEPT)
def test_a_clause_has_had_its_truth_since_the_step_that_it_names(name: str) -> None:
    run = kept(name)
    for move in moves(run, run.states[-1]):
        for clause in guard_clauses(run, run.end, move.instance):
            assert clause.since is not None and clause.condition is not None
            meaning = run.evaluator.meaning(clause.condition, clause.binding)
            truths = [bool(meaning(s, s)) for s in run.states]
            k = clause.since.step
            assert set(truths[k:]) == {clause.holds}
            assert k == 0 or truths[k - 1] != clause.holds
            assert k == 0 or clause.since.call == run.lines[k - 1].call


def broken(clauses: list[Clause]) -> bool:
    """What the parts of a property say of the whole."""
    parts = {role: [c.holds for c in clauses if c.name == role] for role in ("if", "then", "or")}
    never = [c.holds for c in clauses if c.name == "never"]
    if never and all(never) and all(parts["if"]):
        return True
    if not all(c.holds for c in clauses if c.name == "must"):
        return True
    outcome = not all(parts["then"]) or (bool(parts["or"]) and not any(parts["or"]))
    return all(parts["if"]) and outcome


@pytest.mark.parametrize("name", KEPT)
def test_the_parts_of_a_property_say_whether_it_is_broken(name: str) -> None:
    run = kept(name)
    claims = [p for p in run.scope.spec.properties.values() if p.kind in ("invariant", "step")]
    for k in range(1, run.end + 1):
        for claim in claims:
            before = run.states[k - 1 if claim.kind == "step" else k]
            clauses = property_clauses(run, k, claim.name)
            held = Claim(run.evaluator, claim).holds(before, run.states[k]) is None
            if not held:
                assert broken(clauses), (k, claim.name)
            elif claim.kind == "invariant":
                assert not broken(clauses), (k, claim.name)
            for clause in clauses:
                assert clause.condition is not None
                why = Why(run.evaluator, before, run.states[k])
                assert clause.holds == why.value(clause.condition, clause.binding)


@pytest.mark.parametrize("name", KEPT)
def test_of_nobody_nothing_is_said_to_be_read(name: str) -> None:
    run = kept(name)
    for k, state in enumerate(run.states):
        read = [v for m in moves(run, state) for c in guard_clauses(run, k, m.instance)
                for v in c.values]  # fmt: skip
        assert not [value for value in read if "[none]" in value]


def test_the_broken_claim_of_a_late_worker_is_taken_apart() -> None:
    run = kept("FM-011")
    parts = property_clauses(run, run.end, run.trace.violated)
    assert [(c.name, c.holds, c.text) for c in parts] == [
        ("if", True, "lease[job1] == live"),
        ("if", True, "status'[job1] != claimed"),
        (
            "then",
            False,
            "exists(Worker, lambda w: (job[w] == job1) & (held[w] == token[job1]) "
            "& (held_epoch[w] == epoch[job1]) & (job'[w] == none))",
        ),
    ]


def test_before_it_is_broken_a_claim_is_taken_apart_for_those_who_break_it() -> None:
    run = kept("FM-035a")
    assert run.story.broken.when == "v = worker1, w = worker2"
    for k in range(run.end):
        parts = property_clauses(run, k, run.trace.violated)
        assert [(c.binding["v"], c.binding["w"]) for c in parts] == [(0, 1)] * len(parts)
