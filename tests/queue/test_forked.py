"""A process is the one that opened: a child that is forked has neither the file nor its locks."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from impl.parts.outbox import Message
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.terms.unusable import OtherHistory
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.locks import is_locked
from tests.queue.file.looking import rows


def in_a_child(what: Callable[[], object]) -> str:
    """Do it in a forked child that ends as a program does; return what was said there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = "nothing"
        try:
            try:
                said = str(what())
            except Exception as failed:
                said = f"{type(failed).__name__}: {failed}"
            os.write(writing, said.encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_what_a_child_puts_into_an_inherited_queue_is_refused_and_nothing_is_lost(
    file: Path,
) -> None:
    with Queue(file) as queue:
        queue.enqueue("k", key="parent's")
        for use in (
            lambda: queue.enqueue("k", key="child's"),
            lambda: queue.query("SELECT 1"),
            lambda: in_file(queue.store).rows(),
            lambda: queue.recover(),
        ):
            assert in_a_child(use) == (
                f"OtherHistory: {file}: was opened by the process that this one was forked from; "
                "open it after the fork, or spawn"
            )
        queue.enqueue("k", key="again")
    assert rows(file, "SELECT key FROM job ORDER BY id") == [("parent's",), ("again",)]


def test_a_child_cannot_open_what_its_parent_has_open(file: Path) -> None:
    """SQLite there believes that it has the parent's locks: its log would be taken away."""

    def put_in() -> int:
        with Queue(file) as child:
            return child.enqueue("k").id

    with Queue(file):
        assert in_a_child(put_in) == (
            f"OtherHistory: {file}: is open in the process that this one was forked from; "
            "let that one open it after the fork, or spawn"
        )
    assert in_a_child(put_in) == "1"  # as the parent has let go of it
    with Queue(file) as queue:
        assert queue.enqueue("k").id == 2


def test_a_child_that_ends_takes_away_nobodys_log(file: Path) -> None:
    """Long after its parent has closed, and while nobody holds a lock: to close what it has
    inherited would be to remove what somebody else has left.
    """
    script = """\
import gc, os, sys
from impl.queue import Queue
queue = Queue(sys.argv[1])
queue.enqueue("k", key="before")
reading, writing = os.pipe()
if os.fork() == 0:
    os.close(writing)
    os.read(reading, 1)
    queue.close()
    del queue
    gc.collect()
    sys.exit(0)  # as a program ends, with all that Python tidies up
queue.close()
if os.fork() == 0:
    queue = Queue(sys.argv[1])
    queue.enqueue("k", key="after")
    os.kill(os.getpid(), 9)
os.waitpid(-1, 0)
assert os.path.getsize(sys.argv[1] + "-wal") > 0
os.close(writing)
os.waitpid(-1, 0)
"""
    subprocess.run([sys.executable, "-c", script, str(file)], check=True)
    with Queue(file) as queue:
        keys = queue.query("SELECT key FROM job ORDER BY id")
        assert keys == [("before",), ("after",)]


def test_a_transaction_that_a_child_ends_is_still_the_parents(file: Path) -> None:
    with Queue(file) as queue:
        child = 0
        try:
            with queue.transaction() as t:
                queue.enqueue("k", key="one", within=t)
                child = os.fork()
                if child:
                    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                    assert is_locked(f"{file}-gate")  # for the child has let go of nothing
        except OtherHistory:
            os._exit(7 if child == 0 else 8)
        assert ended == 7
        assert rows(file, "SELECT key FROM job") == [("one",)]


def fork_a_sleeper(children: list[int]) -> None:
    """Start a child that outlives what its parent does now, as a pool of processes would."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)  # until the parent closes its end
        os._exit(0)
    os.close(reading)
    children += [child, writing]


def fork_unseen(children: list[int]) -> None:
    """Do so as code in C does, of which Python hears nothing."""
    reading, writing = os.pipe()
    child = ctypes.PyDLL(None).fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    children += [child, writing]


def wake(children: list[int]) -> None:
    for pipe in children[1::2]:
        os.close(pipe)
    for child in children[::2]:
        os.waitpid(child, 0)


def test_a_receiver_that_starts_a_pool_does_not_take_the_post_with_it(file: Path) -> None:
    children: list[int] = []
    heard: list[str] = []

    def receiver(message: Message) -> None:
        heard.append(message.key)
        fork_a_sleeper(children)

    def send(attempt: Attempt) -> None:
        attempt.send("mail", None)

    with Queue(file) as queue:
        try:
            for _ in range(2):
                queue.enqueue("k")
                Worker(queue, {"k": send}, receivers={"mail": receiver}).run(until_empty=True)
            assert len(heard) == 2
        finally:
            wake(children)


@pytest.mark.parametrize("fork", [fork_a_sleeper, fork_unseen])
def test_a_child_that_is_forked_behind_the_gate_keeps_nobody_out(
    file: Path, fork: Callable[[list[int]], None]
) -> None:
    children: list[int] = []
    with Queue(file, busy_ms=200) as queue, Queue(file, busy_ms=200) as other:
        try:
            with queue.transaction() as t:
                queue.enqueue("k", within=t)
                fork(children)
            assert other.enqueue("k").id == 2
        finally:
            wake(children)


def test_a_lock_ends_with_its_process_though_a_child_lives(file: Path) -> None:
    script = """\
import os, sys, time
from impl.queue import Queue
queue = Queue(sys.argv[1])
with queue.transaction():
    child = os.fork()
    if child == 0:
        time.sleep(3600)
    print(child, flush=True)
    os.kill(os.getpid(), 9)
"""
    reading, writing = os.pipe()
    parent = subprocess.Popen([sys.executable, "-c", script, str(file)], stdout=writing)
    os.close(writing)
    child = int(os.read(reading, 20))
    parent.wait()
    try:
        with Queue(file, busy_ms=500) as queue:
            assert queue.enqueue("k").id == 1
    finally:
        os.kill(child, 9)
        os.close(reading)


def test_a_handler_whose_child_comes_back_is_ended_once(file: Path) -> None:
    """The child runs on in the worker's code, and can settle nothing."""
    with Queue(file) as queue:
        queue.define("CREATE TABLE effects (pid INTEGER NOT NULL) STRICT")
        queue.enqueue("k")
        parent = os.getpid()
        children: list[int] = []

        def handler(attempt: Attempt) -> None:
            children.append(os.fork())
            attempt.write("INSERT INTO effects VALUES (?)", os.getpid())

        worker = Worker(queue, {"k": handler}, poll=0.05)
        try:
            tally = worker.run(until_empty=True)
        except OtherHistory:
            assert os.getpid() != parent
            os._exit(7)
        finally:
            if os.getpid() != parent:
                os._exit(8)
        assert tally == {"done": 1}
        (child,) = children
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert queue.query("SELECT pid FROM effects") == [(parent,)]
