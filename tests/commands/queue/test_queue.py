"""`ffq queue`: what a terminal can do with a queue."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checker.commands.main import main
from checker.commands.queue.shared import time_of
from impl.queue import Queue
from impl.worker import Worker
from tests.commands.queue.asking import Run

# ---------------------------------------------------------------- a job's way


def test_a_job_goes_in_once_is_run_and_is_listed(run: Run) -> None:
    assert run("enqueue", "echo", '{"a": 1}', "--key", "seven") == {
        "ok": True, "job": 1, "key": "seven", "new": True, "kept_out": False,
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
    assert again == {"ok": True, "job": 2, "key": "seven", "new": True, "kept_out": False}
    assert run("show", "1")["job"]["retried_as"] == 2
    assert run("show", "2")["job"]["retry_of"] == 1


def test_dead_jobs_are_put_in_again_together_and_what_is_left_is_named(
    run: Run, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in ("one", "two"):
        run("enqueue", "fail", "--max-attempts", "1", "--key", key, "--unique", key)
    run("enqueue", "other")

    def fail(_: Any) -> None:
        raise RuntimeError("no")

    with Queue(file) as queue:
        Worker(queue, {"fail": fail}).run(until_empty=True)
    run("enqueue", "fail", "--key", "newer", "--unique", "two")
    kept_out = "job 4 is about the same, 'two', and keeps it out; wait until that one is over"
    assert run("redrive", "--kind", "other") == {"ok": True, "jobs": [], "left": {}}
    assert run("redrive", "--spread", "60") == {"ok": True, "jobs": [5], "left": {"2": kept_out}}
    assert main(["queue", "redrive", file]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "0 jobs are in the queue again",
        f"job 2 is left: {kept_out}",
    ]


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
        while not queue.query("SELECT 1 FROM job WHERE lease < ?", (queue.clock.now(),)):
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


def test_what_is_over_is_forgotten_after_a_while(
    run: Run, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("enqueue", "echo")
    run("enqueue", "fail", "--max-attempts", "1")
    assert main(["queue", "work", file, "--until-empty", "--retain", "1d"]) == 0
    with Queue(file) as queue:
        queue.announce(lambda job, reason: None)
    capsys.readouterr()
    assert run("prune", "--retain", "1h") == {"ok": True, "forgotten": 0}
    assert run("prune", "--retain", "0") == {"ok": True, "forgotten": 1}
    assert main(["queue", "prune", file, "--retain", "0", "--dead"]) == 0
    assert capsys.readouterr().out == "1 job is forgotten\n"
    assert run("list")["jobs"] == []


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("1.5", 1.5), ("15m", 900), ("12h", 43_200), ("7d", 604_800)]
)
def test_a_time_is_written_with_its_unit_or_in_seconds(text: str, seconds: float) -> None:
    assert time_of("--retain", text) == seconds


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
