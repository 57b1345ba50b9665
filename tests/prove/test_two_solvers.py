"""One solver alone proves nothing, and the texts that both are given can be read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from checker.prove.export import everything
from checker.prove.portfolio import Decided
from checker.prove.proof import prove
from checker.prove.solvers import cvc5_solver, z3_solver
from checker.prove.solvers.answer import Answer
from checker.prove.solvers.values import parse, show
from checker.shown import proofs
from tests.prove.agreed import agreed

pytestmark = pytest.mark.usefixtures("forgetful")


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

    count = export(agreed.name, list(everything(agreed)), tmp_path / "out")
    files = sorted((tmp_path / "out").glob("*.smt2"))
    assert len(files) == count == len(list(everything(agreed)))
    for file in files:
        text = file.read_text("utf-8")
        assert text.startswith("; ") and text.endswith("(check-sat)\n")
        assert z3_solver.decide(text).verdict == "proved"
