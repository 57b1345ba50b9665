"""A token is given out once: a store that was put back or copied begins a history of its own."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from impl.queue import Queue
from impl.terms.unusable import OtherHistory, StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, rows


def by_copy(old: Path, file: Path) -> None:
    """What `cp` does: the same file, with other contents. Its log goes with it, as it must."""
    file.write_bytes(old.read_bytes())


def by_move(old: Path, file: Path) -> None:
    """What `mv` does: another file of this name."""
    shutil.copy(old, old.with_suffix(".moved"))
    os.replace(old.with_suffix(".moved"), file)


def by_backup(old: Path, file: Path) -> None:
    """SQLite's own way, in a transaction like any other. By another process, as it is another
    SQLite, which would undo the locks of this one.
    """
    subprocess.run([sys.executable, "-c", BACKUP, str(old), str(file)], check=True)


BACKUP = """\
import sqlite3, sys
source, target = map(sqlite3.connect, sys.argv[1:])
source.backup(target)
source.close()
target.close()
"""


Restore = Callable[[Path, Path], None]


@pytest.mark.parametrize("restore", [by_copy, by_move, by_backup])
def test_a_store_that_is_put_back_gives_out_no_token_a_second_time(
    file: Path, clock: HandClock, restore: Restore
) -> None:
    old = file.with_name("old.db")
    given: set[tuple[int, int]] = set()
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k", key="one")
    shutil.copy(file, old)
    for _ in range(3):
        with Queue(file, clock=clock) as queue:
            attempt = claimed(queue)
            assert attempt.token not in given and all(attempt.token > past for past in given)
            given.add(attempt.token)
        restore(old, file)
    assert len(given) == 3


def test_one_row_behind_is_behind(file: Path, clock: HandClock) -> None:
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k")
    shutil.copy(file, file.with_name("old.db"))
    with Queue(file, clock=clock) as queue:
        first = claimed(queue)
    by_copy(file.with_name("old.db"), file)
    with Queue(file, clock=clock) as queue:
        assert claimed(queue).token > first.token


@pytest.mark.parametrize("restore", [by_move, by_backup])
def test_whoever_has_it_open_is_told_at_the_next_transaction(
    file: Path, clock: HandClock, restore: Restore
) -> None:
    old = file.with_name("old.db")
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k", key="one")
        by_backup(file, old)
        attempt = claimed(queue)
        restore(old, file)
        for use in (
            lambda: queue.enqueue("k"),
            lambda: attempt.heartbeat(queue),
            lambda: attempt.once("late"),
        ):
            with pytest.raises(OtherHistory) as told:
                use()
            assert "since it was opened" in str(told.value) and "\n" not in str(told.value)
        if restore is by_move:  # the log is still that of the one that is gone
            with pytest.raises(StoreError, match="-wal: is of another file than the one"):
                Queue(file, clock=clock)
            for end in ("-wal", "-shm"):
                os.unlink(f"{file}{end}")
        with Queue(file, clock=clock) as again:
            assert claimed(again).token > attempt.token
            with pytest.raises(OtherHistory):
                attempt.once("late")
    assert rows(file, "SELECT count(*) FROM checkpoint") == [(0,)]


def test_a_copy_over_a_queue_that_is_open_is_told_and_nothing_is_answered_after_it(
    file: Path,
) -> None:
    """Pages that have left the log would be those of the copy, and nothing would say so."""
    with Queue(file) as queue:
        for _ in range(10):
            queue.enqueue("k", "x" * 3000)
        queue.backup(file.with_name("old.db"))
        with queue.transaction() as t:
            for _ in range(1_200):  # more than the log has room for
                queue.enqueue("k", "x" * 3000, within=t)
        queue.enqueue("k")
        by_copy(file.with_name("old.db"), file)
        for _ in range(2):
            with pytest.raises(OtherHistory, match="moved or replaced since it was opened"):
                queue.enqueue("k")
    assert file.read_bytes() == file.with_name("old.db").read_bytes()
    with pytest.raises(StoreError, match="-wal: is of another file than the one beside it"):
        Queue(file)
    for end in ("-wal", "-shm"):
        os.unlink(f"{file}{end}")
    with Queue(file) as queue:
        assert queue.query("SELECT count(*) FROM job") == [(10,)]


def test_another_queue_in_its_place_is_told_though_it_is_further(
    file: Path, clock: HandClock
) -> None:
    other = file.with_name("other.db")
    with Queue(other, clock=clock) as longer:
        for _ in range(5):
            longer.enqueue("k")
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k")
        attempt = claimed(queue)
        by_backup(other, file)
        with pytest.raises(OtherHistory, match="was put back, copied or replaced since"):
            attempt.once("late")


def test_a_worker_whose_queue_is_put_back_ends_and_settles_nothing(
    file: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.db"
    with Queue(file, lease_ms=30_000) as queue:
        queue.enqueue("k")
        queue.enqueue("k")
        by_backup(file, old)

        def handler(attempt: Attempt) -> None:
            by_backup(old, file)

        with pytest.raises(OtherHistory, match="was put back"):
            Worker(queue, {"k": handler}).run(until_empty=True)
    with Queue(file) as queue:
        assert Worker(queue, {"k": lambda attempt: None}).run(until_empty=True) == {"done": 2}
        assert rows(file, "SELECT fails FROM job") == [(0,), (0,)]


def test_a_copy_elsewhere_comes_higher_than_the_seconds_that_have_passed(
    file: Path, clock: HandClock, tmp_path: Path
) -> None:
    """The first one goes on, over boots, and nobody tells the copy."""
    (tmp_path / "there").mkdir()
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k")
    shutil.copy(file, tmp_path / "there" / file.name)
    for _ in range(3):
        clock.reboot()
        with Queue(file, clock=clock) as queue:
            queue.recover()
            last = claimed(queue)
    with Queue(tmp_path / "there" / file.name, clock=clock) as copy:
        token = claimed(copy).token
    assert token > last.token == (4, 3)
    assert token[0] == clock.wall() // 1000 + 1
    with Queue(tmp_path / "there" / file.name, clock=clock) as copy:
        assert copy.epoch == token[0]


def test_a_store_without_what_stood_beside_it_begins_a_history(
    file: Path, clock: HandClock
) -> None:
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k")
        first = claimed(queue)
    os.unlink(f"{file}-gate")
    with Queue(file, clock=clock) as queue:
        assert queue.recover() == 1
        assert claimed(queue).token > first.token


def test_a_new_store_where_one_was_is_above_it(file: Path, clock: HandClock) -> None:
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k")
        first = claimed(queue)
    os.unlink(file)
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k")
        assert first.token == (1, 1) and claimed(queue).token == (2, 1)


def test_one_store_is_one_history_whoever_opens_and_writes_it(file: Path) -> None:
    epochs: set[int] = set()

    def work() -> None:
        for _ in range(10):
            with Queue(file, busy_ms=60_000) as queue:
                queue.enqueue("k")
                epochs.add(queue.epoch)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert epochs == {1}
