"""Whoever waits is told how long it takes: by what it took here, or where it was measured."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checker.bench import commands
from checker.commands.main import main
from checker.docs.model import tables
from checker.runs import cache
from checker.shown import duration, streams
from checker.shown.duration import Measured, about, expected, keep, timed
from tests.checkout import ROOT

Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing has run here yet, elsewhere a few have; and a moment is long."""
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(duration, "MEASURED", tmp_path / "times.json")
    monkeypatch.setattr(duration, "AT_ONCE", 0.02)
    monkeypatch.setattr(duration, "LONG", 0.1)
    keep(
        "a large machine",
        [
            Measured("check", 61.2, 1.8),
            Measured("check --deep --no-save", 0.02, 0.02),
            Measured("failures FM-010", 9.6, 0.4),
            Measured("failures", 620, 2),
        ],
    )


def takes(seconds: float, status: int = 0) -> int:
    time.sleep(seconds)
    return status


def test_a_command_says_what_it_took_last_time(
    capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timed(["lemmas", "one-job"], lambda: takes(0.15)) == 0
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(duration, "about", lambda seconds: f"{seconds:.1f}")
    assert timed(["lemmas", "one-job", "--json"], lambda: takes(0.15)) == 0
    out, err = capsys.readouterr()
    assert (out, err[:10]) == ("", "ffq: took ")
    assert 0.1 < float(err.split()[2]) < 5
    assert err.endswith(" here last time\n")


def test_a_command_that_never_ran_here_says_what_it_took_where_it_was_measured(
    capsys: Said,
) -> None:
    timed(["check"], lambda: takes(0.06))
    said = "ffq: `ffq check` took about 60 s the first time on a large machine\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("words", [["check"], ["browse"], ["queue", "work", "q.db"], []])
def test_what_answers_at_once_or_goes_on_until_it_is_told_says_nothing(
    words: list[str], capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = 0.0 if words == ["check"] else 0.06
    monkeypatch.setattr(duration, "AT_ONCE", duration.AT_ONCE if wait else 60.0)
    assert timed(words, lambda: takes(wait, 3)) == 3
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("status", [2, 70, 130, 143])
def test_what_did_not_end_took_no_time_that_is_worth_being_kept(
    status: int, tmp_path: Path
) -> None:
    timed(["ablate"], lambda: takes(0.15, status))
    assert expected(["ablate"]) is None
    assert not (tmp_path / "times").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["check", "--deep", "--no-save"], None),
        (["check", "--scope", "life"], "check"),
        (["failures"], "failures"),
        (["failures", "FM-022a"], "failures FM-010"),
        (["failures", "--pairs"], "failures"),
    ],
)
def test_the_nearest_line_that_was_measured_is_named(words: list[str], line: str | None) -> None:
    said = expected(words)
    assert said is None if line is None else (said or "").startswith(f"`ffq {line}` took ")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5.1, "about 5 s"), (38, "about 40 s"), (58, "about 60 s"), (94, "about 90 s"),
     (125, "about 2 min"), (620, "about 10 min")],
)  # fmt: skip
def test_seconds_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert about(seconds) == said


def test_a_line_of_progress_stays_below(capsys: Said) -> None:
    told: list[str] = []
    streams.above(told.append)
    try:
        streams.say("took about 40 s here last time")
    finally:
        streams.above(None)
    streams.say("done")
    assert told == ["ffq: took about 40 s here last time"]
    assert capsys.readouterr().err == "ffq: done\n"


def test_the_program_says_it_into_a_pipe_and_not_into_its_answer(tmp_path: Path) -> None:
    program = (
        "from checker.shown import duration; from pathlib import Path\n"
        "duration.AT_ONCE, duration.MEASURED = 0, Path('times.json')\n"
        "from checker.commands.entry import run; run()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "check", "--scope", "keeping", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "FFQ_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert json.loads(ran.stdout)["ok"]
    assert "took about 60 s the first time on a large machine\n" in ran.stderr


def test_what_is_measured_is_kept_and_is_what_the_page_shows(
    monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    rows = [Measured("check", 30.04, 1), Measured("prove", 7, 0.5)]
    monkeypatch.setattr(commands, "commands", lambda lines: iter(rows))
    assert main(["bench", "commands", "--write"]) == 0
    assert "30.04 s          ffq check, the first time\n" in capsys.readouterr().out
    assert duration.measured()[1] == [Measured("check", 30.0, 1.0), Measured("prove", 7.0, 0.5)]
    assert "| `ffq check` | 30.0 s | 1.0 s |" in tables.times()
    assert main(["bench", "start", "--write"]) == 2
    assert "measure the group 'commands' as well" in capsys.readouterr().err
