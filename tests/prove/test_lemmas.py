"""Lemmas: mined from a scope, kept if no step breaks them, chosen because a proof needs them."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.prove.lemmas.atoms import written_lemma
from checker.prove.lemmas.houdini import base, keep, not_implied
from checker.prove.lemmas.mining import clauses, mine, negation
from checker.prove.lemmas.propose import Proposal, propose, with_lemmas, without_lemmas
from checker.prove.obligations import Prover, inductive
from checker.prove.portfolio import decide
from checker.prove.proof import prove
from checker.prove.solvers import z3_solver
from checker.runs.exploration import Limits
from checker.search.compiled import explore
from checker.search.plain import _Search
from spec.language import Spec
from spec.language.declared.model import Property
from spec.language.evaluate import Claim, Evaluator
from spec.language.scope import Scope
from spec.language.terms.expr import Expr, Not, Read
from spec.queue import DEFAULT, SCOPES
from tests.commands.processes.two_managers import Ffq
from tests.specs.corners import corners
from tests.specs.lease_lock import lease_lock

LOCK = Scope("lease lock", lease_lock, {"Client": 2, "Tokens": 3})
COMMIT = Scope("two-phase commit", commit_protocol, {"Manager": 3})
CORNERS = Scope("corners", corners, {"Ball": 2, "Next": 2, "Limit": 1})

deep = pytest.mark.deep


def silent(_: str) -> None:
    """Say nothing."""


def proposal(scope: Scope, literals: int) -> Proposal:
    return propose(mine(scope, literals), scope.spec, silent)


def candidate(name: str, like: Callable[..., Any], spec: Spec) -> Property:
    """Return a condition of the spec's state as a candidate."""
    copy = Spec("copy", spec)
    like.__doc__, like.__name__ = "A made-up candidate.", name
    return replace(copy.lemma("candidate")(like), id="candidate")


# ------------------------------------------------------------------ what is mined
@pytest.mark.parametrize("scope", [LOCK, CORNERS, COMMIT], ids=lambda s: s.name)
def test_candidates_hold_in_every_state_that_the_plain_explorer_visits(scope: Scope) -> None:
    search = _Search(scope, (), None)
    search.run(Limits(), frozenset())
    evaluator = Evaluator(scope)
    found = mine(scope, 2).candidates
    assert len(found) > 10
    for p in found:
        claim = Claim(evaluator, p)
        assert not [s for s in search.came_from if claim.holds(s)], p.body


def test_clauses_are_those_that_trying_all_of_them_finds() -> None:
    seed = 7
    rng = np.random.default_rng(seed)
    for _ in range(20):
        table = rng.random((12, 5)) < rng.random(5)
        table[:, 4] &= ~table[:, 0]
        found = {frozenset(clause) for clause in clauses(table, 3)}
        true = {
            frozenset(c)
            for k in (1, 2, 3)
            for c in itertools.combinations([(a, b) for a in range(5) for b in (True, False)], k)
            if len({a for a, _ in c}) == k
            and all(any(row[a] == affirmed for a, affirmed in c) for row in table)
        }
        minimal = {c for c in true if not any(d < c for d in true)}
        # Of two atoms that always agree, or never do, the second is in no longer clause.
        twins = [c for c in minimal if len(c) == 2 and frozenset((a, not b) for a, b in c) in true]
        later = {max(a for a, _ in c) for c in twins}
        wanted = {c for c in minimal if c in twins or not later & {a for a, _ in c}}
        assert wanted == found, f"seed {seed}"


def test_a_clause_that_one_state_makes_false_is_not_mined() -> None:
    table = np.array([[True, False], [True, True], [False, True]])
    assert {frozenset(c) for c in clauses(table, 2)} == {frozenset({(0, True), (1, True)})}
    more = np.vstack([table, [[False, False]]])
    assert not list(clauses(more, 2))


def test_a_candidate_is_printed_as_the_spec_would_have_it() -> None:
    scope = SCOPES["one-job"]
    found = mine(scope, 1).candidates + mine(scope, 2).candidates[-300:]
    own = ("job", "recovery", "notices", "deadlines")
    modules = [__import__(f"spec.queue.{n}", fromlist=["x"]) for n in own]
    for p in found:
        names: dict[str, Any] = {k: v for m in modules for k, v in vars(m).items()}
        exec(compile(written_lemma(p), "lemma", "exec"), names)  # our own text
        names[p.name].__doc__ = p.doc
        pasted = Spec("pasted", scope.spec).lemma(p.id)(names[p.name])
        assert str(p.body) == str(pasted.body)


