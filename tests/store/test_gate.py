"""The gate lets one in at a time, whoever waits next, and does not stay shut."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from impl.queue import Queue
from impl.sqlite.file.gate import Gate, Locked
from impl.terms.unusable import StoreError
from tests.locks import is_locked

HOLD = """\
import sys, time
from impl.sqlite.file.gate import Gate
with Gate(sys.argv[1]).held(1000):
    print("held", flush=True)
    time.sleep(3600)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "queue.db")


def holder(path: str) -> subprocess.Popen[str]:
    """Return a process that holds the gate for ever."""
    command = [sys.executable, "-c", HOLD, path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def open_files() -> set[str]:
    links = (Path("/proc/self/fd") / name for name in os.listdir("/proc/self/fd"))
    return {os.readlink(link) for link in links if link.is_symlink()}


def test_one_at_a_time_gets_through(path: str) -> None:
    inside, most = [0], [0]

    def pass_through() -> None:
        for _ in range(50):
            with Gate(path).held(60_000):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0)
                inside[0] -= 1

    threads = [threading.Thread(target=pass_through) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_whoever_waits_is_next_and_not_whoever_was_just_there(path: str) -> None:
    order: list[str] = []
    gate, waits = Gate(path), threading.Event()

    def other() -> None:
        waits.set()
        with Gate(path).held(60_000):
            order.append("other")

    thread = threading.Thread(target=other)
    with gate.held(1_000):
        order.append("one")
        thread.start()
        waits.wait()
        until_locked(f"{path}-turn")  # the other one stands first in line
    with gate.held(60_000):
        order.append("one again")
    thread.join()
    assert order == ["one", "other", "one again"]


def until_locked(path: str) -> None:
    """Wait until somebody holds the lock of this file."""
    late = time.monotonic() + 60
    while time.monotonic() < late:
        if Path(path).exists() and is_locked(path):
            return
        time.sleep(0.01)
    raise AssertionError(f"nobody has locked {path}")


def test_a_gate_that_stays_shut_is_named_in_one_line(path: str) -> None:
    queue = Queue(path, busy_ms=50)
    process = holder(path)
    try:
        with pytest.raises(Locked), Gate(path).held(20):
            raise AssertionError("nobody can be here")
        with pytest.raises(StoreError) as shut:
            queue.enqueue("k")
        assert str(shut.value) == (
            f"{path}: is kept locked by somebody for more than 50 ms; look for a process that hangs"
        )
    finally:
        process.kill()
        process.communicate()
    assert queue.enqueue("k").new  # dying has opened the gate
    queue.close()


def test_whoever_gave_up_waiting_does_not_take_the_lock_later(path: str) -> None:
    process = holder(path)
    before = open_files()
    with pytest.raises(Locked), Gate(path).held(20):
        raise AssertionError("nobody can be here")
    process.kill()
    process.communicate()
    late = time.monotonic() + 60
    while not open_files() <= before:  # the thread that was left behind has to come by first
        assert time.monotonic() < late
        time.sleep(0.01)
    with Gate(path).held(60_000):
        pass


def test_an_interrupt_while_waiting_leaves_no_lock_behind(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = holder(path)

    def interrupt(event: threading.Event, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(threading.Event, "wait", interrupt)
        # Starting a thread waits for an event too, and that is not the one.
        patched.setattr(threading.Thread, "start", start_without_waiting)
        with pytest.raises(KeyboardInterrupt), Gate(path).held(60_000):
            raise AssertionError("nobody can be here")
    process.kill()
    process.communicate()
    with Gate(path).held(60_000):
        pass


def start_without_waiting(thread: threading.Thread) -> None:
    import _thread

    _thread.start_new_thread(thread.run, ())


def test_waiting_in_vain_again_and_again_leaves_one_thread_and_one_file(path: str) -> None:
    process = holder(path)
    gate, files, threads = Gate(path), open_descriptors(), threading.active_count()
    for _ in range(50):
        with pytest.raises(Locked), gate.held(5):
            raise AssertionError("nobody can be here")
    assert threading.active_count() <= threads + 1
    assert open_descriptors() <= files + 1
    process.kill()
    process.communicate()
    with gate.held(60_000):  # by the place in line that was left
        pass


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_whoever_waits_for_a_lock_on_a_file_that_was_deleted_waits_for_the_new_one(
    path: str,
) -> None:
    process = holder(path)
    with pytest.raises(Locked), Gate(path).held(5):
        raise AssertionError("nobody can be here")
    for end in ("-turn", "-gate"):
        os.unlink(f"{path}{end}")
    with Gate(path).held(60_000):
        pass
    process.kill()
    process.communicate()


def test_locks_that_root_has_made_are_for_whoever_owns_the_store(path: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make what is another's")
    nobody = 65534
    Queue(path).close()
    for end in ("-turn", "-gate"):
        os.unlink(f"{path}{end}")
    os.chown(path, nobody, nobody)
    os.chmod(path, 0o640)
    Queue(path).close()
    for end in ("-turn", "-gate"):
        made = os.stat(f"{path}{end}")
        assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (nobody, nobody, 0o640)
