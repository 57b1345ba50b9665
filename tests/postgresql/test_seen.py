"""Workers of other machines are seen by their connections to the server."""

import time
from collections.abc import Iterator

import pytest

from checker.commands.main import main
from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.report import stats
from impl.standing import standing
from spec.queue.job import Worker as WorkerSort
from tests.stores import address


@pytest.fixture
def place(server: Server) -> str:
    return address(server)


@pytest.fixture
def queue(place: str) -> Iterator[Queue]:
    with Queue(place) as opened:
        yield opened


def why(place: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["queue", "why", place, "1"]) == 0
    return capsys.readouterr().out


def test_a_worker_is_seen_while_it_is_connected_whatever_its_process_is_called_here(
    queue: Queue, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.enqueue("mail")
    with Queue(place) as other:
        other.process(WorkerSort, ["mail"])
        with queue.transaction() as t:  # as of a process of another machine
            t.own("UPDATE process SET pid = 4194305")
        assert standing(queue, 1).workers == (4194305,)
        assert stats(queue).kinds["mail"].workers == (4194305,)
        assert "workers that are connected and know it: 1" in why(place, capsys)
        other.store.close()  # as a connection that is lost, and made anew
        other.query("SELECT 1")
        assert standing(queue, 1).workers == (4194305,)
    until = time.monotonic() + 10
    while standing(queue, 1).workers and time.monotonic() < until:
        time.sleep(0.01)  # the server hears of it a moment later
    assert "no worker that is connected knows mail; start one that does" in why(place, capsys)
    assert main(["queue", "stats", place]) == 0
    assert "mail is known to no worker that is connected: 1 ready" in capsys.readouterr().out


def test_of_who_holds_a_claim_it_is_said_whether_it_is_connected(
    queue: Queue, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    queue.enqueue("mail")
    with Queue(place) as other:
        worker = other.process(WorkerSort, ["mail"])
        with other.transaction() as t:
            other.line.claim(t, worker, ["mail"], 60_000)
        assert "by claim of worker1, which is connected" in why(place, capsys)
    until = time.monotonic() + 10
    while "which is connected" in (said := why(place, capsys)) and time.monotonic() < until:
        time.sleep(0.01)
    assert "by claim of worker1, which is not connected" in said


def test_workers_of_another_queue_on_the_server_are_others(queue: Queue, server: Server) -> None:
    queue.enqueue("mail")
    queue.process(WorkerSort, ["other"])
    with Queue(address(server)) as other:
        other.enqueue("mail")
        other.process(WorkerSort, ["mail"])
        assert len(standing(other, 1).workers) == 1
        assert standing(queue, 1).workers == ()