def test_numbers_are_compared_without_a_negation() -> None:
    a, b = (lease_lock.fields[n] for n in ("written", "newest"))
    less: Expr = Read(a, None) < Read(b, None)
    assert str(negation(less)) == "newest <= written"
    assert str(negation(negation(less))) == "written < newest"
    assert str(negation(Not(Read(a, None) == Read(b, None)))) == "written == newest"


# ------------------------------------------------------------------ what is dropped
def test_a_candidate_that_the_initial_state_or_a_step_breaks_is_dropped() -> None:
    at_first = candidate("at_first", lambda s: s.last_token > 0, lease_lock)
    in_time = candidate("in_time", lambda s: s.last_token < 2, lease_lock)
    true = candidate("true", lambda s: s.written <= s.newest, lease_lock)
    kept = keep(lease_lock, [at_first, in_time, true], silent)
    assert [p.name for p in kept if p.id == "candidate"] == ["true"]


def test_a_candidate_that_leans_on_one_that_falls_falls_too() -> None:
    few = candidate("few", lambda s: s.last_token <= 0, lease_lock)
    low = candidate("low", lambda s: s.written <= 1, lease_lock)
    client = lease_lock.actions["acquire"].params[0]
    low_tokens = replace(few, name="low_tokens", params=(client,), own=_token(client) <= 1)
    # acquire breaks the first, then the second, then write breaks the third.
    kept = keep(lease_lock, [few, low_tokens, low], silent)
    assert [p for p in kept if p.id == "candidate"] == []


def _token(client: Expr) -> Read:
    return Read(lease_lock.fields["token"], client)


def test_what_is_known_already_is_dropped() -> None:
    known = candidate("known", lambda s: s.newest <= s.written, lease_lock)
    by_type = candidate("by_type", lambda s: s.last_token + 1 > 0, lease_lock)
    new = candidate("new", lambda s: s.written <= s.last_token, lease_lock)
    left = not_implied(lease_lock, [known, by_type, new], inductive(lease_lock))
    assert [p.name for p in left] == ["new"]
    weaker = candidate("weaker", lambda s: s.written <= s.last_token + 1, lease_lock)
    few = base(lease_lock, [new, weaker], inductive(lease_lock))
    assert [p.name for p in few] == ["new"]


# ------------------------------------------------------------------ what is proposed
@pytest.mark.deep
def test_the_lemma_that_fencing_rests_on_is_found() -> None:
    """As the source has it: a client's token is one that the lock service has handed out."""
    before = prove(lease_lock)
    assert before.fallen == {"tokens_are_not_shared"}
    found = proposal(LOCK, 1)
    assert found.failing == ("acquire/tokens_are_not_shared",)
    assert [str(p.body) for p in found.needed] == ["token[c] <= last_token"]
    assert (found.unproved, found.idle) == ((), ())
    after = prove(with_lemmas(lease_lock, found.needed))
    assert after.proves("tokens_are_not_shared") and not after.fallen
    assert sum(found.dropped.values()) + len(found.needed) + len(found.other) == len(
        found.mined.candidates
    )


@deep
def test_agreement_needs_clauses_of_three_literals() -> None:
    assert "all_agree" in prove(commit_protocol).fallen
    assert proposal(COMMIT, 2).unproved == ("all_agree",)
    found = proposal(COMMIT, 3)
    assert found.unproved == ()
    assert prove(with_lemmas(commit_protocol, found.needed)).proves("all_agree")
    for spared in found.needed:
        fewer = [p for p in found.needed if p is not spared]
        assert prove(with_lemmas(commit_protocol, fewer)).fallen


@deep
def test_the_queue_is_proved_by_proposed_lemmas_alone() -> None:
    scope = SCOPES["one-job"]
    bare = without_lemmas(scope.spec)
    lost = Prover(bare).obligation("settle_done/done_was_run")
    assert decide(lost).verdict == "refuted"
    found = propose(mine(scope.on(bare), 3), bare, silent)
    assert "settle_done/done_was_run" in found.failing
    proof = prove(with_lemmas(bare, found.needed))
    assert (found.unproved, proof.fallen) == ((), frozenset())


def test_without_a_helpful_candidate_the_claim_is_said_to_be_unproved() -> None:
    mined = replace(mine(LOCK, 1), candidates=())
    found = propose(mined, lease_lock, silent)
    assert (found.needed, found.unproved) == ((), ("tokens_are_not_shared",))


