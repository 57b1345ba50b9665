"""Streams that are closed, full or broken: nothing is lost without a word, or as status 1 or 70."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from checker.commands.main import main
from checker.shown import streams
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from tests.checkout import ROOT
from tests.commands.processes.test_cli_process import PROGRAM

PLAIN = ("check", "--engine", "plain")
LOST = "ffq: stdout: cannot be written: {}; see where it leads\n"
FULL, CLOSED = "No space left on device", "it is closed"

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def ffq(*given: str, shell: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    """Run `ffq` on the scopes of test_cli, its streams led elsewhere by a shell."""
    command = ["bash", "-c", f'"$0" -c "$1" "${{@:2}}" {shell}', sys.executable, program, *given]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


QUEUE = "import sys\nfrom checker.commands.main import main\nsys.exit(main())"


@pytest.mark.parametrize("given", [PLAIN, ("scopes", "--json"), ("--help",)])
@pytest.mark.parametrize(("shell", "why"), [("> /dev/full", FULL), (">&-", CLOSED)])
def test_a_stdout_that_is_full_or_closed_is_told_of_with_its_own_status(
    given: tuple[str, ...], shell: str, why: str
) -> None:
    ran = ffq(*given, shell=shell)
    assert (ran.returncode, ran.stderr) == (74, LOST.format(why))


@pytest.mark.parametrize("given", [PLAIN, ("scopes", "--json"), ("--help",)])
def test_a_reader_that_leaves_is_no_failed_property(given: tuple[str, ...]) -> None:
    """`| head` takes one line, or none at all."""
    for reader in ("true", "head -1 >&2"):
        ran = ffq(*given, shell=f"| {reader}; exit ${{PIPESTATUS[0]}}")
        assert "Traceback" not in ran.stderr and "ffq:" not in ran.stderr
        assert ran.returncode in ((141,) if reader == "true" else (0, 141))


@pytest.mark.parametrize("shell", ["2>&-", "2> /dev/full"])
@pytest.mark.parametrize(("given", "status"), [(("scopes",), 0), (("frob",), 2)])
def test_a_stderr_that_takes_nothing_changes_no_status(
    given: tuple[str, ...], status: int, shell: str
) -> None:
    assert ffq(*given, shell=shell).returncode == status


def test_what_is_done_is_said_on_stderr_if_stdout_takes_it_not(tmp_path: Path) -> None:
    file = str(tmp_path / "q.db")
    for n, (shell, why, json_) in enumerate(
        [("> /dev/full", FULL, ()), (">&-", CLOSED, ("--json",))], 1
    ):
        ran = ffq(
            "queue", "enqueue", file, "k", "--key", str(n), *json_, shell=shell, program=QUEUE
        )
        told = f"ffq: job {n} is in the queue, under the key {n}\n"
        assert (ran.returncode, ran.stderr) == (74, told + LOST.format(why))
    ran = ffq("queue", "cancel", file, "2", shell="| true; exit ${PIPESTATUS[0]}", program=QUEUE)
    assert (ran.returncode, ran.stderr) == (141, "ffq: job 2 is cancelled\n")
    with Queue(file) as queue:
        assert queue.query("SELECT status FROM job ORDER BY id") == [("ready",), ("dead",)]


def test_a_worker_whose_log_goes_nowhere_ends_its_job_and_stops(tmp_path: Path) -> None:
    file = str(tmp_path / "q.db")
    with Queue(file) as queue:
        for _ in range(2):
            queue.enqueue("sleep", 0)
    ran = ffq("queue", "work", file, shell="> /dev/full", program=QUEUE)
    assert (ran.returncode, ran.stderr) == (
        74, "ffq: attempts: 1 done\n" + LOST.format(FULL)
    )  # fmt: skip
    with Queue(file) as queue:
        assert queue.query("SELECT status FROM job ORDER BY id") == [("done",), ("ready",)]


def test_no_file_takes_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """What was to be printed would be written into it: here, into a queue."""
    file = tmp_path / "q.db"
    ran = ffq("queue", "enqueue", str(file), "k", shell="<&- >&- 2>&-", program=QUEUE)
    assert ran.returncode == 74
    with Queue(str(file)) as queue:
        in_file(queue.store).check()
        assert queue.query("SELECT count(*) FROM job") == [(1,)]


@pytest.mark.parametrize("letter", ["\x07", "\x1b", "\x7f", "\x9b", "\u202e", "\u2028", "\udcff"])
def test_json_holds_no_letter_that_a_terminal_obeys(
    letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    streams.emit({"k": f"a{letter}é\U0001f600"})
    out = capsys.readouterr().out
    assert letter not in out and out.rstrip("\n").isprintable()
    assert json.loads(out) == {"k": f"a{letter}é\U0001f600"}


def test_a_console_escapes_what_a_terminal_obeys_and_keeps_its_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.text import Text

    from checker.shown.console import console

    monkeypatch.setenv("FORCE_COLOR", "1")
    console().print(Text("a\x1b[2J\x9b\u202e\nb", style="red"), soft_wrap=True)
    console().print("plain \x1b]0;title", soft_wrap=True)
    out = capsys.readouterr().out
    assert "\x1b[31m" in out and out.count("\n") == 3
    assert "\\x1b[2J\\x9b\\u202e" in out and "\\x1b]0;title" in out
    assert "\x1b[2J" not in out and "\x1b]" not in out


def test_a_wrong_word_with_escapes_is_one_harmless_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "--scope", "\x1b[2J\x9b"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.rstrip("\n").isprintable()


def test_what_others_have_written_into_a_queue_cannot_move_the_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor forge a line: neither in what validate says of rows, nor in a worker's log."""
    import apsw

    file, key = str(tmp_path / "q.db"), "a\x1b[2J\x9b\nffq: all is well"
    with Queue(file) as queue:
        queue.enqueue("tell", key=key)
    (tmp_path / "mine.py").write_text(
        "HANDLERS = {'tell': lambda attempt: attempt.send('mail', 1)}\n"
        "def refuse(message): raise ValueError(message.key)\n"
        "RECEIVERS = {'mail': refuse}\n"
    )
    tables = [f"--{name}={tmp_path}/mine.py:{name.upper()}" for name in ("handlers", "receivers")]
    ran = ffq("queue", "work", file, "--until-empty", *tables, shell="", program=QUEUE)
    assert ran.returncode == 0
    out, err = ran.stdout, ran.stderr
    with apsw.Connection(file) as opened:
        opened.execute("DROP TRIGGER trace_is_not_rewritten")
        opened.execute("UPDATE trace SET actor = ?, action = ? WHERE seq = 3", (key, key))
    for command in (["validate"], ["queue", "list"], ["queue", "show"]):
        main([*command, file, *(["1"] if command[-1] == "show" else [])])
        more = capsys.readouterr()
        out, err = out + more.out, err + more.err
    for line in (out + err).splitlines():
        assert line.isprintable() and not line.startswith("ffq: all")
    assert "a\\x1b[2J\\x9b\\nffq: all is well" in out and "ValueError" in err
