"""The witness writes one order down, and holds handlers at their gates; sessions end as one."""

import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.exam.sessions import Client, Failed, Session, kill_child, members
from checker.exam.witness import GONE, Point, Witness


class Handler:
    """Stands for the handler of a subject."""

    def __init__(self, witness: Witness, worker: str = "w1", job: str = "job") -> None:
        self.worker, self.job = worker, job
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(witness.socket)
        self.connection.settimeout(5)

    def says(self, point: str) -> None:
        line = {"point": point, "worker": self.worker, "pid": 1, "job": self.job}
        self.connection.sendall(json.dumps(line).encode() + b"\n")

    def hears(self) -> str:
        return str(json.loads(self.connection.recv(100)))


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    found = Witness(tmp_path, {"failures": 3})
    yield found
    found.close()


def lines(witness: Witness) -> list[str]:
    rows = [json.loads(line) for line in witness.log.read_text().splitlines()[1:]]
    return [" ".join(str(v) for v in row.values()) for row in rows]


def at(witness: Witness, where: str, since: int = 0) -> Point:
    point = witness.wait(5, lambda p: p.at == where, since)
    assert point is not None, where
    return point


def test_a_handler_stays_at_its_gate_until_it_is_opened(witness: Witness) -> None:
    handler = Handler(witness)
    handler.says("start")
    start = at(witness, "start")
    handler.connection.settimeout(0.05)
    with pytest.raises(TimeoutError):
        handler.hears()
    handler.connection.settimeout(5)
    for point, following in ((start, "effect"), (None, "end")):
        witness.open(point or at(witness, "effect"))
        assert handler.hears() == "ok"
        handler.says(following)
    assert lines(witness)[-1] == "effect w1 job"  # that it has ended is not known yet
    witness.open(at(witness, "end"), "error")
    assert handler.hears() == "error"
    assert lines(witness) == ["start w1 job", "effect w1 job", "ended w1 job error"]


def test_a_handler_that_is_gone_is_heard_of_and_has_not_ended(witness: Witness) -> None:
    handler = Handler(witness)
    handler.says("start")
    at(witness, "start")
    handler.connection.close()
    at(witness, GONE)
    assert lines(witness) == ["start w1 job"]


def test_one_process_that_is_twice_in_a_handler_is_two_workers(witness: Witness) -> None:
    both = [Handler(witness), Handler(witness)]
    for handler in both:
        handler.says("start")
    witness.wait(5, lambda p: p.number == 1)
    assert sorted(lines(witness)) == ["start w1 job", "start w1/2 job"]


def test_what_runs_after_the_death_of_a_process_below_a_worker_is_another_worker(
    witness: Witness,
) -> None:
    first = Handler(witness)
    first.says("start")
    at(witness, "start")
    first.connection.close()
    at(witness, GONE)
    witness.renew("w1")
    second = Handler(witness)
    second.says("start")
    witness.wait(5, lambda p: p.number == 2)
    assert lines(witness) == ["start w1 job", "died w1", "up w1.2", "start w1.2 job"]


def test_whoever_waits_is_let_go_and_nobody_waits_any_more(witness: Witness) -> None:
    handler = Handler(witness)
    handler.says("start")
    at(witness, "start")
    witness.free("job")
    assert handler.hears() == "ok"
    handler.says("effect")
    assert handler.hears() == "ok"


# ---------------------------------------------------------------- sessions
TWO = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {!r}]); time.sleep(99)"


def test_a_worker_ends_with_all_that_it_has_started(tmp_path: Path) -> None:
    child = "import os, time; os.setpgrp(); time.sleep(99)"
    session = Session([sys.executable, "-c", TWO.format(child)], tmp_path / "log")
    until = time.monotonic() + 10
    while len(members(session.id)) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert len(members(session.id)) == 2
    assert not session.wait(0)
    session.stop()
    assert members(session.id, "ZXTt") == []
    session.go_on()
    kill_child(members(session.id)[1])
    assert session.alive
    session.kill()
    assert members(session.id) == []
    assert session.leader.returncode == -signal.SIGKILL
    session.tell()  # nobody is there


def test_a_client_that_has_ended_says_so(tmp_path: Path) -> None:
    client = Client([sys.executable, "-c", "pass"], tmp_path / "log")
    assert client.session.wait(10)
    with pytest.raises(Failed, match="status: it has ended"):
        client.call("status", "job")
    client.close()