def test_a_lemma_that_no_proof_needs_is_idle_and_one_that_a_proof_needs_is_not() -> None:
    client = lease_lock.actions["acquire"].params[0]
    known = candidate("needed", lambda s: s.written <= s.last_token, lease_lock)
    last = Read(lease_lock.fields["last_token"], None)
    needed = replace(known, params=(client,), own=_token(client) <= last)
    useless = candidate("useless", lambda s: (s.last_token == 0) >> (s.written == 0), lease_lock)
    proof = prove(with_lemmas(lease_lock, [needed, useless]))
    assert not proof.fallen
    assert proof.idle == ("useless",)


# ------------------------------------------------------------------ the lemmas of the queue
def as_invariants(scope: Scope, lemmas: Iterable[Property]) -> Scope:
    claims = {p.name: replace(p, kind="invariant") for p in lemmas}
    return scope.on(scope.spec.edited("lemmas as invariants", properties=claims))


def lemmas_of(scope: Scope) -> list[Property]:
    return [p for p in scope.spec.properties.values() if p.kind == "lemma"]


LARGER = {"life", "effects", "whole"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=pytest.mark.deep if n in LARGER else ())
        for n in DEFAULT
        if lemmas_of(SCOPES[n])
    ],
)
def test_lemmas_hold_in_every_reachable_state(name: str) -> None:
    lemmas = lemmas_of(SCOPES[name])
    assert len(lemmas) >= 2
    found = explore(as_invariants(SCOPES[name], lemmas))
    assert (found.complete, dict(found.violations)) == (True, {})


def test_a_false_lemma_would_be_violated() -> None:
    scope = SCOPES["one-job"]
    false = [replace(p, own=~p.own) for p in lemmas_of(scope)]
    found = explore(as_invariants(scope, false))
    assert set(found.violations) == {p.name for p in false}


# ------------------------------------------------------------------ the command
@pytest.fixture
def ffq(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ffq:
    queue = ModuleType("spec.queue")
    queue.__dict__.update(
        {"SCOPES": {"lock": LOCK, "commit": COMMIT}, "DEFAULT": ("lock",), "DEEP": ()}
    )
    monkeypatch.setitem(sys.modules, "spec.queue", queue)
    return Ffq(capsys)


def test_the_command_prints_lemmas_to_paste(ffq: Ffq) -> None:
    status, out, err = ffq("lemmas", "--scope", "lock", "--literals", "1")
    assert (status, err) == (0, "")
    assert "(s, c: Client):\n    return s.token[c] <= s.last_token\n" in out
    assert out.endswith("All proved with 1 new lemma\n")


def test_the_command_in_json_is_one_object(ffq: Ffq) -> None:
    status, answer = ffq.json("lemmas", "--scope", "lock", "--literals", "1")
    assert (status, answer["ok"], answer["scope"]) == (0, True, "lease lock")
    assert [lemma["body"] for lemma in answer["needed"]] == ["token[c] <= last_token"]
    kept = len(answer["needed"]) + len(answer["other"])
    assert answer["candidates"] == sum(answer["dropped"].values()) + kept


def test_an_unknown_scope_is_bad_usage(ffq: Ffq) -> None:
    status, out, err = ffq("lemmas", "--scope", "lok")
    assert (status, out) == (2, "")
    assert err == "ffq: there is no scope 'lok'; write one of: lock\n"


def test_an_interrupt_ends_a_search_of_z3_that_would_swallow_it() -> None:
    z3_solver.begin("(set-option :produce-models true)")
    powers = "(= (+ (* a a a a a) (* b b b b b)) (* c c c c c))"
    declared = "".join(f"(declare-const {n} Int) (assert (> {n} 1))" for n in "abc")
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        z3_solver.run(f"{declared} (assert {powers}) (check-sat)")


def test_a_claim_that_is_not_proved_is_exit_1_and_says_what_looks_further(ffq: Ffq) -> None:
    status, out, _ = ffq("lemmas", "--scope", "commit", "--literals", "1")
    assert status == 1
    assert "?  all_agree is not proved\n" in out
    assert out.endswith("Not everything is proved\n--literals 3 finds longer lemmas\n")


def test_atoms_that_never_change_make_no_longer_clause() -> None:
    table = np.array([[True, False]] * 3)
    assert list(clauses(table, 3)) == [((0, True),), ((1, False),)]


@pytest.mark.parametrize("name", ["space", "keeping"])
def test_a_scope_with_atoms_that_never_change_is_mined(name: str) -> None:
    assert mine(SCOPES[name], 2).candidates
