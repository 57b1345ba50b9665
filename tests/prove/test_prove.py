"""What is called proved is: it needs both solvers, every obligation, and hypotheses that stand."""

import pytest
from ffq.textbook.two_phase_commit import Manager, Phase, commit_protocol

from checker.prove import portfolio
from checker.prove.obligations import Prover, inductive
from checker.prove.proof import prove
from checker.prove.solvers import cvc5_solver, z3_solver
from checker.runs.verdict import Judged, Verdict
from checker.search import plain
from checker.verdicts.check import Contradiction, strengthened
from spec.language import Spec
from spec.language.edited.edits import without
from spec.language.scope import Scope
from spec.queue import SCOPES
from spec.queue.scopes import requests
from tests.prove.agreed import agreed
from tests.specs.lease_lock import lease_lock

pytestmark = pytest.mark.usefixtures("forgetful")


# ------------------------------------------------------------------ what is proved
def test_two_phase_commit_agrees_for_any_number_of_managers() -> None:
    made = prove(agreed)
    assert made.proves("all_agree")
    assert not made.first


def test_without_its_lemmas_the_agreement_is_not_inductive() -> None:
    made = prove(commit_protocol)
    assert not made.proves("all_agree")
    # By hand: a manager that has not prepared may abort while another has committed, unless it is
    # known that nobody commits before all have prepared.
    assert "choose_abort/all_agree" in made.first


def test_a_claim_that_a_run_violates_is_not_proved() -> None:
    broken = without(lease_lock, "write.fenced")
    bounds = {"Client": 2, "Tokens": 2}
    violated = plain.explore(Scope("lock", broken, bounds)).violations
    made = prove(broken)
    assert violated
    assert not [name for name in violated if made.proves(name)]


@pytest.mark.deep
@pytest.mark.parametrize(
    "spec", {s.spec.name: s.spec for s in SCOPES.values()}.values(), ids=lambda s: s.name
)
def test_every_claim_of_the_queue_is_proved_by_both_solvers(spec: Spec) -> None:
    made = prove(spec, every=True)  # as it stands, whatever the frame or another spec has shown
    assert not [d.name for d in made.decided if d.framed]
    claims = [p for p in spec.properties.values() if p.kind in ("invariant", "step", "leads_to")]
    assert [p.name for p in claims if not made.proves(p.name)] == []
    assert not [d.name for d in made.decided if d.disputed]


@pytest.mark.parametrize("solver", [z3_solver, cvc5_solver])
def test_the_hypotheses_of_the_queue_have_a_model(solver: object) -> None:
    # Else everything would follow from them.
    text = "\n".join([*Prover(requests).assumed(), "(check-sat)", ""])
    assert solver.decide(text).verdict == "refuted"  # type: ignore[attr-defined]


def test_a_lemma_that_nothing_needs_is_named() -> None:
    spec = Spec("padded", agreed)

    def all_is_well(s, m: Manager):  # type: ignore[no-untyped-def]
        """What was heard is heard or not: true, and of no use."""
        return s.heard[m] | ~s.heard[m]

    spec.lemma("TC-1")(all_is_well)
    assert prove(spec).idle == ("all_is_well",)


def test_what_leans_on_a_fallen_claim_is_not_proved() -> None:
    spec = Spec("wishful", commit_protocol)

    def nobody_commits(s, m: Manager):  # type: ignore[no-untyped-def]
        """A false lemma, from which agreement would follow."""
        return s.phase[m] != Phase.committed

    spec.lemma("TC-1")(nobody_commits)
    made = prove(spec)
    assert "obey_commit/nobody_commits" in made.first
    assert not made.proves("all_agree")


def test_the_proof_of_a_claim_says_what_it_leans_on() -> None:
    made = prove(agreed)
    # By hand: who has not prepared may abort by himself, so nobody may have committed by then;
    # that a commit was decided and everybody heard of is what excludes it.
    assert "nobody_is_left_out" in made.lemmas_of("all_agree")
    assert made.lemmas_of("decisions_are_sent") == []


def test_a_removed_hypothesis_is_missed() -> None:
    fewer = [p for p in inductive(agreed) if p.name != "nobody_is_left_out"]
    answers = {portfolio.decide(o).verdict for o in Prover(agreed, fewer).all()}
    assert "refuted" in answers


# ------------------------------------------------------------------ evidence
def judged(evidence: str) -> Judged:
    return Judged("TC-1", "all_agree", "invariant", Verdict(evidence, "as found"))  # type: ignore[arg-type]


def test_what_is_proved_is_p_unless_it_is_vacuous() -> None:
    found = [judged("E"), judged("V")]
    proved = strengthened(found, frozenset({"all_agree"}), agreed)
    assert [j.verdict.evidence for j in proved] == ["P", "V"]
    assert strengthened(found, frozenset(), agreed) == tuple(found)


def test_a_proved_claim_that_a_run_violates_is_our_fault() -> None:
    with pytest.raises(Contradiction, match="all_agree is proved of two-phase commit, proved"):
        strengthened([judged("✗")], frozenset({"all_agree"}), agreed)
