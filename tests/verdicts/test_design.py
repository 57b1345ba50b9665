"""A design is described by answers; what breaks of it, and the fewest answers that mend it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.commands import main as cli
from checker.runs.exploration import Limits
from checker.verdicts.designs import row
from checker.verdicts.mends import Broken, judge
from spec.failures.answers import QUESTIONS, Answer, Design, Question
from spec.failures.edits import Edits
from spec.language.scope import Scope
from spec.queue import SCOPES

COSTLY = [(q, a) for q in QUESTIONS.values() for a in q.answers if a.edits]
NAMES = [f"{question.word}-{answer.word}" for question, answer in COSTLY]


def nothing_to_tell(_scope: Scope, _name: str) -> None:
    """Be told of nothing."""


def broken(design: Design) -> Iterator[Broken]:
    scopes = [SCOPES[name] for name in design.scopes]
    for found in judge(design, scopes, nothing_to_tell):
        if isinstance(found, Broken):
            yield found


def test_the_first_answer_of_each_question_costs_nothing_and_each_other_something() -> None:
    for question in QUESTIONS.values():
        first, *others = question.answers
        assert not first.edits
        assert all(answer.edits for answer in others)
    assert len(QUESTIONS) == 10


@pytest.mark.parametrize(("question", "answer"), COSTLY, ids=NAMES)
def test_what_an_answer_goes_without_is_there_to_be_taken_away(
    question: Question, answer: Answer
) -> None:
    assert set(Edits(answer.edits).able(SCOPES[question.scope].spec)) == set(answer.edits)


@pytest.mark.deep
@pytest.mark.parametrize(("question", "answer"), COSTLY, ids=NAMES)
def test_each_costly_answer_breaks_a_claim_by_itself(question: Question, answer: Answer) -> None:
    design = Design("one", answers={question.word: answer.word})
    found = row(SCOPES[question.scope], design, Limits(), lambda: None)
    assert any(cell.steps is not None for cell in found.cells)


@pytest.mark.deep
def test_a_popped_job_is_mended_by_how_it_is_taken_and_nothing_else() -> None:
    """By hand: once the row is gone, no fence and no record has anything to ask of it."""
    design = Design("popped", answers={"taken": "popped", "effects": "nothing"})
    lost = [b for b in broken(design) if b.claim.name == "accepted_jobs_are_in_the_queue"]
    assert [b.mends for b in lost] == [(("taken",),)]
    assert [line.action for line in lost[0].story.lines] == ["send", "enqueue", "confirm", "claim"]
    assert "FM-001" in [mode.id for mode in lost[0].modes]


@pytest.mark.deep
def test_deliveries_without_end_need_both_counts_back() -> None:
    """By hand: a failure that is not counted, or a death that is not, goes on for ever alone."""
    design = Design("uncounted", answers={"deaths": "free", "failures": "rolled_back"})
    found = {b.claim.name: b for b in broken(design)}
    assert found["deliveries_are_bounded"].mends == (("deaths", "failures"),)
    assert {mode.id for mode in found["deliveries_are_bounded"].modes} == {"FM-027a", "FM-027b"}


# ---------------------------------------------------------------- files
def test_a_new_design_is_the_queue_itself_and_is_read_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["design", "new", "mine.toml", "--json"]) == 0
    from checker.commands.spec.design import read

    assert read("mine.toml") == Design("mine")
    kept = (tmp_path / "mine.toml").read_text("utf-8")
    assert all(a.doc in kept for q in QUESTIONS.values() for a in q.answers)
    capsys.readouterr()
    assert cli.main(["design", "new", "mine.toml"]) == 2
    assert "is there, and was left alone" in capsys.readouterr().err
    assert (tmp_path / "mine.toml").read_text("utf-8") == kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('taken = "poped"', "taken has no answer 'poped'; write one of: popped"),
        ('take = "popped"', "nothing is asked by the name of 'take'; write one of: taken"),
        ("taken = 1", 'taken is no text; write taken = "..."'),
        ("}", "is not TOML: "),
    ],
)
def test_what_is_no_design_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, "utf-8")
    assert cli.main(["design", "check", str(file)]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.deep
def test_the_command_says_what_breaks_what_mends_it_and_where_to_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("late.toml").write_text('recovered = "no_more"\n', "utf-8")
    assert cli.main(["design", "check", "late.toml", "--json"]) == 1
    claims = {c["name"]: c for c in json.loads(capsys.readouterr().out)["claims"]}
    assert claims["terminal_is_absorbing"]["mends"] == [["recovered"]]
    assert claims["terminal_is_absorbing"]["failure_modes"] == ["FM-013"]
    assert cli.main(["design", "check", "late.toml"]) == 1
    out = capsys.readouterr().out
    assert "mended by recovered = once_more" in out
    assert "ffq browse .ffq/traces/late-" in out
    (kept,) = {line.split()[-1] for line in out.splitlines() if "see it:" in line}
    assert cli.main(["trace", "show", kept]) == 0


@pytest.mark.deep
def test_a_run_that_cannot_be_saved_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".ffq").write_text("in the way", "utf-8")
    assert cli.main(["design", "check", "destructive_pop"]) == 1
    seen = capsys.readouterr()
    assert "mended by taken = leased" in seen.out
    assert "see it:" not in seen.out
    assert "was not saved to .ffq/traces/destructive_pop-" in seen.err
