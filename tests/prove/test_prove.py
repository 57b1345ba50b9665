"""What is called proved is: it needs both solvers, every obligation, and hypotheses that stand."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.prove import portfolio, proof
from checker.prove.export import everything
from checker.prove.obligations import Obligation, Prover, inductive
from checker.prove.portfolio import Decided
from checker.prove.proof import prove
from checker.prove.solvers import cvc5_solver, sufficient, z3_solver
from checker.prove.solvers.answer import Answer
from checker.prove.solvers.values import parse, show
from checker.runs import cache
from checker.runs.verdict import Judged, Verdict
from checker.search import plain
from checker.shown import proofs
from checker.verdicts.check import Contradiction, strengthened
from spec.language import Spec
from spec.language.edits import without
from spec.language.expr import Read
from spec.language.scope import Scope
from spec.language.tree import walk
from spec.queue import SCOPES
from spec.queue.scopes import requests
from tests.edited import updated
from tests.specs.lease_lock import lease_lock
from tests.specs.two_phase_commit import Decision, Manager, Phase, commit_protocol

# Two-phase commit with the lemmas that a proof on paper uses: decisions are sent when made, a
# decision to commit was agreed to by everybody, and who has prepared does not abort by himself.
agreed = Spec("two-phase commit, proved", commit_protocol)


@agreed.lemma("TC-1")
def decisions_are_sent(s):  # type: ignore[no-untyped-def]
    """What was decided is what was sent."""
    return (s.commit_sent == (s.decision == Decision.committed)) & (
        s.abort_sent == (s.decision == Decision.aborted)
    )


@agreed.lemma("TC-1")
def what_was_heard_was_sent(s, m: Manager):  # type: ignore[no-untyped-def]
    """The transaction manager knows only of managers that have prepared."""
    return s.heard[m] >> s.prepared_sent[m]


@agreed.lemma("TC-1")
def nobody_is_left_out(s, m: Manager):  # type: ignore[no-untyped-def]
    """A decision to commit was made when everybody had prepared."""
    return (s.decision == Decision.committed) >> s.heard[m]


@agreed.lemma("TC-1")
def who_has_prepared_waits(s, m: Manager):  # type: ignore[no-untyped-def]
    """A manager that has prepared ends only as it is told."""
    told = ((s.phase[m] == Phase.committed) & s.commit_sent) | (
        (s.phase[m] == Phase.aborted) & s.abort_sent
    )
    return s.prepared_sent[m] >> ((s.phase[m] == Phase.prepared) | told)


@agreed.lemma("TC-1")
def who_has_not_prepared_is_not_done(s, m: Manager):  # type: ignore[no-untyped-def]
    """A manager that never prepared commits only if it is told to."""
    return (s.phase[m] == Phase.committed) >> s.commit_sent


@pytest.fixture(autouse=True)
def forgetful(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Prove everything anew, in this process: what was found before must not hide what is found
    now, and faults must be seen. The command on the queue may remember.
    """
    with pytest.MonkeyPatch.context() as patch:
        if "capsys" not in request.fixturenames:
            patch.setattr(cache, "cache_folder", lambda: tmp_path / "cache")
            patch.setattr(portfolio, "_FEW", 1_000_000)
        yield


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


# ------------------------------------------------------------------ what is asked, and how often
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


# ------------------------------------------------------------------ two solvers
def says(verdict: str) -> Callable[[str], Answer]:
    return lambda text: Answer(verdict, 0.0, (), "said so")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("z3", "cvc5", "verdict", "disputed"),
    [
        ("proved", "proved", "proved", False),
        ("proved", "unknown", "unknown", False),
        ("unknown", "proved", "unknown", False),
        ("refuted", "unknown", "refuted", False),
        ("refuted", "refuted", "refuted", False),
        ("proved", "refuted", "unknown", True),
        ("refuted", "proved", "unknown", True),
    ],
)
def test_one_solver_proves_nothing(z3: str, cvc5: str, verdict: str, disputed: bool) -> None:
    both = Decided("a/b", "b", "", says(z3)(""), says(cvc5)(""), "asked")
    assert (both.verdict, both.disputed) == (verdict, disputed)


