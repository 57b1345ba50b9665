"""A backup is one moment of the queue, whole, and can be put in its place or stand beside it."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from checker.commands.main import main
from checker.conformance.validating.validate import validate
from impl.queue import Queue
from impl.sqlite.file import making
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError
from impl.worker import Worker
from tests.clocks import HandClock
from tests.queue.file.looking import claimed, rows


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "backup.db"


@pytest.fixture(autouse=True)
def folder(to: Path) -> None:
    to.parent.mkdir()


def test_a_backup_has_what_is_in_the_log_and_stands_alone(file: Path, to: Path) -> None:
    with Queue(file) as queue:
        queue.enqueue("k", "x" * 1000, key="one")
        assert os.path.getsize(f"{file}-wal") > 0
        queue.backup(to)
        assert os.listdir(to.parent) == ["backup.db"]
        queue.enqueue("k", key="two")
        assert rows(to, "SELECT key FROM job") == [("one",)]
    assert validate(str(to)).finding is None


def test_a_backup_is_a_moment_between_transactions_however_many_are_written(
    file: Path, to: Path
) -> None:
    """Each transaction puts two jobs in; a backup has both or neither, and of all before it."""
    with Queue(file, busy_ms=60_000) as queue:
        queue.enqueue("k")
        writing, done = threading.Event(), threading.Event()

        def write() -> None:
            with queue.again() as other:
                while not done.is_set():
                    with other.transaction() as t:
                        for _ in range(2):
                            other.enqueue("k", "x" * 2000, within=t)
                    writing.set()

        writer = threading.Thread(target=write)
        writer.start()
        writing.wait()
        try:
            for n in range(8):
                queue.backup(f"{to}-{n}")
        finally:
            done.set()
            writer.join()
    counts = [rows(Path(f"{to}-{n}"), "SELECT count(*), max(id) FROM job")[0] for n in range(8)]
    assert all(count == last and count % 2 == 1 for count, last in counts)
    assert counts == sorted(counts)
    assert validate(f"{to}-7").finding is None


def test_what_is_not_committed_is_not_in_a_backup(file: Path, to: Path) -> None:
    with Queue(file) as queue, queue.transaction() as t:
        queue.enqueue("k", within=t)
        queue.backup(to)
    assert rows(to, "SELECT count(*) FROM job") == [(0,)]


def test_a_backup_that_is_put_back_gives_out_no_token_a_second_time(
    file: Path, to: Path, clock: HandClock
) -> None:
    with Queue(file, clock=clock) as queue:
        queue.enqueue("k")
        queue.backup(to)
        late = claimed(queue)
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
    file.write_bytes(to.read_bytes())
    with Queue(file, clock=clock) as again, Queue(to, clock=clock) as beside:
        assert claimed(again).token > late.token
        assert claimed(beside).token > late.token


def test_a_claim_of_the_backup_is_nobodys_in_its_new_history(file: Path, to: Path) -> None:
    with Queue(file) as queue:
        queue.enqueue("k")
        made = Worker(queue, {"k": lambda attempt: queue.backup(to)})
        assert made.run(until_empty=True) == {"done": 1}
    assert rows(to, "SELECT status FROM job") == [("claimed",)]
    with Queue(to) as queue:
        assert queue.recover() == 1
        assert Worker(queue, {"k": lambda attempt: None}).run(until_empty=True) == {"done": 1}
    assert validate(str(to)).finding is None


@pytest.mark.parametrize("step", ["put_away", "_sync_folder"])
def test_a_backup_that_is_cut_off_is_whole_or_not_there(file: Path, to: Path, step: str) -> None:
    script = f"""\
import os, sys
from impl.sqlite.file import making
from impl.queue import Queue
making.{step} = lambda *_: os.kill(os.getpid(), 9)
with Queue(sys.argv[1]) as queue:
    queue.backup(sys.argv[2])
"""
    with Queue(file) as queue:
        queue.enqueue("k")
    done = subprocess.run([sys.executable, "-c", script, str(file), str(to)])
    assert done.returncode == -9
    with Queue(file) as queue:
        if to.exists():
            with pytest.raises(BadRequest, match="is there already, and was left alone"):
                queue.backup(to)
        else:
            queue.backup(to)
    with Queue(to) as queue:
        assert queue.query("SELECT count(*) FROM job") == [(1,)]
    assert not [name for name in os.listdir(to.parent) if "draft" in name]


def test_a_backup_for_which_there_is_no_room_is_not_there(
    file: Path, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(opened: apsw.Connection) -> None:
        raise apsw.FullError("database or disk is full")

    with Queue(file) as queue:
        monkeypatch.setattr(making, "put_away", full)
        with pytest.raises(StoreError, match=r"backup.db: was not made: .* full"):
            queue.backup(to)
    assert os.listdir(to.parent) == []


# ---------------------------------------------------------------- from a terminal


def told(capsys: pytest.CaptureFixture[str], *given: str, status: int) -> str:
    assert main(["queue", "backup", *given]) == status
    out, err = capsys.readouterr()
    (line,) = (out or err).splitlines()
    return str(line)


def test_the_command_makes_one_and_says_so(
    file: Path, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Queue(file) as queue:
        queue.enqueue("k")
    assert told(capsys, str(file), str(to), status=0) == f"{to} is a backup of {file}"
    assert json.loads(told(capsys, str(file), f"{to}2", "--json", status=0)) == {
        "ok": True,
        "backup": f"{to}2",
    }
    assert rows(to, "SELECT count(*) FROM job") == [(1,)]


def test_what_is_there_already_is_left_alone(
    file: Path, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Queue(file).close()
    to.write_text("a letter")
    already = "is there already, and was left alone; name another file"
    for there in (to, file, to.parent):
        assert told(capsys, str(file), str(there), status=2) == f"ffq: {there}: {already}"
    assert to.read_text() == "a letter"
    nowhere = f"{to.parent}/no/backup.db"
    assert told(capsys, str(file), nowhere, status=2).startswith(f"ffq: {nowhere}: cannot be made")
    missing = told(capsys, f"{file}-not", f"{to}2", status=2)
    assert missing.startswith(f"ffq: {file}-not: there is no such queue")
    assert os.listdir(to.parent) == ["backup.db"]
