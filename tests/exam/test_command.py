"""`ffq exam`: what it takes, what it prints, and the status that it exits with."""

import json
from pathlib import Path
from typing import NoReturn

import pytest

from checker.commands.main import main
from checker.exam.director import Director, Unreached
from checker.exam.environments import Unavailable
from checker.exam.marks import NOT_SHOWN, SHOWN, UNREACHED, Mark
from checker.exam.questions import QUESTIONS, Question
from checker.exam.run import Exam, Try
from checker.exam.subject import Variant, subjects

FOUND = Mark(
    SHOWN, 2, 1, 15, "status done", (("settle_done.fenced",),), ("FM-010",), why="it is late"
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Let questions be answered at once, and return those that were put."""
    put: list[str] = []

    def answer(
        _: Exam, variant: Variant, python: Path, question: Question, folder: Path, number: int
    ) -> Mark:
        put.append(f"{variant.title} {question.name}")
        (folder / "history.jsonl").write_text("{}\n")
        late = Mark(UNREACHED, why="nobody takes it")
        known = {"late-success": FOUND, "late-failure": late}
        return known.get(question.name, Mark(NOT_SHOWN, 1, 1))

    monkeypatch.setattr("checker.exam.run.Exam.put", answer)
    monkeypatch.setattr("checker.exam.run.python", lambda subject, say: Path("python"))
    monkeypatch.setattr("checker.exam.run.version", lambda subject, python: "1.2")
    monkeypatch.chdir(tmp_path)
    return put


def test_a_finding_exits_with_1_and_says_where_its_history_is(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exam", "litequeue/rescue", "--times", "2"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("litequeue/rescue: litequeue 1.2; list_locked(2)")
    assert printed[-1] == "`ffq judge .ffq/exam/FILE` says what is wrong, and shows the run"
    lines = [line.split() for line in printed]
    words = {first: " ".join(rest) for first, *rest in lines if first in QUESTIONS}
    assert words["killed-before"] == "not shown 2 of 2"
    assert words["late-failure"] == "not reached 2 of 2; nobody takes it"
    assert words["again-done"].startswith("not askable: it has no key")
    assert "child-before" not in words
    assert words["late-success"].startswith("shown 2 of 2: status done; FM-010")
    assert "litequeue-rescue/late-success-1.jsonl" in "".join(line.strip() for line in printed)
    assert Path(".ffq/exam/litequeue-rescue/late-success-2.jsonl").exists()
    assert len(asked) == 2 * sum("not askable" not in said for said in words.values())


def test_what_was_kept_is_not_asked_again(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["exam", "huey/sqlite", "--question", "poison", "--keep", "kept", "--json"]
    assert main(command) == 0
    assert main([*command, "--times", "3"]) == 0
    assert asked == ["huey/sqlite poison"] * 3
    tries = json.loads(capsys.readouterr().out.splitlines()[-1])["tries"]
    assert [(t["number"], t["result"]["mark"]) for t in tries] == [
        (n, NOT_SHOWN) for n in (1, 2, 3)
    ]


def test_several_variants_are_examined_at_once_and_one_that_cannot_be_had_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(variant: Variant, question: str, times: int, folder: Path) -> list[str]:
        if variant.name == "sqlite":
            return ["sh", "-c", "echo 'ffq: no network' >&2; exit 2"]
        found = Try(variant.title, question, times, "1.2", variant.settings, "a day", 1.0, FOUND)
        text = json.dumps(found.as_json())
        return ["sh", "-c", f"echo '{text}' >> {folder}/results.jsonl"]

    monkeypatch.setattr("checker.exam.together.command", command)
    assert main(["exam", "huey", "--question", "poison", "--keep", str(tmp_path / "kept")]) == 1
    printed = capsys.readouterr().out
    assert "huey/sqlite: Huey; " in printed and "no network" in printed
    assert printed.count("poison  shown 1 of 1: status done; FM-010;") == 3


def test_a_schedule_that_does_not_come_so_far_says_how_far(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Silent(Director):
        def __init__(self, *_: object) -> None:
            pass

        def close(self) -> None:
            pass

        def begun(self) -> NoReturn:
            raise Unreached("the job is not begun")

    monkeypatch.setattr("checker.exam.run.Director", Silent)
    variant = subjects()["huey"].variants["sqlite"]
    exam = Exam(tmp_path / "kept", print)
    found = exam.put(variant, Path("python"), QUESTIONS["killed-after"], tmp_path, 1)
    assert found == Mark(UNREACHED, why="the job is not begun")


def test_a_subject_that_cannot_be_had_says_why(
    asked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object) -> Path:
        raise Unavailable("Huey: cannot be had: no network")

    monkeypatch.setattr("checker.exam.run.python", missing)
    assert main(["exam", "huey/sqlite"]) == 2
    assert capsys.readouterr().err == "ffq: Huey: cannot be had: no network\n"
    assert asked == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["huye"], "there is no subject 'huye'"),
        (["huey", "--question", "poisn"], "there is no question 'poisn'; write one of: poison"),
        (["huey", "--all"], "--all is every subject, and huey is one"),
        (["huey", "--keep", "bad"], "bad/results.jsonl: is not what an exam keeps"),
    ],
)
def test_bad_usage_is_one_line(
    arguments: list[str], says: str, asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad").mkdir()
    Path("bad/results.jsonl").write_text('{"variant": 1}\n')
    assert main(["exam", *arguments]) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1
    assert asked == []


def test_without_a_subject_it_lists_subjects_and_questions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["exam"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("huey/sqlite", "ffq/sqlite", *QUESTIONS))
