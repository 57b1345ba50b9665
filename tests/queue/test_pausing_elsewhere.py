"""A pause holds for other processes, over crashes and in a backup."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from checker.conformance.validating.validate import validate
from impl.parts.pauses import pause, resume
from impl.queue import Queue
from tests.queue.file.looking import rows

NAME = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


def first(queue: Queue, *kinds: str) -> list[int]:
    """Return the job that a worker of these kinds would be given."""
    return [number for (number,) in queue.line.first(queue.store.own, kinds)]


# ---------------------------------------------------------------- other processes, and crashes
PAUSES = """\
import os, sys
from impl.parts.pauses import pause, resume
from impl.queue import Queue

with Queue(sys.argv[1]) as queue:
    match sys.argv[2]:
        case "pause":
            queue.pause("k")
        case "resume":
            queue.resume("k")
        case "die in pause":
            with queue.transaction() as t:
                pause(t, "k")
                os._exit(9)
        case "die in resume":
            with queue.transaction() as t:
                resume(t, "k")
                os._exit(9)
os._exit(9)
"""


def elsewhere(file: Path, what: str) -> None:
    """Do it in another process, which then dies without a word."""
    assert subprocess.run([sys.executable, "-c", PAUSES, str(file), what]).returncode == 9


def test_what_another_process_pauses_is_paused_here_at_once_and_outlives_it(
    shared: Queue, file: Path
) -> None:
    shared.enqueue("k")
    elsewhere(file, "pause")
    assert first(shared, "k") == []
    shared.close()
    with Queue(file) as again:
        assert first(again, "k") == []
        elsewhere(file, "resume")
        assert first(again, "k") == [1]


WORKS = """\
import sys
from impl.queue import Queue
from impl.worker import Worker

with Queue(sys.argv[1]) as queue:
    Worker(queue, {"k": lambda attempt: None}, poll=0.001).run()
"""


def test_workers_of_two_processes_claim_nothing_between_a_pause_and_its_end(
    shared: Queue, file: Path
) -> None:
    """Which claims came in between is read in the trace, which has them in the order of commits."""
    with shared.transaction() as t:
        for _ in range(2_000):
            shared.enqueue("k", within=t)
    workers = [subprocess.Popen([sys.executable, "-c", WORKS, str(file)]) for _ in range(2)]
    claims = "SELECT count(*) FROM trace WHERE action = 'claim' AND seq "
    try:
        while not rows(file, claims + "> 0")[0][0]:
            time.sleep(0.01)
        paused, allowed, resumed = 0, 0, 0
        for _ in range(20):
            with shared.transaction() as t:
                assert pause(t, "k")
                begins = t.last()
            time.sleep(0.02)
            with shared.transaction() as t:
                ends = t.last()
                assert resume(t, "k")
            paused += rows(file, claims + "BETWEEN ? AND ?", begins + 1, ends)[0][0]
            allowed += rows(file, claims + "BETWEEN ? AND ?", resumed + 1, begins)[0][0]
            resumed = ends
            time.sleep(0.02)
    finally:
        for worker in workers:
            worker.terminate()
        assert [worker.wait() for worker in workers] == [0, 0]
    assert (paused, allowed > 20) == (0, True)
    assert validate(str(file)).finding is None


def test_a_crash_within_leaves_the_kind_as_it_was(shared: Queue, file: Path) -> None:
    shared.enqueue("k")
    elsewhere(file, "die in pause")
    assert first(shared, "k") == [1]
    elsewhere(file, "pause")
    elsewhere(file, "die in resume")
    assert first(shared, "k") == []


def test_a_transaction_that_is_taken_back_pauses_nothing(queue: Queue) -> None:
    with pytest.raises(ZeroDivisionError), queue.transaction() as t:
        pause(t, "k")
        raise ZeroDivisionError
    assert not queue.resume("k")


def test_a_backup_is_paused_as_the_queue_was(queue: Queue, tmp_path: Path) -> None:
    queue.enqueue("k")
    queue.pause("k")
    queue.backup(tmp_path / "kept.db")
    queue.resume("k")
    with Queue(tmp_path / "kept.db") as kept:
        assert first(kept, "k") == []
