"""Workers and clients of a subject: each a session of its own, which is watched, stopped and ended
as one.

A process group does not hold a worker together: children leave it, and orphans lose their parent.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

STOP_S = 5.0


def members(session: int, states: str = "ZX") -> list[int]:
    """Return the living processes of a session, the eldest first, but for those in these states."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            stat = Path("/proc", pid, "stat").read_text("utf-8", "replace")
            state, *rest = stat.rpartition(")")[2].split()
            if int(rest[2]) == session and state not in states:
                found.append((int(rest[18]), int(pid)))
    return [pid for _, pid in sorted(found)]


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class Session:
    """A process and all that it starts."""

    def __init__(self, command: list[str], log: Path, **how: Any) -> None:
        with log.open("ab") as output:
            given: dict[str, Any] = {
                "stdin": subprocess.DEVNULL,
                "stdout": output,
                "stderr": output,
            } | how
            # It dies with this process, which may be killed itself.
            mortal = ["setpriv", "--pdeathsig", "KILL", *command]
            self.leader = subprocess.Popen(mortal, start_new_session=True, **given)
        self.id = self.leader.pid

    @property
    def alive(self) -> bool:
        """Whether its first process lives."""
        return self.leader.poll() is None

    def stop(self) -> None:
        """Let it take no step; what it does now is over when this returns."""
        until = time.monotonic() + STOP_S
        while (moving := members(self.id, "ZXTt")) and time.monotonic() < until:
            send(moving, signal.SIGSTOP)
            time.sleep(0.001)

    def go_on(self) -> None:
        """Let it go on."""
        send(members(self.id), signal.SIGCONT)

    def tell(self) -> None:
        """Tell its first process to stop, as an operator does."""
        send([self.id], signal.SIGTERM)

    def wait(self, seconds: float) -> bool:
        """Return whether its first process has ended within this time."""
        try:
            self.leader.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it as a machine ends: all at once, so that no parent can tell of a child's death."""
        self.stop()
        while left := members(self.id):
            send(left, signal.SIGKILL)
            self.leader.poll()
            time.sleep(0.001)
        self.leader.wait()


def kill_child(pid: int) -> None:
    """End one process below a worker, and wait until nothing of it is left."""
    send([pid], signal.SIGKILL)
    stat = Path("/proc", str(pid), "stat")
    with suppress(OSError):
        while stat.read_text("utf-8", "replace").rpartition(")")[2].split()[0] not in "ZX":
            time.sleep(0.001)


class Failed(Exception):
    """A client of the subject could not do what was asked, and says why."""


class Client:
    """Somebody who asks for jobs, and what became of them."""

    def __init__(self, command: list[str], log: Path, **how: Any) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.session = Session(command, log, **pipes, **how)

    def call(self, operation: str, *given: str) -> Any:
        """Return the answer; raises `Failed`."""
        leader = self.session.leader
        assert leader.stdin is not None and leader.stdout is not None
        try:
            leader.stdin.write(json.dumps([operation, *given]) + "\n")
            leader.stdin.flush()
            line = leader.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line or '{"failed": "it has ended; its log says more"}')
        if "failed" in answer:
            raise Failed(f"{operation}: {answer['failed']}")
        return answer["answer"]

    def close(self) -> None:
        """End it."""
        self.session.kill()
        for pipe in (self.session.leader.stdin, self.session.leader.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
