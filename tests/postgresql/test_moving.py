"""A queue moves from a file to a server and back, and loses nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from checker.commands.main import main
from checker.conformance.validating.validate import validate
from impl import report
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError
from impl.upgrades.intake import Taken
from impl.worker import Worker
from tests.clocks import HandClock
from tests.stores import address
from tests.upgrades.conftest import file
from tests.upgrades.exports import ODD, jobs, lines_of, taken_in

__all__ = ["file"]


@pytest.fixture
def clock() -> HandClock:
    """Return a clock that says the same on a server, which has only the wall clock, as a file."""
    return HandClock(uptime=HandClock.date)


def plain(lines: list[str]) -> list[Any]:
    """Return what lines say but for the header, which has another epoch in each history."""
    return [json.loads(line) for line in lines[1:]]


def test_what_is_taken_in_on_a_server_and_back_in_a_file_is_what_was_there(
    server: Server, file: Path, tmp_path: Path, clock: HandClock
) -> None:
    clock.advance(10_000)
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
        queue.pause("other")
    served, back = address(server), tmp_path / "back.db"
    lines = lines_of(file, clock)
    assert taken_in(served, lines) == Taken(jobs=7, steps=2, messages=1)
    assert jobs(served, clock) == jobs(file, clock)
    assert validate(served).finding is None
    assert plain(lines_of(served, clock)) == plain(lines)
    taken_in(back, lines_of(served, clock))
    assert plain(lines_of(back, clock)) == plain(lines)


def test_the_queue_goes_on_on_the_server_with_larger_tokens_and_numbers(
    server: Server, file: Path, clock: HandClock
) -> None:
    served = address(server)
    with Queue(file, clock=clock) as queue:
        highest = max(report.job(queue, line.id).token for line in report.jobs(queue))
    taken_in(served, lines_of(file, clock))
    clock.advance(4_000_000)
    tokens = []

    def work(attempt: Any) -> None:
        tokens.append(attempt.token)

    with Queue(served, clock=clock) as queue:
        assert not queue.enqueue("charge", {"big": 2**70, "small": 1e-9, "odd": ODD}, key=ODD).new
        assert not queue.retry(2).new
        assert queue.enqueue("charge").id > 7
        assert queue.recover() == 1
        handlers = dict.fromkeys(("charge", "fail", "held"), work)
        assert Worker(queue, handlers).run(until_empty=True) == {"done": 5}
    assert min(tokens) > highest
    verdict = validate(served)
    assert (verdict.finding, verdict.jobs) == (None, {"dead": 2, "done": 6})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: lines[:-1], "is missing: the export was cut off"),
        (lambda lines: [x.replace('"bad"', '"b\\u0000d"') for x in lines],
         r"line \d+: value: .* NUL .*; leave it out"),
        (lambda lines: [x.replace('"status": "done"', '"status": "ready"') for x in lines],
         r"line \d+: "),
    ],
)  # fmt: skip
def test_of_what_is_not_taken_in_nothing_is_left(
    server: Server, file: Path, clock: HandClock, change: Any, why: str
) -> None:
    served = address(server)
    with pytest.raises(BadRequest, match=why) as refused:
        taken_in(served, change(lines_of(file, clock)))
    assert "\n" not in str(refused.value)
    with pytest.raises(StoreError, match="is no queue"):
        Queue(served, read_only=True)


def test_a_queue_that_is_there_is_not_overwritten(
    server: Server, file: Path, clock: HandClock
) -> None:
    served = address(server)
    taken_in(served, lines_of(file, clock))
    with pytest.raises(StoreError, match="exists, and is not overwritten; name another one"):
        taken_in(served, lines_of(file, clock))


def test_from_a_terminal(
    server: Server, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served, out = address(server), str(tmp_path / "jobs.jsonl")
    assert main(["queue", "export", str(file), "--out", out]) == 0
    assert main(["queue", "import", served, out]) == 0
    assert main(["queue", "export", served, "--out", str(tmp_path / "back.jsonl")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith("7 jobs and 1 message are in postgresql://")
    assert said[0].startswith("12 lines") and said[2].startswith("12 lines")
    assert main(["queue", "import", served, out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "exists, and is not overwritten" in line
