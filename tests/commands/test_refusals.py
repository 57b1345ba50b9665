"""What a user can mend is told in one line, by whatever it is raised."""

import io
from importlib import import_module
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.commands.refusals import DIVERGED, REFUSALS, diverged, refusal
from checker.runs.trace import BadTrace, Diverged
from impl.queue import Queue
from impl.upgrades.export import exported
from spec.language.misuse import Misuse


@pytest.mark.parametrize(("module", "name"), [*REFUSALS.items(), DIVERGED])
def test_what_is_told_in_one_line_is_there(module: str, name: str) -> None:
    assert issubclass(getattr(import_module(module), name), Exception)


def test_a_misuse_is_told_without_the_place_where_it_was_raised() -> None:
    assert refusal(Misuse("it is none", "write one")) == "it is none; write one"


def test_what_comes_of_a_refusal_is_one_too() -> None:
    class Worse(BadTrace):
        """One of its kind."""

    assert refusal(Worse("a.jsonl", "is bad", "mend it")) == "a.jsonl: is bad; mend it"


def test_a_fault_of_ours_is_no_refusal() -> None:
    assert refusal(KeyError("a")) is None
    assert refusal(Diverged("a.jsonl: differs")) is None
    assert diverged(Diverged("a.jsonl: differs"))


def test_a_trace_that_is_not_followed_is_told_in_json_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def differs(*given: object) -> None:
        raise Diverged("a.jsonl:3: differs")

    monkeypatch.setattr("checker.explain.run.open_run", differs)
    assert main(["trace", "diff", "a.jsonl", "--json"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == (
        '{"ok": false, "error": "a.jsonl:3: differs"}\n',
        "ffq: a.jsonl:3: differs\n",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("prove --max-seconds 3", "--max-seconds: is for --bounded; leave it out"),
        ("crashlab --folder file", "file: cannot be written: Not a directory; name another folder"),
        ("crashlab --folder file/a --settings", "file/a: cannot be written: Not a directory; "),
        ("queue import new.db file", "file: line 2: is missing: the export was cut off; "),
        ("queue import new.db", "stdin: line 1: is missing: the export was cut off; "),
    ],
)
def test_what_cannot_be_used_is_named_before_any_work_is_done(
    given: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    with Queue("old.db") as queue:
        Path("file").write_text(f"{next(iter(exported(queue)))}\n")
    assert main(given.split()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"ffq: {said}")
    assert not Path("new.db").exists()
