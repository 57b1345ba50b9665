"""What the page of the judge shows is run as it stands there, and what it logs is judged."""

import json
import re
import sqlite3
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.judge.history import read
from checker.judge.verdict import Judge
from tests.checkout import ROOT

PAGE = (ROOT / "docs" / "16-judge.md").read_text("utf-8")
HEAD = '{"format": "ffq history", "version": 1, "seen": ["start", "ended"]}\n'


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def accepted(file: Path) -> list[bool]:
    return [verdict.accepted for verdict in Judge(read(file), str(file)).verdicts()]


@pytest.mark.deep
def test_the_first_history_has_the_answer_that_stands_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("history.jsonl").write_text(blocks("json")[0])
    assert main(["judge", "history.jsonl", "--keep", "run.jsonl"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(blocks("text")[0])
    assert "without settle_done.fenced\n" in printed
    assert main(["trace", "show", "run.jsonl"]) == 0


def test_a_decorated_handler_and_the_signals_log_a_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Signal:
        def connect(self, function: Callable[..., None]) -> Callable[..., None]:
            self.send = function
            return function

    celery = types.ModuleType("celery")
    names = ("before_task_publish", "after_task_publish", "task_prerun", "task_postrun")
    signals = types.SimpleNamespace(**{name: Signal() for name in names})
    celery.signals = signals  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "celery", celery)
    monkeypatch.chdir(tmp_path)
    Path("history.jsonl").write_text(HEAD.replace('["', '["asked", "answered", "'))
    page: dict[str, object] = {}
    for block in blocks("python")[:2]:
        exec(compile(block, "page", "exec"), page)
    witnessed = page["witnessed"]
    assert callable(witnessed)
    thread = threading.Thread(target=witnessed(lambda job: None), args=["a"])
    signals.before_task_publish.send(headers={"id": "a"})
    signals.after_task_publish.send(headers={"id": "a"})
    thread.start()
    thread.join()
    signals.task_prerun.send(task_id="b")
    signals.task_postrun.send(task_id="b", state="FAILURE")
    lines = Path("history.jsonl").read_text().splitlines()[1:]
    kinds = [json.loads(line)["event"] for line in lines]
    assert kinds == ["asked", "answered", "start", "ended", "start", "ended"]
    # Of b nobody had asked, so no run of the queue begins it.
    assert accepted(tmp_path / "history.jsonl") == [True, False]


def test_a_trigger_logs_each_status(tmp_path: Path) -> None:
    database = sqlite3.connect(":memory:")
    database.executescript("CREATE TABLE jobs (id INTEGER PRIMARY KEY, status TEXT);")
    database.executescript(blocks("sql")[0])
    database.execute("INSERT INTO jobs VALUES (1, 'new')")
    for status in ("queued", "running", "queued", "running", "finished", "running"):
        database.execute("UPDATE jobs SET status = ?", [status])
    lines = [line for (line,) in database.execute("SELECT line FROM history ORDER BY n")]
    file = tmp_path / "h.jsonl"
    file.write_text(HEAD.replace('"start", "ended"', "") + "\n".join(lines[:5]) + "\n")
    assert accepted(file) == [True]
    file.write_text(HEAD.replace('"start", "ended"', "") + "\n".join(lines) + "\n")
    assert accepted(file) == [False]


def test_lines_of_a_log_become_a_history(tmp_path: Path) -> None:
    page: dict[str, object] = {}
    exec(compile(blocks("python")[2], "page", "exec"), page)
    history = page["history"]
    assert callable(history)
    log = ["12:00 [w1] task 7 started", "12:01 [w1] gc", "12:02 [w1] task 7 succeeded"]
    file = tmp_path / "h.jsonl"
    file.write_text("\n".join(history(log)) + "\n")
    assert [str(e) for e in read(file).jobs["7"]] == ["start w1", "ended w1 ok"]
    assert accepted(file) == [True]
