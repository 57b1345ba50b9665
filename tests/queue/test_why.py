"""`ffq queue why`: what holds a job back, as the spec sees it, on a queue that others work on."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.commands.main import main
from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt
from spec.language.evaluate import Evaluator, instances
from spec.language.scope import Scope, State
from spec.queue import SCOPES

Why = Callable[..., dict[str, Any]]

NAME = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "jobs.db")


@pytest.fixture
def why(path: str, capsys: pytest.CaptureFixture[str]) -> Why:
    def call(job: int = 1) -> dict[str, Any]:
        assert main(["queue", "why", path, str(job), "--json"]) == 0
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return call


def known_here(path: str, kind: str = "k") -> None:
    """Let this process be one of a worker that knows the kind."""
    with Queue(path) as queue:
        Worker(queue, {kind: lambda attempt: None})


def claimed_by_a_process_that_is_gone(path: str, max_interrupts: int = 10) -> int:
    """Claim a job in another process, which then dies; return its number."""
    script = """\
import os, sys
from impl.queue import Queue
from impl.worker import Worker

with Queue(sys.argv[1]) as queue:
    Worker(queue, {"k": lambda attempt: os._exit(9)}).run(until_empty=True)
"""
    with Queue(path) as queue:
        queue.enqueue("k", max_interrupts=max_interrupts)
    dead = subprocess.Popen([sys.executable, "-c", script, path])
    assert dead.wait() == 9
    return dead.pid


def test_a_job_in_line_is_held_back_by_nothing_and_knows_its_place(path: str, why: Why) -> None:
    with Queue(path) as queue:
        for _ in range(3):
            queue.enqueue("k")
        queue.enqueue("other")
    known_here(path)
    assert [why(job)["ahead"] for job in (1, 2, 3, 4)] == [0, 1, 2, 0]
    assert (why(3)["refused"], why(3)["free"]) == ([], [])


def test_a_claim_of_a_dead_process_names_the_guard_the_process_and_what_frees_it(
    path: str, why: Why
) -> None:
    pid = claimed_by_a_process_that_is_gone(path)
    known_here(path)
    told = why()
    assert (told["status"], told["by"]["action"], told["by"]["pid"]) == ("claimed", "claim", pid)
    refused, other = told["refused"]
    assert (other["guard"], other["read"]) == ("due", ["due[job1] = off"])
    assert (refused["guard"], refused["read"]) == ("ready", ["status[job1] = claimed"])
    assert told["free"] == ["expire", "look", "recover", "fall_due"]
    assert told["lease_until"] > told["by"]["at"]
    assert told["workers"] == [os.getpid()] != [pid]


def test_what_is_said_to_free_a_claim_frees_it(path: str, why: Why) -> None:
    """The steps are taken on the spec by its plain reader, from the state of such a claim."""
    claimed_by_a_process_that_is_gone(path)
    known_here(path)
    evaluator, state = beginning()
    for action in ("deploy", "send", "enqueue", "fall_due", "claim", "crash", "restart"):
        state = taken(evaluator, action, state)
    assert taken_or_none(evaluator, "claim", state) is None
    for action in why()["free"]:
        assert taken_or_none(evaluator, "claim", state) is None, "a shorter way frees it"
        state = taken(evaluator, action, state)
    assert taken_or_none(evaluator, "claim", state) is not None


def beginning() -> tuple[Evaluator, State]:
    """Return a scope with one of everything, and the budgets of a job, before anything is done."""
    spec = SCOPES["reference"].spec
    bounds = {sort.__name__: 1 for sort in spec.sorts} | {
        "MaxFails": 3,
        "MaxInterrupts": 10,
        "Histories": 0,
        "Pages": 2,
    }
    evaluator = Evaluator(Scope("a job", spec, bounds))
    return evaluator, evaluator.initial()


def fails(attempt: Attempt) -> None:
    raise ZeroDivisionError


def taken_or_none(evaluator: Evaluator, action: str, state: State) -> State | None:
    step = next(i for i in instances(evaluator) if i.step.action.name == action)
    return step.successor(state)


def taken(evaluator: Evaluator, action: str, state: State) -> State:
    after = taken_or_none(evaluator, action, state)
    assert after is not None, action
    return after


def test_a_claim_that_spends_the_last_interruption_frees_nobody(path: str, why: Why) -> None:
    claimed_by_a_process_that_is_gone(path, max_interrupts=1)
    told = why()
    assert (told["status"], told["free"]) == ("claimed", None)


def test_a_job_that_is_over_is_never_claimable_again(
    path: str, why: Why, capsys: pytest.CaptureFixture[str]
) -> None:
    with Queue(path) as queue:
        queue.enqueue("done")
        queue.enqueue("dead", max_attempts=1)
        Worker(queue, {"done": lambda attempt: None, "dead": fails}).run(until_empty=True)
    assert [why(job)["free"] for job in (1, 2)] == [None, None]
    assert main(["queue", "why", path, "2"]) == 0
    said = capsys.readouterr().out
    assert "by settle_failed of worker1" in said and "ZeroDivisionError" in said
    assert "never possible again from here" in said and f"ffq queue retry {path} 2" in said


def test_a_job_for_later_says_how_long_it_waits(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Queue(path) as queue:
        queue.enqueue("k", delay=1000)
    known_here(path)
    assert main(["queue", "why", path, "1"]) == 0
    assert "it is not due before " in capsys.readouterr().out


def test_a_job_of_a_kind_that_nobody_knows_waits_for_a_worker_that_does(
    path: str, why: Why, capsys: pytest.CaptureFixture[str]
) -> None:
    with Queue(path) as queue:
        queue.enqueue("k")
    known_here(path, "other")
    told = why()
    assert [r["guard"] for r in told["refused"]] == ["known"]
    assert (told["free"], told["workers"]) == (["deploy"], [])
    assert main(["queue", "why", path, "1"]) == 0
    assert "no worker that runs here knows k; start one that does" in capsys.readouterr().out


def test_a_paused_kind_names_the_guard_since_when_by_whom_and_what_frees_it(
    path: str, why: Why, capsys: pytest.CaptureFixture[str]
) -> None:
    with Queue(path) as queue:
        queue.enqueue("k")
        before = queue.clock.wall()
        queue.pause("k")
    known_here(path)
    told = why()
    ((guard, read),) = [(r["guard"], r["read"]) for r in told["refused"]]
    assert (guard, read, told["free"]) == ("unpaused", ["paused[job1] = true"], ["resume"])
    assert (told["paused"]["user"], told["paused"]["pid"]) == (NAME, os.getpid())
    assert before - 10 <= told["paused"]["since"] <= before + 60_000  # two clocks, each in ms
    assert main(["queue", "why", path, "1"]) == 0
    said = capsys.readouterr().out
    assert f"by {NAME} in process {os.getpid()}" in said
    assert f"`ffq queue resume {path} k` frees it" in said
    assert "not due" not in said
    with Queue(path) as queue:
        queue.resume("k")
    assert (why()["refused"], why()["paused"]) == ([], None)


def test_what_is_said_to_free_a_paused_job_frees_it(path: str, why: Why) -> None:
    """The steps are taken on the spec by its plain reader, after such a pause."""
    with Queue(path) as queue:
        queue.enqueue("k")
        queue.pause("k")
    evaluator, state = beginning()
    for action in ("send", "enqueue", "fall_due", "pause"):
        state = taken(evaluator, action, state)
    free = why()["free"]
    assert sorted(free) == ["deploy", "resume"]
    for action in free:
        assert taken_or_none(evaluator, "claim", state) is None, "a shorter way frees it"
        state = taken(evaluator, action, state)
    assert taken_or_none(evaluator, "claim", state) is not None


def test_a_job_about_something_says_of_what_it_keeps_others_out(
    path: str, why: Why, capsys: pytest.CaptureFixture[str]
) -> None:
    with Queue(path) as queue:
        for n, until in enumerate(("over", "claimed")):
            queue.enqueue("other")
            queue.enqueue("k", unique=f"x{n}", unique_until=until)
    known_here(path)
    assert [(why(n)["unique"], why(n)["keeps_out"]) for n in (3, 4)] == [
        (None, False),
        ("x1", True),
    ]
    assert why(4)["refused"] == []
    with Queue(path) as queue:
        Worker(queue, {"k": lambda attempt: None}).run(until_empty=True)
    assert (why(4)["unique"], why(4)["keeps_out"], why(4)["free"]) == ("x1", False, None)
    for job in ("2", "4"):
        assert main(["queue", "why", path, job]) == 0
    said = capsys.readouterr().out
    assert said.count("keeps nobody out any more") == 2


def test_a_job_that_is_not_there_is_said_in_one_line(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Queue(path).close()
    assert main(["queue", "why", path, "7"]) == 2
    assert "job 7: is not in the queue" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_asked_all_the_same(path: str, why: Why) -> None:
    with Queue(path) as queue:
        queue.enqueue("k")
    os.chmod(path, 0o400)
    assert why()["status"] == "ready"
