"""Disks, folders and limits with which a queue cannot be relied on, or counts what it asks."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from impl.queue import Queue
from impl.sqlite.file import place as places
from impl.sqlite.queue_store import in_file
from impl.sqlite.space import ALWAYS, PER_JOB, pages
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError
from tests.queue.file.looking import rows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def queue(file: Path) -> Iterator[Queue]:
    with Queue(file) as opened:
        yield opened


# ---------------------------------------------------------------- where it is


def refused(open_it: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as wrong:
        open_it()
    assert "\n" not in str(wrong.value)
    return str(wrong.value)


def test_a_network_file_system_is_refused(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"none / ext4 rw 0 0\nserver:/share {tmp_path} nfs4 rw 0 0\n")
    check = places.refuse_network
    monkeypatch.setattr(
        "impl.sqlite.file.opening.refuse_network", lambda where: check(where, mounts)
    )
    said = refused(lambda: Queue(file))
    assert said.startswith(f"{file}: is on a network file system (nfs4), where locks")
    assert not file.exists()
    mounts.write_text(f"server:/share / nfs4 rw 0 0\ndisk {tmp_path} ext4 rw 0 0\n")
    Queue(file).close()


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    nobody = 65534
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "queue.db"
        with Queue(file) as queue:
            queue.enqueue("k")
        Path(name).chmod(0o555)
        file.chmod(0o444)
        was = os.geteuid()
        if was == 0:  # root may write anywhere
            os.seteuid(nobody)
        try:
            assert refused(lambda: Queue(file)).startswith(f"{file}: cannot be ")
        finally:
            if was == 0:
                os.seteuid(was)
            Path(name).chmod(0o755)


def test_on_a_small_disk_only_open_jobs_are_counted(queue: Queue) -> None:
    """By SQLite's own word: no table is read from one end to the other."""
    asked: list[str] = []
    in_file(queue.store).connection.trace_v2(
        apsw.SQLITE_TRACE_STMT, lambda event: asked.append(event["sql"])
    )
    for _ in range(3):
        queue.enqueue("k")
    left = ALWAYS + 2 * PER_JOB
    asked.clear()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("impl.sqlite.space.room", lambda store: left)
        patched.setattr("impl.sqlite.space._at_least", lambda store: left)
        assert pages(in_file(queue.store), 4) == 1
    in_file(queue.store).connection.trace_v2(0, None)
    counts = [sql for sql in asked if "count(*)" in sql]
    assert len(counts) == 2
    for sql in counts:
        plan = rows(Path(queue.path), f"EXPLAIN QUERY PLAN {sql.replace('?', '4')}")
        assert all("USING" in step[3] and "INDEX" in step[3] for step in plan), plan


FEW = """\
import os, resource, sys
from impl.terms.unusable import StoreError
from impl.queue import Queue
Queue(sys.argv[1]).close()
free = os.open("/dev/null", os.O_RDONLY)
for more in range(int(sys.argv[2])):
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + more, 4096))
    try:
        Queue(sys.argv[1]).close()
        print("opened")
    except StoreError as failed:
        print(failed)
"""


def test_too_many_open_files_are_called_so(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FEW, str(file), "20"], capture_output=True, text=True
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] != "opened" and lines[-1] == "opened"
    assert not [line for line in lines if "Linux" in line or "damaged" in line]
    assert all(line == "opened" or line.startswith(f"{file}") for line in lines)


@pytest.mark.parametrize("busy_ms", [10**30, 2**31, -1, 0.5, "1", True])
def test_a_wait_that_cannot_be_waited_is_refused(file: Path, busy_ms: Any) -> None:
    with pytest.raises(BadRequest, match="busy_ms"):
        Queue(file, busy_ms=busy_ms)
    assert not file.exists()
