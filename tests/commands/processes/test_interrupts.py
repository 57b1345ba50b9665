"""Ctrl-C and SIGTERM: one line, the status that says so, at once, and nobody left behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.crashlab.bench import MEMORY
from tests.checkout import ROOT

SOON = 60.0
"""Seconds in which a process on a busy machine has ended, of those that would run for minutes."""

COMPILED = 15.0
"""Seconds that are less than what is being compiled would take, and much more than to leave it."""


@contextlib.contextmanager
def ffq(*given: str, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `ffq` in a session of its own, as a terminal or a service does."""
    program = "from checker.commands.entry import run; run()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *given],
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def session(leader: int) -> set[int]:
    """Return the processes of a session that have not ended."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, _, its = stat.read_text().rpartition(")")[2].split()[:4]
            if int(its) == leader and state != "Z":
                found.add(int(stat.parent.name))
    return found


def until(what: str, true: object) -> None:
    assert callable(true)
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def end_of(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=SOON)
    return process.returncode, out, err


@pytest.mark.parametrize("after", [0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
def test_ctrl_c_while_it_is_loaded_is_no_traceback(after: float, tmp_path: Path) -> None:
    with ffq("check", "--deep", cache=tmp_path) as process:
        until("begun", lambda: "checker" in loaded(process.pid))
        time.sleep(after)
        os.killpg(process.pid, signal.SIGINT)
        status, _, err = end_of(process)
        assert (status, err) in ((130, "ffq: interrupted\n"), (3, ""))


def loaded(pid: int) -> str:
    """Return the command line of a process once Python runs what it was given."""
    with contextlib.suppress(OSError):
        maps = Path(f"/proc/{pid}/maps").read_text()
        if "_json" in maps or "_datetime" in maps or "_opcode" in maps:  # loaded by what we import
            return "checker"
    return ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_work_in_many_processes_ends_with_them_all(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C goes to all of them; SIGTERM, as from systemd or `timeout`, to the first alone."""
    given = ("crashlab", "--seconds", "300", "--processes", "2", "--folder", str(tmp_path / "kept"))
    with ffq(*given, cache=tmp_path) as process:
        until("its workers have begun", lambda: len(session(process.pid)) >= 4)  # and a tracker
        begun = f"ffq-crashlab-{process.pid}-*"
        until("they have a place in memory", lambda: any(MEMORY.glob(begun)))
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        said = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "ended by SIGTERM")}
        status, told = said[number]
        assert end_of(process) == (status, "", f"ffq: {told}\n")
        until("its workers have ended", lambda: not session(process.pid))
        assert not list(MEMORY.glob(begun))


def test_workers_do_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    given = ("crashlab", "--seconds", "300", "--processes", "2", "--folder", str(tmp_path / "kept"))
    with ffq(*given, cache=tmp_path) as process:
        until("its workers have begun", lambda: len(session(process.pid)) >= 4)
        time.sleep(1.0)  # the first of them works
        process.kill()
        until("its workers have ended", lambda: not session(process.pid))
        for left in MEMORY.glob(f"ffq-crashlab-{process.pid}-*"):
            shutil.rmtree(left)  # nobody is there who would


@pytest.mark.parametrize("after", [1.5, 3.0])
def test_ctrl_c_waits_for_nothing_that_is_being_compiled(after: float, tmp_path: Path) -> None:
    with ffq("profiles", "visibility_timeout", cache=tmp_path) as process:
        time.sleep(after)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert end_of(process) == (130, "", "ffq: interrupted\n")
        assert time.monotonic() - begun < COMPILED


def test_a_child_that_a_handler_forks_is_ended_by_sigterm(tmp_path: Path) -> None:
    """It has inherited how the program ends, and is not the program."""
    from impl.queue import Queue

    with Queue(tmp_path / "q.db") as queue:
        queue.enqueue("fork")
    (tmp_path / "mine.py").write_text(
        "import multiprocessing, pathlib, time\n"
        "def fork(attempt):\n"
        "    child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,))\n"
        "    child.start()\n"
        "    child.terminate()\n"
        "    child.join()\n"
        "    pathlib.Path(__file__ + '.ended').write_text(str(child.exitcode))\n"
        "HANDLERS = {'fork': fork}\n"
    )
    given = ("--until-empty", "--handlers", f"{tmp_path}/mine.py:HANDLERS")
    with ffq("queue", "work", str(tmp_path / "q.db"), *given, cache=tmp_path) as process:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, ""), out
    assert (tmp_path / "mine.py.ended").read_text() == str(-signal.SIGTERM)
