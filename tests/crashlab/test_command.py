"""`ffq crashlab`: a bad image is opened again by its name, and a round is judged as a whole."""

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checker.commands.main import main
from checker.crashlab import campaign, keep
from checker.crashlab.campaign import Crew
from checker.crashlab.images.judge import NAME
from checker.crashlab.images.settings import SETTINGS
from checker.crashlab.plan import (
    path_tasks,
)


@pytest.fixture
def kept(crew: Crew, tmp_path: Path) -> str:
    (task, *_) = path_tasks(crew.bench, 3, 1, SETTINGS["wal-normal"])
    bad = crew.bench.perform(replace(task, most=4)).found.bad[0]
    return keep.keep(tmp_path, replace(task, most=4), bad)


def test_a_bad_image_is_opened_again_by_its_name(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["crashlab", "--reopen", kept, "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("lost: what was answered is not there\n")
    assert "disk    the power fails" in said
    assert "[lost]" in said
    assert "queue   enqueue(job1) is answered" in said
    assert "differs: " in said
    assert "made again from its seed: the very same image" in said
    assert main(["crashlab", "--reopen", kept, "--folder", str(tmp_path), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["verdict"] == "lost"
    assert len(answer["holds"]) < len(answer["expected"][0])


def test_an_image_that_was_changed_or_is_not_there_is_refused(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / kept / NAME).write_bytes(b"other")
    where = ["--folder", str(tmp_path)]
    assert main(["crashlab", "--reopen", kept, *where]) == 2
    assert "its files were changed since" in capsys.readouterr().err
    assert main(["crashlab", "--reopen", "1-none", *where]) == 2
    assert kept in capsys.readouterr().err
    (tmp_path / kept / "about.json").write_text('{"format": "other"}')
    assert main(["crashlab", "--reopen", kept, *where]) == 2
    assert main(["crashlab", "--setting", "wal-ful"]) == 2
    assert "wal-full" in capsys.readouterr().err
    assert main(["crashlab", "--settings", "--seconds", "3"]) == 2


def test_what_is_said_of_an_image_is_believed_only_as_it_was_written(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A length of a billion would be walked for ever; other values would be no answer at all."""
    about = tmp_path / kept / "about.json"
    whole = json.loads(about.read_text())
    odd: list[Any] = [
        whole | {"event": 0},
        whole | {"how": {}},
        whole | {"sum": 7},
        whole | {"x": 1},
    ]
    tasks: list[dict[str, Any]] = [
        {"length": 10**9}, {"setting": "no"}, {"vice": 7}, {"owned": [[]]}, {"number": -1},
    ]  # fmt: skip
    odd += [whole | {"task": whole["task"] | changed} for changed in tasks]
    odd += [{k: v for k, v in whole.items() if k != key} for key in whole]
    odd += [[], 7, None, "x", {"format": [whole]}]
    for text in [*map(json.dumps, odd), "", "{", "[" * 100_000, "\udcff"]:
        about.write_bytes(text.encode(errors="surrogateescape"))
        for command in (["crashlab", "--reopen", kept, "--folder", str(tmp_path)],
                        ["trace", "show", str(tmp_path / kept)]):  # fmt: skip
            assert main(command) == 2
            out, err = capsys.readouterr()
            assert out == "" and err.count("\n") == 1
            assert err.startswith(f"ffq: {kept}: about.json is not what was written: ")


def test_a_round_that_has_no_time_is_not_finished(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(campaign, "time", SimpleNamespace(monotonic=lambda: math.inf))
    assert main(["crashlab", "--seconds", "1", "--processes", "1", "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["finished"]) == (False, False)


@pytest.mark.deep
def test_a_round_of_everything_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crashlab", "--seed", "2", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"]
    assert all(mutant["caught"] for mutant in answer["mutants"])
    assert sum(work["images"] for work in answer["shipped"]) > 10_000
