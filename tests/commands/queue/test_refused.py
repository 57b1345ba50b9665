"""What `ffq queue` cannot do is one clear line, and nothing is changed."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from checker.commands.main import main
from checker.shown.streams import printable
from impl.queue import Queue
from tests.commands.queue.asking import COMMANDS, complaint


@pytest.mark.parametrize(
    "command", ["recover", "list", "stats", "show", "retry", "redrive", "cancel", "prune"]
)
def test_a_queue_that_is_not_there_is_not_made(
    file: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    number = ["1"] if command in ("show", "retry", "cancel") else []
    number = ["--retain", "7d"] if command == "prune" else number
    assert complaint(capsys, command, file, *number) == (
        f"{file}: there is no such queue; `ffq queue enqueue` makes one"
    )
    assert not os.path.exists(file)


def test_a_worker_with_a_wrong_path_makes_no_queue_unless_it_is_told_to(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complaint(capsys, "work", file, "--until-empty") == (
        f"{file}: there is no such queue; see that the path is right, or make one with --make"
    )
    assert not os.path.exists(file)
    assert main(["queue", "work", file, "--until-empty", "--make"]) == 0
    assert os.path.exists(file)


@pytest.mark.parametrize(
    "raised",
    ["class Odd(BaseException): pass\nraise Odd", "import asyncio\nraise asyncio.CancelledError",
     "raise GeneratorExit", "raise SystemExit(0)", "1 /",
     "class Mute(Exception):\n def __str__(self): raise self\nraise Mute"],
)  # fmt: skip
def test_handlers_that_raise_whatever_there_is_are_one_line(
    file: str, raised: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Queue(file).close()
    (tmp_path / "odd.py").write_text(raised)
    said = complaint(capsys, "work", file, "--handlers", f"{tmp_path}/odd.py:T")
    assert "/odd.py' cannot be loaded: " in said and said.endswith(
        "; see that Python can import it"
    )


@pytest.mark.parametrize("command", [*COMMANDS, "validate"])
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("x" * 256, "cannot be looked at: File name too long; name another"),
        ("\udcff.db", "the name is not UTF-8; name it so"),
    ],
)
def test_a_name_that_cannot_be_is_one_line(
    command: str, name: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["validate", name] if command == "validate" else ["queue", command, name]
    assert main([*given, *COMMANDS.get(command, [])]) == 2
    err = capsys.readouterr().err
    assert err == f"ffq: {printable(name)}: {why}\n"


@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_file_that_is_no_queue_is_left_alone(
    file: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(file).write_text("a letter")
    said = complaint(capsys, command, file, *COMMANDS[command])
    assert said == f"{file}: is not a database; it was left alone; name another file"
    assert Path(file).read_text() == "a letter"


async def waits(attempt: Any) -> None:
    raise AssertionError("nobody awaits it")


ASYNC = {"k": waits}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["enqueue", "k", "{"], "payload: is no JSON: "),
        (["enqueue", "k", '{"a": 1, "a": 2}'], "payload: is no JSON: an object has a key twice"),
        (["enqueue", "k", "--delay", "nan"], "nan is no number of seconds"),
        (["enqueue", "k", "NaN"], "payload of 'k': Out of range float"),
        (["enqueue", ""], "kind: is empty"),
        (["enqueue", "k", "--delay", "-1"], "delay: is -1.0 seconds"),
        (["enqueue", "k", "--max-attempts", "0"], "max_attempts: is 0; choose 1 to 100"),
        (["enqueue", "k", "--delay", "soon"], "Invalid value for '--delay'"),
        (["enqueue"], "Missing argument 'kind'; `ffq queue enqueue --help` says more"),
        (["show", "7"], "job 7: is not in the queue; `ffq queue list` shows what is"),
        (["retry", "1"], "job 1: is ready; only a dead job can be retried"),
        (["retry", "7"], "job 7: is not in the queue"),
        (["redrive", "--kind", ""], "kind: is empty"),
        (["redrive", "--spread", "-1"], "spread: is -1.0 seconds"),
        (["cancel", "7"], "job 7: is not in the queue"),
        (["list", "--status", "redy"], "--status: there is no status 'redy'; write one of: ready"),
        (["list", "--limit", "0"], "--limit: is 0; choose at least 1"),
        (["list", "--limit", str(2**63 - 1)], f"--limit: is {2**63 - 1}; choose at least 1"),
        (["show", str(2**63)], "Invalid value for 'JOB': 9223372036854775808 is not in the range"),
        (["show", str(2**63 - 1)], f"job {2**63 - 1}: is not in the queue"),
        (["retry", str(2**63)], "Invalid value for 'JOB'"),
        (["cancel", "-1"], "No such option: -1"),
        (["enqueue", "k", "--timeout", "inf"], "inf is no number of seconds"),
        (["work", "--lease", "nan"], "--lease: is nan seconds"),
        (["work", "--lease", "0.001"], "--lease: is 0.001 seconds; choose 0.1 to 1e9"),
        (["work", "--handlers", "nothing"], "--handlers: 'nothing' names no table; write"),
        (["work", "--handlers", "no.such:T"], "--handlers: 'no.such' cannot be loaded: Module"),
        (["work", "--handlers", "none.py:T"], "--handlers: 'none.py' cannot be loaded: FileNot"),
        (["work", "--handlers", "json:dumps"], "--handlers: 'dumps' in json is no dict of"),
        (
            ["work", "--receivers", f"{__name__}:ASYNC"],
            f"--receivers: 'k' in {__name__}: is an async",
        ),
        (["work", "--handlers", "string:T"], "--handlers: 'T' in string is no dict of functions"),
        (["work", "--handlers", f"{'x' * 256}.py:T"], "--handlers: '" + "x" * 256),
        (["work", "--handlers", "a\0b.py:T"], "--handlers: 'a\\x00b.py' cannot be loaded: Value"),
    ],
)
def test_bad_usage_is_one_line_and_changes_nothing(
    file: str, given: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Queue(file) as queue:
        queue.enqueue("k", key="there")
    said = complaint(capsys, given[0], file, *given[1:])
    assert said.startswith(why)
    with Queue(file) as queue:
        assert queue.query("SELECT key, status FROM job") == [("there", "ready")]


def test_a_store_that_is_locked_is_not_finished(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Queue(file).close()
    monkeypatch.setattr(Queue.__init__, "__kwdefaults__", {
        **(Queue.__init__.__kwdefaults__ or {}), "busy_ms": 20,
    })  # fmt: skip
    blocker = apsw.Connection(file)
    blocker.execute("BEGIN IMMEDIATE")
    said = complaint(capsys, "enqueue", file, "k", status=3)
    assert said.startswith(f"{file}: the transaction was not taken: database is locked; ")
    assert main(["queue", "enqueue", file, "k", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["ok"] is False
    blocker.close()


# ---------------------------------------------------------------- what may not be looked at


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else can become somebody else")
def test_a_folder_that_is_closed_to_us_is_one_line(tmp_path: Path) -> None:
    """In a child that is root no more, with all that it needs loaded before."""
    closed, open_ = tmp_path / "closed", tmp_path / "open"
    closed.mkdir(mode=0o700)
    open_.mkdir(mode=0o777)
    Queue(closed / "q.db").close()
    named = str(closed / "q.db")
    commands = [["queue", command, named, *rest] for command, rest in COMMANDS.items()]
    commands += [["validate", named], ["trace", "show", named], ["torture", named]]
    commands += [["trace", "export", named, "--as", "itf"], ["check", "--save", named]]
    for command in commands:  # loads it
        main([word.replace("closed", "none") for word in command[:-1]])
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(writes, 2)
            os.seteuid(65534)
            sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
            statuses = {main(command) for command in commands}
            sys.stderr.flush()
            os._exit(0 if statuses == {2} else 1)
        except BaseException:
            os._exit(3)
    os.close(writes)
    with open(reads) as told:
        said = told.read().splitlines()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, said
    fact = "cannot be looked at: Permission denied; name another"
    assert said == [f"ffq: {named}: {fact}"] * len(commands)


@pytest.mark.parametrize(
    ("retain", "fact"),
    [
        ("soon", "--retain: 'soon' is no time; write 90, 15m, 12h or 7d"),
        ("d", "--retain: 'd' is no time; write 90, 15m, 12h or 7d"),
        ("", "--retain: '' is no time; write 90, 15m, 12h or 7d"),
        ("nan", "retain: is nan seconds; choose 0 to 1000000000"),
        ("-1", "retain: is -1.0 seconds; choose 0 to 1000000000"),
        ("99999d", "retain: is 8639913600.0 seconds; choose 0 to 1000000000"),
    ],
)
def test_a_horizon_that_is_no_time_is_one_line(
    file: str, retain: str, fact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Queue(file).close()
    for command in (["prune", file], ["work", file, "--until-empty"]):
        assert complaint(capsys, *command, "--retain", retain) == fact
