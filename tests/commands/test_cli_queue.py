"""`ffq queue`: what a terminal can do with a queue, and one clear line for what it cannot."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from checker.commands.main import main
from checker.shown.streams import printable
from impl.queue import Queue
from impl.worker import Worker

COMMANDS = {
    "enqueue": ["k"],
    "work": ["--until-empty"],
    "recover": [],
    "list": [],
    "show": ["1"],
    "stats": [],
}

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "queue.db")


@pytest.fixture
def run(file: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with --json, and return what it printed."""

    def call(command: str, *given: str, status: int = 0) -> dict[str, Any]:
        assert main(["queue", command, file, *given, "--json"]) == status
        (line,) = capsys.readouterr().out.splitlines()
        answer: dict[str, Any] = json.loads(line)
        assert answer["ok"] is (status == 0)
        return answer

    return call


def complaint(capsys: pytest.CaptureFixture[str], *given: str, status: int = 2) -> str:
    """Return the one line in which a command says that it is not to be had."""
    assert main(["queue", *given]) == status
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.startswith("ffq: ")
    return line.removeprefix("ffq: ")


# ---------------------------------------------------------------- a job's way


def test_a_job_goes_in_once_is_run_and_is_listed(run: Run) -> None:
    assert run("enqueue", "echo", '{"a": 1}', "--key", "seven") == {
        "ok": True, "job": 1, "key": "seven", "new": True,
    }  # fmt: skip
    assert not run("enqueue", "echo", '{"a": 1}', "--key", "seven")["new"]
    assert run("stats")["jobs"] == {"ready": 1}
    (listed,) = run("list", "--status", "ready")["jobs"]
    assert listed["due"] is not None
    del listed["due"]
    assert listed == {
        "id": 1, "kind": "echo", "key": "seven", "status": "ready", "attempts": 0,
    }  # fmt: skip
    assert run("list", "--status", "done", "--status", "dead")["jobs"] == []


def test_a_payload_can_be_read_from_stdin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("[1, 2]"))
    run("enqueue", "k", "-")
    assert run("show", "1")["job"]["payload"] == [1, 2]


