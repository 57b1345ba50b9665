"""Processes that get in each other's way: who waits, who is refused, and what grows meanwhile."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import apsw
import pytest

from checker.commands.main import main
from checker.conformance.validating.validate import validate
from checker.crashlab import contention
from impl.queue import Queue
from impl.sqlite.file.files import LOG_BYTES
from impl.terms.unusable import StoreError

# Another program, with another SQLite, which knows of no gate.
OTHER = """\
import sqlite3, sys
opened = sqlite3.connect(sys.argv[1], isolation_level=None)
opened.execute(sys.argv[2])
found = opened.execute(sys.argv[3]).fetchall()
print("begun", flush=True)
sys.stdin.readline()
print(opened.execute(sys.argv[3]).fetchall() == found, flush=True)
opened.execute("COMMIT")
"""

COUNT = """\
import sys
from impl.queue import Queue
with Queue(sys.argv[1], busy_ms=60_000) as queue:
    print("begun", flush=True)
    sys.stdin.readline()
    for _ in range(40):
        with queue.transaction() as t:
            ((n,),) = t.execute("SELECT n FROM counter")
            t.execute("UPDATE counter SET n = ?", (n + 1,))
"""

PAYLOAD = "x" * 60_000

Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def begin() -> Iterator[Begin]:
    with ExitStack() as ends:

        def start(script: str, *arguments: object) -> subprocess.Popen[str]:
            command = [sys.executable, "-c", script, *map(str, arguments)]
            pipe = subprocess.PIPE
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
            ends.callback(end, process)
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            return process

        yield start


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def go_on(process: subprocess.Popen[str]) -> str:
    """Let the process finish, and return what it says."""
    said, _ = process.communicate("\n", timeout=60)
    assert process.returncode == 0
    return said.strip()


def log_bytes(file: Path) -> int:
    return file.with_name(f"{file.name}-wal").stat().st_size


# ---------------------------------------------------------------- busy
def test_a_store_that_another_program_keeps_locked_is_refused_in_time(
    file: Path, begin: Begin
) -> None:
    with Queue(file, busy_ms=200) as queue:
        other = begin(OTHER, file, "BEGIN IMMEDIATE", "SELECT count(*) FROM job")
        began = time.monotonic()
        with pytest.raises(StoreError, match="was not taken"):
            queue.enqueue("step", key="one")
        assert 0.15 < time.monotonic() - began < 5
        assert go_on(other) == "True"
        assert queue.query("SELECT count(*) FROM job") == [(0,)]
        assert queue.enqueue("step", key="one").id == 1


def test_a_step_waits_for_a_program_that_is_quick_enough(file: Path, begin: Begin) -> None:
    with Queue(file, busy_ms=60_000) as queue:
        other = begin(OTHER, file, "BEGIN IMMEDIATE", "SELECT count(*) FROM job")
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
        assert queue.enqueue("step").id == 1


def test_a_snapshot_that_is_stale_is_busy_at_once_however_long_one_would_wait(file: Path) -> None:
    with Queue(file) as queue, closing(apsw.Connection(str(file))) as other:
        other.set_busy_timeout(60_000)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM job").fetchall()
        queue.enqueue("step")
        with pytest.raises(apsw.BusyError) as busy:
            other.execute("UPDATE meta SET value = value")
        assert vars(busy.value)["extendedresult"] == apsw.SQLITE_BUSY_SNAPSHOT


def test_processes_that_read_and_then_write_never_meet_a_stale_snapshot(
    file: Path, begin: Begin
) -> None:
    with Queue(file) as queue:
        queue.define("CREATE TABLE counter (n INTEGER NOT NULL) STRICT")
        queue.define("INSERT INTO counter VALUES (0)")
        writers = [begin(COUNT, file) for _ in range(3)]
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
        for writer in writers:
            assert writer.wait(60) == 0
        assert queue.query("SELECT n FROM counter") == [(120,)]


# ---------------------------------------------------------------- a heartbeat that has to wait
def test_a_lease_that_a_long_writer_lets_run_out_costs_no_effect_and_makes_none_twice(
    file: Path,
) -> None:
    with Queue(file, lease_ms=300, busy_ms=60_000) as queue:
        queue.define("CREATE TABLE effects (job INTEGER NOT NULL, token INTEGER NOT NULL) STRICT")
        queue.enqueue("step", 0.4)
        command = [sys.executable, "-m", "tests.worker.queue_process", str(file), "300", "60"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "entered 1\n"
            with queue.transaction() as t:  # the one lock for writing
                time.sleep(0.8)
                ((until,),) = t.own("SELECT lease FROM job")
                assert until < queue.clock.now()
            queue.recover()
            *_, tally = worker.stdout.read().splitlines()
            assert worker.wait(60) == 0
        assert json.loads(tally)["done"] == 1
        assert queue.query("SELECT count(*) FROM effects") == [(1,)]
        assert queue.query("SELECT status FROM job") == [("done",)]
    assert validate(str(file)).finding is None


# ---------------------------------------------------------------- the log
def test_the_log_does_not_grow_for_ever(file: Path) -> None:
    with Queue(file) as queue:
        sizes = []
        for _ in range(200):
            queue.enqueue("step", PAYLOAD)
            sizes.append(log_bytes(file))
    most = 1_000 * 4_120 + 2 * len(PAYLOAD)  # a thousand pages, and one more step
    assert LOG_BYTES // 2 < max(sizes) < most
    assert len(sizes) * len(PAYLOAD) > 2 * most


def test_a_reader_keeps_the_log_from_being_put_away_only_while_it_reads(
    file: Path, begin: Begin
) -> None:
    with Queue(file) as queue:
        queue.enqueue("step", PAYLOAD)
        reader = begin(OTHER, file, "BEGIN", "SELECT count(*) FROM job")
        for _ in range(160):
            queue.enqueue("step", PAYLOAD)
        grown = log_bytes(file)
        assert grown > 2 * LOG_BYTES
        assert go_on(reader) == "True"  # it has seen one moment all along
        for _ in range(3):
            queue.enqueue("step", PAYLOAD)
        assert log_bytes(file) <= LOG_BYTES
        assert queue.query("SELECT count(*) FROM job") == [(164,)]


# ---------------------------------------------------------------- the figures
def test_each_situation_comes_to_what_it_has_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crashlab", "--contention", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    came = [situation["came"] for situation in answer["contention"]]
    assert came[:3] == ["refused; 0 jobs are in", "SQLITE_BUSY_SNAPSHOT",
                        "120 of 120 counted, 0 processes refused"]  # fmt: skip
    assert len(came) == 7
    assert main(["crashlab", "--contention", "--settings"]) == 2


@pytest.mark.deep
def test_a_situation_that_goes_wrong_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contention, "_OTHER", contention._OTHER.replace("sys.argv[2]", "'BEGIN'"))
    assert main(["crashlab", "--contention"]) == 1
    assert "NOT OK" in capsys.readouterr().out
