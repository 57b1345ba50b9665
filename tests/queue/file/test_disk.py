"""What a queue does when the disk fails to sync, is full, or is not one it can rely on."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from impl.lab import connections as lab
from impl.queue import Queue
from impl.sqlite.file.place import place
from impl.sqlite.queue_store import in_file
from impl.sqlite.space import ALWAYS, PER_JOB, _at_least, room
from impl.terms.outcomes import OutcomeUnknown
from impl.terms.unusable import StoreError
from impl.worker import Worker
from tests.disks import FAILING, Disk
from tests.queue.file.looking import rows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def queue(file: Path) -> Iterator[Queue]:
    with Queue(file) as opened:
        yield opened


@pytest.fixture
def disk(queue: Queue, file: Path) -> Disk:
    """Let the queue's connection go by way of a disk that can fail."""
    made = Disk()
    queue.store.close()
    opened = apsw.Connection(str(file), vfs=FAILING)
    opened.pragma("synchronous", 2)
    opened.pragma("foreign_keys", 1)
    opened.execute("SELECT * FROM meta").fetchall()  # which makes the log
    in_file(queue.store)._open, in_file(queue.store).place = opened, place(str(file))
    return made


# ---------------------------------------------------------------- a COMMIT that fails


def test_a_commit_that_took_place_and_whose_answer_is_lost_is_found_in_the_trace(
    queue: Queue, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, lost = in_file(queue.store)._commit, [apsw.IOError("an error that came too late")]

    def commit_and_lose_the_answer() -> apsw.Error | None:
        assert commit() is None
        if not lost:
            return None
        in_file(queue.store).let_go()
        return lost.pop()

    monkeypatch.setattr(queue.store, "_commit", commit_and_lose_the_answer)
    made = queue.enqueue("k", key="order 7")
    assert lost == []
    assert (made.id, made.new) == (1, True)
    assert rows(file, "SELECT key, status FROM job") == [("order 7", "ready")]
    assert rows(file, "SELECT action FROM trace") == [("enqueue",)]


@pytest.mark.parametrize("fault", ["unsynced", "unwritten"])
def test_a_commit_that_failed_and_did_not_take_place_is_taken_back(
    queue: Queue, disk: Disk, file: Path, fault: str
) -> None:
    setattr(disk, fault, 1)
    with pytest.raises(StoreError, match="try again"):
        queue.enqueue("k", key="order 7")
    assert getattr(disk, fault) == 0
    assert rows(file, "SELECT count(*) FROM trace") == [(0,)]
    assert queue.enqueue("k", key="order 7").new
    assert rows(file, "SELECT action FROM trace") == [("enqueue",)]


def test_a_commit_of_which_nothing_can_be_learnt_is_unknown_and_may_be_asked_again(
    queue: Queue, disk: Disk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.unsynced = 1

    def gone(*given: Any) -> apsw.Connection:
        raise StoreError(file, "cannot be opened: Input/output error", "see to the disk")

    with monkeypatch.context() as patched:
        patched.setattr("impl.sqlite.file.opened.connect", gone)
        with pytest.raises(OutcomeUnknown, match=r"COMMIT failed.*then.*cannot be opened"):
            queue.enqueue("k", key="order 7")
    assert queue.enqueue("k", key="order 7").id == 1
    assert rows(file, "SELECT count(*) FROM job") == [(1,)]


@pytest.mark.parametrize("fault", ["unsynced", "unwritten"])
@pytest.mark.parametrize("after", range(4))
def test_a_worker_survives_a_commit_that_fails_once(
    queue: Queue, disk: Disk, file: Path, fault: str, after: int
) -> None:
    """Whichever commit it is: each job is done, each effect made, and each trace row there once."""
    queue.define("CREATE TABLE effects (job INTEGER NOT NULL) STRICT")
    for _ in range(3):
        queue.enqueue("k")
    commits = []

    def count() -> bool:
        commits.append(1)
        if len(commits) == after + 1:
            setattr(disk, fault, 1)
        return False

    handlers = {"k": lambda a: a.write("INSERT INTO effects VALUES (?)", a.id)}
    worker = Worker(queue, handlers, poll=0.05)
    in_file(queue.store).connection.set_commit_hook(count)
    assert worker.run(until_empty=True)["done"] == 3
    assert rows(file, "SELECT job FROM effects ORDER BY job") == [(1,), (2,), (3,)]
    assert rows(file, "SELECT DISTINCT status, recorded, token FROM job") == [("done", 1, 1)]
    assert rows(file, "SELECT count(*) FROM trace WHERE action = 'claim'") == [(3,)]


# ---------------------------------------------------------------- a full disk


@pytest.fixture
def everywhere(queue: Queue) -> Iterator[Disk]:
    """Let all that is opened from here on be on a disk that can fail."""
    made = Disk(default=True)
    queue.store.close()
    yield made
    queue.store.close()
    made.unregister()


def test_a_full_disk_at_commit_is_an_answer_and_no_riddle(
    queue: Queue, everywhere: Disk, file: Path
) -> None:
    """Nothing can be written, so nothing is asked by writing."""
    disk = everywhere
    queue.enqueue("k", key="before")
    disk.full = 1_000_000
    for _ in range(3):
        with pytest.raises(StoreError, match="full; make room on its disk"):
            queue.enqueue("k", key="order 7")
        assert queue.query("SELECT key FROM job") == [("before",)]
    disk.full = 0
    assert queue.enqueue("k", key="order 7").new
    assert rows(file, "SELECT action FROM trace") == [("enqueue",), ("enqueue",)]


def test_a_worker_outlasts_a_disk_that_is_full_for_a_while(
    queue: Queue, everywhere: Disk, file: Path
) -> None:
    disk = everywhere
    queue.define("CREATE TABLE effects (job INTEGER NOT NULL) STRICT")
    queue.enqueue("k")

    def handler(attempt: Any) -> None:
        disk.full = 5  # the next ones of whatever is written
        attempt.write("INSERT INTO effects VALUES (?)", attempt.id)

    assert Worker(queue, {"k": handler}, poll=0.05).run(until_empty=True) == {"done": 1}
    assert disk.full == 0
    assert rows(file, "SELECT job FROM effects") == [(1,)]


def test_a_full_store_refuses_new_jobs_first_and_finishes_the_old(queue: Queue, file: Path) -> None:
    limit = in_file(queue.store).connection.pragma("page_count") * 4096 + ALWAYS + 60 * PER_JOB
    lab.limit(in_file(queue.store), limit // 4096)
    taken = 0
    with pytest.raises(StoreError) as full:
        for _ in range(1_000):
            queue.enqueue("k", "x" * 100, max_attempts=3)
            taken += 1
    assert 20 < taken < 100
    assert str(full.value).startswith(f"{file}: has room for ")
    assert str(full.value).endswith("let workers finish jobs, or make room")

    def second_time_lucky(attempt: Any) -> None:
        if attempt.token[1] == 1:
            raise RuntimeError("x" * 1_000)

    queue.line.backoff = type(queue.line.backoff)(first_ms=0, budget=10_000)
    tally = Worker(queue, {"k": second_time_lucky}).run(until_empty=True)
    assert tally == {"failed": taken, "done": taken}
    assert in_file(queue.store).connection.pragma("max_page_count") == limit // 4096


def test_a_job_for_which_there_is_no_room_leaves_a_transaction_as_it_was(
    queue: Queue, file: Path
) -> None:
    with queue.transaction() as t:
        queue.enqueue("k", key="first", within=t)
        lab.limit(in_file(queue.store), 100)
        with pytest.raises(StoreError, match="may need"):
            queue.enqueue("k", key="second", within=t)
        assert not queue.enqueue("k", key="first", within=t).new  # which takes no room
        lab.limit(in_file(queue.store), 1_000_000)
        queue.enqueue("k", key="third", within=t)
    assert rows(file, "SELECT id, key FROM job") == [(1, "first"), (2, "third")]


def test_what_is_known_of_the_room_without_asking_is_no_more_than_there_is(queue: Queue) -> None:
    """Whatever is in the file, in its log, and not yet in either."""
    lab.limit(in_file(queue.store), 4_000)
    with queue.transaction() as t:
        for _ in range(300):
            queue.enqueue("k", "x" * 3_000, within=t)
            assert _at_least(in_file(queue.store)) <= room(in_file(queue.store))
    for _ in range(30):
        queue.enqueue("k", "x" * 3_000)
        assert _at_least(in_file(queue.store)) <= room(in_file(queue.store))


def test_a_full_disk_is_noticed_before_it_is_full(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Little:
        f_bavail, f_frsize = 1_000, 4_096

    monkeypatch.setattr(os, "statvfs", lambda path: Little)
    assert room(in_file(queue.store)) == 4_096_000
    wanted = "has room for 4096000 bytes, and finishing 0 jobs may need 4194304; make room on"
    with pytest.raises(StoreError, match=wanted):
        queue.enqueue("k")


def test_room_is_what_the_disk_has_free(queue: Queue, file: Path) -> None:
    """By another count: that of the standard library."""
    import shutil

    free = shutil.disk_usage(file.parent).free
    assert abs(room(in_file(queue.store)) - free) < 0.1 * free


def test_a_job_needs_no_more_room_than_is_kept_for_it(queue: Queue, file: Path) -> None:
    """A hundred jobs that fail twice and are then done, against what is reserved for each."""

    def third_time_lucky(attempt: Any) -> None:
        if attempt.token[1] < 3:
            raise RuntimeError("x" * 200)

    for _ in range(100):
        queue.enqueue("k", max_attempts=3)
    before = in_file(queue.store).connection.pragma("page_count")
    queue.line.backoff = type(queue.line.backoff)(first_ms=0, budget=10_000)
    Worker(queue, {"k": third_time_lucky}).run(until_empty=True)
    pages = in_file(queue.store).connection.pragma("page_count") - before
    assert pages * 4_096 <= 100 * PER_JOB
