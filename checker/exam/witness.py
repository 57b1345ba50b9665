"""The witness: what handlers do, in one order, written down before anybody hears of it.

A handler says that it is at its start, at its effect, at its end, and stays there until its gate is
opened: no schedule hangs on a sleep. The log is a history as `ffq judge` reads it.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from checker.exam.listening import Listener
from checker.judge.history import FORMAT, VERSION

CANARY = "canary"
"""Jobs that begin so show that a worker is up; nothing of them is written down, and none waits."""

GONE = "gone"

SEEN = ("asked", "answered", "up", "died", "stopped", "continued", "start", "effect", "ended")


@dataclass(frozen=True)
class Point:
    """Where a handler stands: at its start, effect or end, or gone; `entry` is new each time.

    `worker` is its name in the history, `process` that of the process which was started, and `pid`
    the one that it runs in, which may be another one below it.
    """

    number: int
    at: str
    job: str
    worker: str
    entry: int
    process: str
    pid: int


class Witness:
    """Writes the log in a folder, and hears handlers on a socket beside it."""

    def __init__(self, folder: Path, header: dict[str, Any]) -> None:
        self.log = folder / "history.jsonl"
        self.socket = str(folder / "w")
        self.points: list[Point] = []
        self.holds: Callable[[Point], bool] = lambda point: True
        self._file = self.log.open("ab", buffering=0)
        self._changed = threading.Condition(threading.RLock())
        self._gates: dict[int, SimpleQueue[str]] = {}
        self._inside: set[str] = set()
        self._names: dict[str, str] = {}
        self._entries = self._answered = 0
        self._line({"format": FORMAT, "version": VERSION, "seen": list(SEEN), **header})
        self._listener = Listener(self.socket, self._hear)

    def close(self) -> None:
        """Hear nobody any more, and let everybody go."""
        self._listener.close()
        with self._changed:
            self._file.close()
            for gate in self._gates.values():
                gate.put(GONE)

    # ---------------------------------------------------------------- the log
    def write(self, event: str, **what: Any) -> None:
        """Write a line down, on the disk."""
        with self._changed:
            self._line({"event": event, **what})

    def _line(self, line: dict[str, Any]) -> None:
        if not self._file.closed:
            self._file.write(json.dumps(line).encode() + b"\n")
            os.fsync(self._file.fileno())

    def named(self, process: str) -> str:
        """Return the name of the worker that a process is now, in the history."""
        return self._names.get(process, process)

    def renew(self, process: str) -> None:
        """Write down that the process below a worker is dead: the next one is another worker.

        A worker runs one job at a time. Were each process below it one of its own, nobody could say
        of the next that it had not begun the job before.
        """
        with self._changed:
            before = self.named(process)
            self.write("died", worker=before)
            number = int(before.partition(".")[2] or 1) + 1
            self._names[process] = f"{process}.{number}"
            self.write("up", worker=self.named(process))

    # ---------------------------------------------------------------- handlers
    def _hear(self, connection: socket.socket) -> None:
        """Hear one handler, from its entry to its end."""
        last: Point | None = None
        with connection, suppress(OSError):
            lines = connection.makefile("rb")
            while line := lines.readline():
                last = self._arrived(json.loads(line), last)
                how = self._wait(connection, last)
                if how is None:
                    break
                if last.at == "end" or how != "ok":
                    self._leave(last, how)
                    connection.sendall(json.dumps(how).encode() + b"\n")
                    return
                connection.sendall(json.dumps(how).encode() + b"\n")
        if last is not None:
            self._leave(last, None)

    def _arrived(self, said: dict[str, Any], last: Point | None) -> Point:
        with self._changed:
            if last is None:
                self._entries += 1
                entry, worker = self._entries, self.named(said["worker"])
                while worker in self._inside:  # one process, twice at once
                    worker += "/2"
                self._inside.add(worker)
            else:
                entry, worker = last.entry, last.worker
            point = Point(
                len(self.points), said["point"], said["job"], worker, entry,
                said["worker"], said["pid"],
            )  # fmt: skip
            self._gates[point.number] = SimpleQueue()
            if point.at != "end" and not point.job.startswith(CANARY):
                self.write(point.at, worker=worker, job=point.job)
            self._add(point)
            return point

    def _wait(self, connection: socket.socket, point: Point) -> str | None:
        """Return how the gate was opened, or None if the handler is no more."""
        if point.job.startswith(CANARY) or not self.holds(point):
            return "ok"
        gate = self._gates[point.number]

        def gone() -> None:
            with suppress(OSError):
                if not connection.recv(1, socket.MSG_PEEK):
                    gate.put(GONE)

        threading.Thread(target=gone, daemon=True).start()
        how = gate.get()
        return None if how == GONE else how

    def _leave(self, last: Point, how: str | None) -> None:
        with self._changed:
            self._inside.discard(last.worker)
            if how is not None and not last.job.startswith(CANARY):
                self.write("ended", worker=last.worker, job=last.job, how=how)
            at = GONE if how is None else "left"
            self._add(replace(last, number=len(self.points), at=at))

    def _add(self, point: Point) -> None:
        self.points.append(point)
        self._changed.notify_all()

    # ---------------------------------------------------------------- the director
    def open(self, point: Point, how: str = "ok") -> None:
        """Let a handler go on, or fail with `error`."""
        self._gates[point.number].put(how)

    def free(self, job: str) -> None:
        """From now on nobody waits in this job, and who waits goes on."""
        with self._changed:
            self.holds = lambda point: point.job != job
            for point in self.points:
                if point.job == job and point.number in self._gates:
                    self.open(point)

    def wait(self, seconds: float, wanted: Callable[[Point], bool], since: int = 0) -> Point | None:
        """Return the first such point, of those after `since`, or None when the time is over."""
        until = time.monotonic() + seconds
        with self._changed:
            while True:
                for point in self.points[since:]:
                    if wanted(point):
                        return point
                left = until - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)

    @property
    def now(self) -> int:
        """How many points there are."""
        return len(self.points)
