"""`ffq` on a spec of the user's own, in an empty folder."""

import json
from pathlib import Path

import pytest

from checker.commands import main as cli
from tests.checkout import ROOT

LOCK = (ROOT / "tests/specs/lease_lock.py").read_text("utf-8")
HELD = """
@lease_lock.naive
def write_anyhow(s, c: Client):
    \"\"\"The storage takes whatever comes.\"\"\"
    require(works=s.works[c])
    s.written = s.token[c]
    s.newest = ite(s.token[c] > s.newest, s.token[c], s.newest)
    s.works[c] = False
"""
CHECK = ("check", "--engine", "plain")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def test_a_file_with_one_spec_is_checked_with_two_of_everything(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "own_lock.py").write_text(LOCK, "utf-8")
    assert cli.main([*CHECK, "--spec", "own_lock.py"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("lease lock: Client=2, Tokens=2\n")
    assert "9 hold" in out
    assert "failure modes" not in err, "those are the queue's"


def test_a_trace_of_it_is_read_with_the_same_spec_and_runs_no_code_without_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "own_fenced.py").write_text(LOCK, "utf-8")
    named = ["--spec", "own_fenced.py:lease_lock"]
    assert cli.main([*CHECK, *named, "--without", "write.fenced", "--save", "run.jsonl"]) == 1
    assert "ffq trace show run.jsonl --spec own_fenced.py:lease_lock" in capsys.readouterr().out
    assert cli.main(["trace", "show", "run.jsonl", *named]) == 0
    assert "LL-1 the_newest_write_stays is broken" in capsys.readouterr().out
    assert cli.main(["trace", "show", "run.jsonl"]) == 2
    assert "name the file of its spec with --spec" in capsys.readouterr().err


def test_a_naive_step_takes_the_place_of_an_action(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "own_naive.py").write_text(LOCK + HELD, "utf-8")
    given = [*CHECK, "--spec", "own_naive.py", "--without", "instead write write_anyhow"]
    assert cli.main([*given, "--no-save", "--json"]) == 1
    (scope,) = json.loads(capsys.readouterr().out)["scopes"]
    broken = {p["name"] for p in scope["properties"] if p["steps"]}
    assert broken == {"the_newest_write_stays", "the_storage_goes_forward"}
    assert cli.main([*CHECK, "--spec", "own_naive.py", "--without", "instead write push"]) == 2
    assert "there is no naive step 'push'; write one of: write_anyhow" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("nowhere.py", None, "there is no file nowhere.py; name the file that holds the spec"),
        ("queue.py", "", "queue.py has the name of a module that Python finds first; give it"),
        ("two words.py", "", "two words.py cannot be imported; give it the name of a Python"),
        ("own_broken.py", "1 / 0", "own_broken.py cannot be imported: ZeroDivisionError"),
        ("own_empty.py", "", "own_empty.py has no Project, Scope or Spec; write one"),
        ("own_none.py:it", "", "'it' in own_none.py is no Project, Scope or Spec; write one"),
        (
            "own_misuse.py",
            "from ffq import Spec\nx = Spec('x')\nx.durable('f', int, bool, False, 'a field')",
            "own_misuse.py:3: field 'f' is kept per <class 'int'>; keep it per sort, or over=None",
        ),
        (
            "own_two.py",
            "from ffq import Spec\nfirst, second = Spec('first'), Spec('second')",
            "own_two.py has several: first, second; name one: own_two.py:first",
        ),
    ],
)
def test_what_is_no_spec_is_refused_in_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, said: str
) -> None:
    if text is not None:
        (here / name.partition(":")[0]).write_text(text, "utf-8")
    assert cli.main(["check", "--spec", name]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_the_next_command_is_about_the_queue_again(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "own_again.py").write_text(LOCK, "utf-8")
    assert cli.main(["scopes", "--spec", "own_again.py"]) == 0
    assert cli.main(["scopes", "one-job"]) == 0
    assert "claim" in capsys.readouterr().out


def test_a_new_spec_is_written_once_and_checks(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["new", "own_leader"]) == 0
    assert "ffq check --spec own_leader.py" in capsys.readouterr().out
    before = (here / "own_leader.py").read_text("utf-8")
    assert cli.main([*CHECK, "--spec", "own_leader.py"]) == 0
    assert capsys.readouterr().out.startswith("own_leader: Node=2, Terms=2\n")
    (here / "own_leader.py").write_text(before + "\n# mine\n", "utf-8")
    assert cli.main(["new", "own_leader"]) == 2
    assert "is there, and was left alone" in capsys.readouterr().err
    assert (here / "own_leader.py").read_text("utf-8").endswith("# mine\n")
    for name in ("queue", "1x", "class"):
        assert cli.main(["new", name]) == 2
    assert sorted(p.name for p in here.iterdir() if p.suffix == ".py") == ["own_leader.py"]
