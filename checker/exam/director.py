"""The director: starts the parts, opens gates, does the faults, and judges nothing.

Whatever it does is written down by the witness: what stops or ends a process when that is over, all
else before it begins.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.exam.cut import Cut
from checker.exam.environments import Unavailable
from checker.exam.sessions import Client, Failed, Session, kill_child
from checker.exam.stores import served, wire
from checker.exam.subject import Variant
from checker.exam.witness import CANARY, GONE, Point, Witness

UP_S, START_S = 30.0, 20.0
"""A worker that is not up after so long never will be; nor is a job begun by one that is."""

ENDED = {"done", "dead"}

_LOOK_S = 0.2


class Unreached(Exception):
    """The question could not be put: why the schedule did not come so far."""


@dataclass
class Worker:
    """A worker process of the subject."""

    name: str
    session: Session
    told: bool = False
    """Whether its end has been written down."""


class Director:
    """One subject, one store, one witness, and one job that is asked about."""

    JOB = "the-job"

    def __init__(
        self, variant: Variant, python: Path, folder: Path, counts: bool = False, number: int = 1
    ) -> None:
        """Begin; `counts`: it is asked how often the job may be interrupted; `number`: which try
        it is.
        """
        self.variant, self.python, self.folder, self.number = variant, python, folder, number
        self.workers: list[Worker] = []
        self._canaries = itertools.count(1)
        self._ended = ExitStack()
        try:
            self.witness = Witness(folder, self._header(counts))
            self._ended.callback(self.witness.close)
            self.store = self._ended.enter_context(served(variant.store, folder))
            self._environment = {
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parent),
                "PYTHONUNBUFFERED": "1",
                "EXAM_FOLDER": str(folder),
                "EXAM_STORE": self.store,
                "EXAM_GIVEN": variant.given_json,
                "EXAM_WITNESS": self.witness.socket,
            }
            self.client = self.new_client()
            try:
                self.client.call("setup")
            except Failed as why:
                raise Unavailable(f"{variant.title}: {why}: {last_line(folder)}") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End every process that was started, and nothing else."""
        for worker in self.workers:
            worker.session.kill()
        self._ended.close()

    def __enter__(self) -> Director:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _header(self, counts: bool) -> dict[str, Any]:
        v = self.variant
        failures, interruptions = v.budgets(counts)
        return {
            "failures": failures,
            "interruptions": interruptions,
            "store": "embedded" if v.store == "file" else "remote",
            "recovery": v.recovery,
            "note": f"{v.title}: {v.settings}",
        }

    @property
    def patience(self) -> float:
        """Twice the time that the product may take, and a little more."""
        return 2 * self.variant.lease + 3

    # ---------------------------------------------------------------- processes
    def _command(self, role: str) -> list[str]:
        return [str(self.python), "-m", "subjects.agent", self.variant.subject, role]

    def new_client(self, store: str | None = None) -> Client:
        """Return somebody who asks for jobs, at this address of the store."""
        client = Client(
            self._command("client"),
            self.folder / "client.log",
            env=self._of(store),
            cwd=self.folder,
        )
        self._ended.callback(client.close)
        return client

    def worker(self, store: str | None = None) -> Worker:
        """Start a worker under a new name, at this address of the store."""
        name = f"w{len(self.workers) + 1}"
        self.witness.write("up", worker=name)
        environment = {**self._of(store), "EXAM_WORKER": name}
        log = self.folder / f"{name}.log"
        session = Session(self._command("worker"), log, env=environment, cwd=self.folder)
        self.workers.append(Worker(name, session))
        return self.workers[-1]

    def _of(self, store: str | None) -> dict[str, str]:
        return {**self._environment, "EXAM_STORE": store or self.store}

    def cut(self, act: Callable[[], None], answer: bool = False) -> tuple[Cut, str]:
        """Return a wire to the store that is cut at the call of this number, and its address."""
        folder = self.folder / "cut"
        folder.mkdir()
        socket, address = wire(self.store, folder)
        cut = Cut(socket, str(folder / Path(socket).name), self.JOB, self.number, act, answer)
        self._ended.callback(cut.close)
        return cut, address

    def up(self, worker: Worker | None = None) -> None:
        """Return when a job has gone through this worker, or any; raises `Unreached`."""
        until = time.monotonic() + UP_S
        while time.monotonic() < until:
            since, key = self.witness.now, self.canary()
            left = until - time.monotonic()

            def through(point: Point, key: str = key) -> bool:
                return point.job == key and point.at == "left"

            point = self.witness.wait(left, through, since)
            if point is not None and worker in (None, self.named(point.process)):
                return
        raise Unreached(f"no job goes through {worker.name if worker else 'any worker'}")

    def canary(self) -> str:
        """Ask for a job that shows that somebody works."""
        key = f"{CANARY}{next(self._canaries)}"
        self.client.call("enqueue", key)
        return key

    def named(self, name: str) -> Worker:
        """Return the worker of this name."""
        return next(worker for worker in self.workers if worker.name == name)

    def stop(self, worker: Worker) -> None:
        """Let it take no step."""
        worker.session.stop()
        self.witness.write("stopped", worker=self.witness.named(worker.name))

    def go_on(self, worker: Worker) -> None:
        """Let it go on."""
        self.witness.write("continued", worker=self.witness.named(worker.name))
        worker.session.go_on()

    def kill(self, worker: Worker) -> None:
        """End it, and all that it has started, as a machine ends."""
        worker.session.kill()
        self._died(worker)

    def kill_child(self, point: Point) -> None:
        """End the one process that the handler runs in."""
        kill_child(point.pid)
        self.witness.renew(point.process)

    def _died(self, worker: Worker) -> None:
        if not worker.told:
            worker.told = True
            self.witness.write("died", worker=self.witness.named(worker.name))

    def bury(self) -> bool:
        """Write down who has ended by itself, and return whether any worker is left."""
        for worker in self.workers:
            if not worker.session.alive:
                self.kill(worker)
        return any(worker.session.alive for worker in self.workers)

    # ---------------------------------------------------------------- the job
    def ask(self) -> None:
        """Ask for the job."""
        self.witness.write("asked", job=self.JOB)
        self.client.call("enqueue", self.JOB)
        self.witness.write("answered", job=self.JOB)

    def status(self) -> list[str]:
        """Ask what became of it, and write down the answer."""
        self.witness.write("reading", job=self.JOB)
        answer: list[str] = self.client.call("status", self.JOB)
        self.witness.write("status", job=self.JOB, **{"is": answer})
        return answer

    def ends(self, seconds: float, supervised: bool = False) -> bool:
        """Return whether the job is known to have ended within this time; `supervised`: where no
        worker is left, one is started, as a supervisor does.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if supervised and not self.bury():
                self.worker()
            if set(self.client.call("status", self.JOB)) <= ENDED:
                return True
            time.sleep(_LOOK_S)
        return False

    def starts(
        self,
        seconds: float,
        but: Point | None = None,
        since: int = 0,
        traffic: bool = False,
        supervised: bool = False,
    ) -> Point | None:
        """Return the start of an attempt, another than this one, if there is one in time; with
        `traffic`, other jobs keep coming meanwhile; `supervised` is as in `ends`.
        """

        def wanted(point: Point) -> bool:
            new = but is None or point.entry != but.entry
            return point.at == "start" and point.job == self.JOB and new

        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if supervised and not self.bury():
                self.worker()
            if (found := self.witness.wait(min(1.0, left), wanted, since)) is not None:
                return found
            if traffic:
                self.canary()
        return None

    def begun(self) -> tuple[Worker, Point]:
        """Start a worker and ask for the job; return both when its handler is at its start."""
        self.up(self.worker())
        self.ask()
        return self.has_begun()

    def has_begun(self, since: int = 0) -> tuple[Worker, Point]:
        """Return who is at the start of the job; raises `Unreached`."""
        point = self.starts(START_S, since=since)
        if point is None:
            raise Unreached("the job is not begun")
        return self.named(point.process), point

    def to(self, at: str, point: Point) -> Point:
        """Open the gates up to this point of the same handler; raises `Unreached`."""
        while point.at != at:
            self.witness.open(point)
            point = self._next(point)
        return point

    def through(self, point: Point, how: str = "ok") -> bool:
        """Let a handler end so; return whether it was heard of to its end."""
        try:
            self.witness.open(self.to("end", point), how)
        except Unreached:
            return False
        return self._after(point, lambda p: p.at == "left") is not None

    def _next(self, point: Point) -> Point:
        found = self._after(point, lambda p: p.number > point.number)
        if found is None or found.at == GONE:
            raise Unreached("the product breaks the handler off")
        return found

    def _after(self, point: Point, wanted: Callable[[Point], bool]) -> Point | None:
        return self.witness.wait(
            START_S, lambda p: p.entry == point.entry and (wanted(p) or p.at == GONE)
        )

    def finish(self) -> None:
        """Let everybody go on until nothing more happens, and write that down."""
        self.witness.free(self.JOB)
        ended = self.ends(self.patience, supervised=True)
        longest = self.variant.lease + 1
        self._rests(longest)
        if not self.bury():
            self.worker()
        self.up()  # which also is traffic, for those who recover only then
        self._rests(1.0 if ended else longest)
        self.bury()
        self.witness.write("quiet", job=self.JOB)
        self.status()

    def _rests(self, seconds: float) -> None:
        """Return when no attempt has begun for so long."""
        since = self.witness.now
        while self.starts(seconds, since=since) is not None:
            since = self.witness.now


def last_line(folder: Path) -> str:
    """Return the last thing that a client has printed."""
    lines = (folder / "client.log").read_text("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
