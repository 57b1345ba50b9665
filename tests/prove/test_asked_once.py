"""What is asked of the solvers, how often, and what is remembered of their answers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from ffq.textbook.two_phase_commit import commit_protocol

from checker.prove import portfolio, proof
from checker.prove.export import everything
from checker.prove.obligations import Obligation, Prover, inductive
from checker.prove.portfolio import Decided
from checker.prove.proof import prove
from checker.prove.solvers import cvc5_solver, sufficient, z3_solver
from spec.language import Spec
from spec.language.edited.edits import without
from spec.language.terms.expr import Read
from spec.language.terms.tree import walk
from tests.edited import updated
from tests.prove.agreed import agreed
from tests.specs.lease_lock import lease_lock

pytestmark = pytest.mark.usefixtures("forgetful")


def test_the_frame_proves_only_what_both_solvers_prove_as_it_stands() -> None:
    framed = [o for o in everything(agreed) if o.framed]
    # By hand: when the manager hears that somebody has prepared, no participant moves.
    assert "hear_prepared/all_agree" in {o.name for o in framed}
    for o in framed:
        assert z3_solver.decide(o.text).verdict == cvc5_solver.decide(o.text).verdict == "proved"


def test_the_frame_spares_no_step_that_writes_what_the_claim_reads() -> None:
    spared = {o.name for o in everything(lease_lock) if o.framed}
    touching = {
        f"{a.name}/{p.name}"
        for a in lease_lock.actions.values()
        for p in lease_lock.properties.values()
        for u in a.updates(lease_lock)
        if any(isinstance(e, Read) and e.field is u.field for b in p.bodies for e in walk(b))
    }
    assert touching and spared and not spared & touching


def test_a_claim_that_fell_is_not_proved_by_the_frame() -> None:
    fewer = [p for p in inductive(agreed) if p.name != "all_agree"]
    assert Prover(agreed).obligation("hear_prepared/all_agree").framed
    assert not Prover(agreed, fewer).obligation("hear_prepared/all_agree").framed


def test_a_text_is_cut_down_to_what_its_proof_used() -> None:
    for o in everything(agreed):
        core = z3_solver.decide(o.text).core
        less = sufficient.cut(o.text, core)
        assert set(less.splitlines()) <= set(o.text.splitlines())
        assert {f":named {name}))" in less for name in core} <= {True}
        assert cvc5_solver.decide(less).verdict == "proved", (o.name, less)


def test_what_two_specs_share_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    prove(agreed)
    asked: list[str] = []

    def listen(
        o: Obligation, decide: Callable[[Obligation], Decided] = portfolio.decide
    ) -> Decided:
        asked.append(o.name)
        return decide(o)

    larger = Spec("agreed, and more", agreed)
    larger.durable("light", None, bool, False, "on or off")

    @larger.action()
    def switch(s):  # type: ignore[no-untyped-def]
        """Somebody plays with the light."""
        s.light = ~s.light

    monkeypatch.setattr(portfolio, "decide", listen)
    made = prove(larger)
    assert not made.first
    assert asked == []  # the new action touches no claim, and all else was asked before


def test_what_lacks_a_line_that_was_needed_is_asked_again() -> None:
    prove(agreed)
    name = "obey_commit/all_agree"
    fewer = [p for p in inductive(agreed) if p.name != "nobody_is_left_out"]
    assert portfolio.recalled(Prover(agreed).obligation(name)) is not None
    assert portfolio.recalled(Prover(agreed, fewer).obligation(name)) is None


def test_damaged_lines_count_as_forgotten(tmp_path: Path) -> None:
    prove(agreed)
    asked = [o for o in everything(agreed) if not o.framed]
    assert all(map(portfolio.recalled, asked))
    for file in (tmp_path / "cache" / "sufficient").iterdir():
        file.write_text('[[["(assert false)"], {}, {}]]', "utf-8")
    assert not any(map(portfolio.recalled, asked))


# ------------------------------------------------------------------ what is remembered
def test_a_proof_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = prove(agreed)
    monkeypatch.setattr(proof, "strongest", lambda *_: pytest.fail("proved again"))
    again = prove(agreed)
    assert (again.decided, again.idle, again.first) == (made.decided, made.idle, made.first)


def test_another_lemma_means_another_proof() -> None:
    prove(agreed)
    assert proof.known(agreed) is not None
    assert proof.known(commit_protocol) is None
    assert proof.known(without(agreed, "decide_commit.all_prepared")) is None


def test_another_version_of_a_solver_means_another_proof() -> None:
    prove(agreed)
    for solver in ("z3", "cvc5"):
        with updated(solver):
            assert proof.known(agreed) is None


def test_a_damaged_memory_of_a_proof_counts_as_forgotten(tmp_path: Path) -> None:
    prove(agreed)
    (file,) = (tmp_path / "cache" / "proofs").iterdir()
    for text in ("", "{", "[]", '{"decided": [{}]}'):
        file.write_text(text, "utf-8")
        assert proof.known(agreed) is None
