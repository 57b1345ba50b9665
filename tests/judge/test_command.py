"""`ffq judge`: what it prints, and the status that it exits with."""

import json
from pathlib import Path

import pytest

from checker.commands.main import main

KEPT = Path(__file__).parent / "histories"


def test_an_accepted_history_exits_with_0_and_says_what_was_not_seen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["judge", str(KEPT / "killed-after-the-effect.jsonl")]) == 0
    printed = capsys.readouterr().out
    assert "1 job: a run of the queue\n" in printed
    assert "not seen, so nothing is said of it: cancel, cancelled, refused, told\n" in printed
    assert printed.endswith("without quiet nothing is said of whether a job comes to an end\n")


def test_what_was_not_explained_in_time_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["judge", str(KEPT / "poison.jsonl"), "--seconds", "0", "--json"])
    answer = json.loads(capsys.readouterr().out)
    (finding,) = answer["findings"]
    assert (status, answer["ok"], finding["line"]) == (1, False, 20)
    assert finding["stopped"] == "the time was up among sets of 1 protections"


def test_many_jobs_are_judged_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head, *lines = (KEPT / "killed-after-the-effect.jsonl").read_text().splitlines()
    rows = [head]
    for n in range(300):
        rows += [
            line.replace('"a"', f'"a{n}"').replace('"w1"', f'"x{n}"').replace('"w2"', f'"y{n}"')
            for line in lines
        ]
    file = tmp_path / "many.jsonl"
    file.write_text("\n".join(rows) + "\n")
    assert main(["judge", str(file)]) == 0
    assert "300 jobs: a run of the queue" in capsys.readouterr().out
    assert main(["judge", str(file), "--job", "a7"]) == 0
    assert "1 job: a run of the queue" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.jsonl"], "there is no such file"),
        (["{kept}", "--job", "b"], "there is no job 'b'"),
        (["{header}"], "says nothing of any job; write events that name one"),
    ],
)
def test_bad_usage_is_one_line(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = KEPT / "poison.jsonl"
    header = tmp_path / "header.jsonl"
    header.write_text(kept.read_text().splitlines()[0] + "\n")
    given = [text.format(kept=kept, header=header) for text in arguments]
    assert main(["judge", *given]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