def test_the_worker_of_the_demonstration_echoes_sleeps_and_fails(
    run: Run, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("enqueue", "echo", '"hello"')
    run("enqueue", "sleep", "0.01")
    run("enqueue", "fail", '"no"', "--max-attempts", "1")
    run("enqueue", "unknown")
    assert main(["queue", "work", file, "--until-empty"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "job 1 echo, attempt 1: begun",
        "job 1 says: hello",
        "job 1 echo, attempt 1: done",
        "job 2 sleep, attempt 1: begun",
        "job 2 sleep, attempt 1: done",
        "job 3 fail, attempt 1: begun",
        "job 3 fail, attempt 1: failed",
        "attempts: 2 done, 1 failed",
    ]
    assert run("stats")["jobs"] == {"dead": 1, "done": 2, "ready": 1}


def test_a_dead_job_shows_its_attempts_its_reason_and_its_letter(run: Run, file: str) -> None:
    run("enqueue", "fail", '"no"', "--max-attempts", "2", "--key", "seven")
    with Queue(file) as queue:
        queue.line.backoff = type(queue.line.backoff)(first_ms=0)

        def fail(attempt: Any) -> None:
            raise RuntimeError(f"no {attempt.token[1]}")

        Worker(queue, {"fail": fail}).run(until_empty=True)
    job = run("show", "1")["job"]
    assert (job["status"], job["reason"], job["letter"]) == ("dead", "failures", "nothing")
    assert (job["token"], job["fails"], job["interrupts"]) == ([1, 2], [2, 2], [0, 10])
    assert [(p["token"], p["outcome"], p["note"]) for p in job["history"]] == [
        (1, "failed", "RuntimeError: no 1"),
        (2, "failed", "RuntimeError: no 2"),
    ]
    assert {p["pid"] for p in job["history"]} == {os.getpid()}
    again = run("retry", "1")
    assert again == {"ok": True, "job": 2, "key": "seven", "new": True}
    assert run("show", "1")["job"]["retried_as"] == 2
    assert run("show", "2")["job"]["retry_of"] == 1


def test_a_claim_whose_lease_ran_out_is_seen_in_the_counts_and_recovered(
    run: Run, file: str
) -> None:
    from impl.working.attempt import claim
    from spec.queue.job import Worker as WorkerSort

    run("enqueue", "k")
    with Queue(file, lease_ms=1) as queue:
        worker = queue.process(WorkerSort)
        with queue.transaction() as t:
            assert claim(queue, t, worker, ["k"]) is not None
        while not queue.query(
            "SELECT 1 FROM task WHERE lease_until < ?", (queue.clock.since_boot(),)
        ):
            pass
    assert run("stats")["oldest_expired"] >= 1
    assert [p["outcome"] for p in run("show", "1")["job"]["history"]] == ["running"]
    assert run("recover") == {"ok": True, "recovered": 1}
    assert run("recover") == {"ok": True, "recovered": 0}
    assert run("stats")["oldest_expired"] is None
    assert [p["outcome"] for p in run("show", "1")["job"]["history"]] == ["interrupted"]


def test_messages_that_wait_are_counted_and_delivered_by_the_users_receivers(
    run: Run, tmp_path: Path
) -> None:
    program = tmp_path / "mine.py"
    program.write_text(
        "HANDLERS = {'tell': lambda attempt: attempt.send('mail', attempt.payload)}\n"
        "RECEIVERS = {'mail': lambda m: open(__file__ + '.sent', 'a').write(m.key)}\n"
    )
    run("enqueue", "tell", '"hi"', "--key", "seven")
    assert run("work", "--until-empty", "--handlers", f"{program}:HANDLERS") == {
        "ok": True, "attempts": {"done": 1},
    }  # fmt: skip
    assert run("stats")["unsent"] == 1
    tables = ["--handlers", f"{program}:HANDLERS", "--receivers", f"{program}:RECEIVERS"]
    run("work", "--until-empty", *tables)
    assert run("stats")["unsent"] == 0
    assert Path(f"{program}.sent").read_text() == "seven/mail/1"


def test_a_job_is_cancelled_and_shows_it(run: Run) -> None:
    run("enqueue", "k")
    assert run("cancel", "1") == {"ok": True, "job": 1}
    job = run("show", "1")["job"]
    assert (job["status"], job["reason"], job["history"]) == ("dead", "cancelled", [])
    assert run("stats")["dead"] == {"cancelled": 1}


def test_a_list_says_when_there_is_more(
    run: Run, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        run("enqueue", "k")
    assert run("list", "--limit", "2")["more"]
    assert not run("list", "--limit", "3")["more"]
    assert main(["queue", "list", file, "--limit", "2"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3
    assert err == "ffq: there are more than 2; --limit shows them\n"


def test_what_a_terminal_should_not_be_sent_is_escaped(
    run: Run, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("enqueue", "k\x1b[31m", '"\x1b"'.replace("\x1b", "\\u001b"), "--key", "a\nb")
    for command in (["list", file], ["show", file, "1"]):
        assert main(["queue", *command]) == 0
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "a\\nb" in out


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize("command", ["recover", "list", "stats", "show", "retry", "cancel"])
def test_a_queue_that_is_not_there_is_not_made(
    file: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    number = ["1"] if command in ("show", "retry", "cancel") else []
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
            ["work", "--handlers", f"{__name__}:ASYNC"],
            f"--handlers: 'k' in {__name__}: is an async",
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
        assert queue.query("SELECT key, status FROM task JOIN job USING (id)") == [
            ("there", "ready")
        ]


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


# ---------------------------------------------------------------- as a process


def ffq(*given: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "checker.commands", "queue", *given]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def test_two_terminals_and_a_kill(file: str, run: Run) -> None:
    """The first worker is killed in the middle of the job; the second one finishes it."""
    run("enqueue", "sleep", "1", "--key", "nap")
    first = ffq("work", file, "--lease", "0.5")
    assert first.stdout is not None
    assert first.stdout.readline() == "job 1 sleep, attempt 1: begun\n"
    first.kill()
    first.communicate()
    assert run("list")["jobs"][0]["status"] == "claimed"
    second = ffq("work", file, "--lease", "0.5", "--until-empty")
    out, err = second.communicate(timeout=60)
    assert (second.returncode, err) == (0, "")
    assert out.splitlines() == [
        "job 1 sleep, attempt 2: begun",
        "job 1 sleep, attempt 2: done",
        "attempts: 1 done",
    ]
    history = run("show", "1")["job"]["history"]
    assert [p["outcome"] for p in history] == ["interrupted", "done"]
    assert [p["pid"] for p in history] == [first.pid, second.pid]


def test_ctrl_c_stops_a_worker_in_peace(file: str, run: Run) -> None:
    run("enqueue", "sleep", "0.5")
    worker = ffq("work", file, "--json")
    while run("stats")["jobs"] != {"claimed": 1}:
        pass
    worker.send_signal(signal.SIGINT)
    out, err = worker.communicate(timeout=60)
    assert (worker.returncode, err) == (0, "")
    assert json.loads(out) == {"ok": True, "attempts": {"done": 1}}


@pytest.mark.deep
def test_a_reader_that_goes_away_is_no_fault(file: str) -> None:
    with Queue(file) as queue, queue.transaction() as t:
        for _ in range(5_000):
            queue.enqueue("k", within=t)
    listing = ffq("list", file, "--limit", "5000")
    assert listing.stdout is not None and listing.stderr is not None
    assert listing.stdout.readline().startswith("job")
    listing.stdout.close()
    assert listing.stderr.read() == ""
    assert listing.wait() == 141
    listing.stderr.close()


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
