"""What the page on workers of many machines shows is run as it stands there, on a server."""

import time
from pathlib import Path

import pytest

from impl.postgresql.trial.embedded import Server
from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.checkout import ROOT
from tests.docs.shell import FENCE, Shell, commands, timeless
from tests.stores import address

PAGE = (ROOT / "docs/19-many-machines.md").read_text("utf-8")
SHOWN = "postgresql://ann@db.example/shop#jobs"


@pytest.mark.deep
def test_the_walk_through_works_as_it_is_written(server: Server, tmp_path: Path) -> None:
    place = address(server)
    shell = Shell(tmp_path, QUEUE=place)
    try:
        shown = [body for kind, body in FENCE.findall(PAGE) if kind == "console"]
        every = [one for body in shown for one in commands(body)]
        for command, lines in every:
            said = [line.replace(place, SHOWN) for line in shell.run(command, len(lines))]
            assert timeless(said) == timeless(lines), command
        assert len(every) >= 7
    finally:
        shell.process.kill()
        shell.process.communicate()


@pytest.mark.deep
def test_a_worker_has_as_many_connections_as_it_says(server: Server) -> None:
    place, found = address(server), list[int]()

    def count(_: Attempt) -> None:
        time.sleep(1)  # by then it has renewed its lease
        with server.connect() as other:
            asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'ffq%'"
            found.extend(n for (n,) in other.execute(asked).fetchall())

    with Queue(place, lease_ms=1_000) as queue:
        queue.enqueue("count")
        Worker(queue, {"count": count}).run(until_empty=True)
    assert found == [3]
    assert "A worker has three" in PAGE