def test_a_dispute_is_told_and_both_texts_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cvc5_solver, "decide", says("refuted"))
    made = prove(agreed, every=True)
    assert proofs.status([made]) == 1
    lines = list(proofs.keep_disputes([made], tmp_path / "kept"))
    assert len(lines) == 2 * len(made.decided)
    kept = {f.name: f.read_text("utf-8") for f in (tmp_path / "kept").iterdir()}
    one = kept["two-phase commit, proved.prepare.all_agree.z3.smt2"]
    other = kept["two-phase commit, proved.prepare.all_agree.cvc5.smt2"]
    assert one.splitlines()[0] == "; z3 says proved"
    assert other.splitlines()[0] == "; cvc5 says refuted"
    assert one.split("\n", 1)[1] == other.split("\n", 1)[1]


def test_a_solver_that_does_not_know_leaves_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(z3_solver, "decide", says("unknown"))
    made = prove(agreed)
    assert proofs.status([made]) == 3
    assert not made.proves("all_agree")


def test_a_solver_says_why_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    # x * x * x = 3 has no integer solution, and no solver is asked to find that out.
    text = (
        "(set-logic ALL)(declare-fun f (Int) Int)(assert (forall ((x Int)) (= (f (f x)) (+ x 1))))"
        "(check-sat)"
    )
    monkeypatch.setattr(z3_solver, "SECONDS_MAX", 1)
    monkeypatch.setattr(cvc5_solver, "SECONDS_MAX", 1)
    for solver in (z3_solver, cvc5_solver):
        answer = solver.decide(text)
        assert (answer.verdict, bool(answer.why)) == ("unknown", True)


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


# ------------------------------------------------------------------ texts
def test_values_are_read_as_they_are_printed() -> None:
    text = "((a Job!val!0) (b (- 3)) (c (as @Job_1 Job)) (|d e| true))"
    tree = parse(text)
    assert [show(pair[1]) for pair in tree] == ["Job!val!0", "-3", "@Job_1", "true"]
    for wrong in ("", "a b", "(a", "a)"):
        with pytest.raises(ValueError):
            parse(wrong)


def test_every_obligation_is_a_file_with_a_line_of_prose(tmp_path: Path) -> None:
    from checker.prove.export import export

    count = export(agreed, tmp_path / "out")
    files = sorted((tmp_path / "out").glob("*.smt2"))
    assert len(files) == count == len(list(everything(agreed)))
    for file in files:
        text = file.read_text("utf-8")
        assert text.startswith("; ") and text.endswith("(check-sat)\n")
        assert z3_solver.decide(text).verdict == "proved"


# ------------------------------------------------------------------ the command
def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["prove", *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--spec", "liff"],
            "there is no spec 'liff'; write one of: life, requests, shared, whole",
        ),
        (["--property", "INV-0006"], "there is no claim 'INV-0006'; write one of: INV-006"),
        (["--without", "claim.redy"], "there is no guard 'claim.redy'; write one of: claim.ready"),
    ],
)
def test_bad_input_gets_one_line_with_the_nearest_names(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"ffq: {complaint}")
    assert len(err.splitlines()) == 1


def test_the_answer_for_programs_has_the_promised_shape(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--spec", "requests", "--json")
    answer = json.loads(out)
    assert (status, answer["ok"]) == (0, True)
    assert answer["obligations"] == answer["proved"]
    assert answer["solvers"]["cvc5"]["proved"] == answer["proved"] - answer["framed"]
    assert 0 < answer["texts"] <= answer["proved"] - answer["framed"]
    assert (answer["unknown"], answer["failed"], answer["disputed"]) == ([], [], [])
    rows = {p["name"]: p for p in answer["properties"]}
    assert rows["one_worker_per_token"]["evidence"] == "P"
    assert rows["one_worker_per_token"]["lemmas"] == ["tokens_come_from_the_row"]
    assert rows["orphans_are_freed"]["fairness"] == [
        "recoverer_restart weak", "recoverer_crash finite", "expire weak", "look weak",
        "recover strong",
    ]  # fmt: skip


def test_an_obligation_says_what_its_proof_used(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--spec", "requests", "--why", "claim/one_worker_per_token")
    assert status == 0
    assert "tokens_come_from_the_row" in out
    status, _, err = run(capsys, "--spec", "requests", "--why", "claim/one_worker")
    assert (status, err.count("\n")) == (2, 1)
    assert "claim/one_worker_per_token" in err


def test_a_missing_solver_is_named_with_its_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sys

    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "z3", None)
    monkeypatch.delitem(sys.modules, "checker.prove.solvers.z3_solver")
    monkeypatch.delattr("checker.prove.solvers.z3_solver")
    status, _, err = run(capsys, "--spec", "requests")
    assert (status, err) == (2, "ffq: z3 is not installed; `pip install z3-solver` brings it\n")
