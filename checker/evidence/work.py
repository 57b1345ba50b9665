"""Work in another process, so that whoever waits for it goes on: what it says comes as records.

A thread would not do: the plain engine and the solvers hold Python's lock for seconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from checker.process.ask import SPAWN, in_one_line, silent, started
from checker.runs.exploration import Progress

if TYPE_CHECKING:
    from checker.runs.verdict import Judged
    from checker.verdicts.check import Result

GRACE = 0.2
"""Seconds in which work that is cancelled can put things in order before it is ended."""


@dataclass(frozen=True)
class Check:
    """Explore a scope with these protections taken away, as `ffq check --without` names them;
    `project` is the user's own that has it, or the queue.
    """

    scope: str
    without: tuple[str, ...] = ()
    project: str = ""


@dataclass(frozen=True)
class Fill:
    """Compute what the matrix does not know: of these scopes, and of these failure modes."""

    scopes: tuple[str, ...]
    modes: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """A property and its verdict, as far as people want to know."""

    id: str
    name: str
    symbol: str
    says: str


@dataclass(frozen=True)
class Checked:
    """What was found in a scope; `trace` is the file of the shortest violation."""

    stopped_by: str | None
    states: int
    depth: int
    seconds: float
    told: tuple[Told, ...]
    fired: tuple[tuple[str, int], ...]
    violated: str = ""
    steps: int = 0
    trace: str = ""


@dataclass(frozen=True)
class Filled:
    """A scope or a failure mode is in the matrix now; `done` of `of` are."""

    name: str
    done: int
    of: int


@dataclass(frozen=True)
class Failed:
    """The work cannot be done, and why."""

    why: str


Record = Progress | Checked | Filled | Failed
Job = Check | Fill


class Background:
    """Work that is under way in a process of its own."""

    def __init__(self, job: Job) -> None:
        self._receives, sends = SPAWN.Pipe(duplex=False)
        self._process = started(_work, job, sends)
        sends.close()

    def records(self) -> Iterator[Record]:
        """Yield what the work says, until it ends."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                yield self._receives.recv()
        self._process.join()

    def cancel(self) -> None:
        """End the work, within half a second; the last record may still say how far it was."""
        if self._process.pid is None or not self._process.is_alive():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGINT)
        self._process.join(GRACE)
        if self._process.is_alive():
            self._process.kill()


def _work(job: Job, sends: Connection) -> None:
    """Do the work, in the process that was made for it."""
    os.nice(10)  # a key does not wait for it
    with silent(), contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        try:
            if isinstance(job, Check):
                _check(job, sends.send)
            else:
                _fill(job, sends.send)
        except Exception as fault:
            sends.send(Failed(in_one_line(fault)))


def _check(job: Check, send: Callable[[Record], None]) -> None:
    from checker.evidence.matrix import keep_scope
    from checker.runs.projects import load
    from checker.verdicts.check import CheckPlan, run
    from spec.failures.edits import Edits

    scope = load(job.project).scopes[job.scope]
    edits = Edits.parse(job.without)
    misuse = edits.refused(scope.spec)
    if misuse is not None:
        send(Failed(f"{misuse.fact}; {misuse.remedy}"))
        return
    send(Progress("build", 0, 0, 0, 0, 0.0))
    (result,) = run(CheckPlan((scope,), edits), lambda _: send)
    keep_scope(result)
    send(_checked(result))


def _checked(result: Result) -> Checked:
    from checker.verdicts.check import shortest

    found = result.exploration
    told = tuple(Told(j.id, j.name, j.verdict.symbol, j.verdict.says) for j in result.judged)
    fired = tuple(sorted(found.fired.items(), key=lambda pair: pair[1]))
    checked = Checked(found.stopped_by, found.states, found.depth, found.seconds, told, fired)
    worst = shortest([result])
    if worst is None:
        return checked
    violated = worst[1]
    return replace(
        checked,
        violated=violated.name,
        steps=violated.verdict.steps or 0,
        trace=_saved(result, violated),
    )


def _saved(result: Result, judged: Judged) -> str:
    """Save the trace where `ffq check` does, or in the cache if that cannot be written."""
    from checker.runs.cache import cache_folder
    from checker.runs.trace import BadTrace, Trace, record, save
    from checker.verdicts.check import story
    from checker.verdicts.saved import FOLDER, file_name

    trace = Trace(result.base, result.edits, result.exploration.engine, judged.name, ())
    text, name = record(trace, story(result, judged)), file_name(result, judged)
    try:
        save(FOLDER / name, text)
        return str(FOLDER / name)
    except (OSError, BadTrace):
        file = cache_folder() / "traces" / name
        save(file, text)
        return str(file)


def _fill(job: Fill, send: Callable[[Record], None]) -> None:
    from checker.evidence.matrix import keep_mode, keep_scope
    from checker.evidence.proofs import five
    from checker.verdicts.check import CheckPlan, run
    from spec.failures import FAILURES
    from spec.queue import SCOPES

    of = len(job.scopes) + len(job.modes)
    for done, name in enumerate((*job.scopes, *job.modes), 1):
        send(Filled(name, done - 1, of))
        if name in FAILURES:
            keep_mode(five(FAILURES[name]))
        else:
            for result in run(CheckPlan((SCOPES[name],)), lambda _: None):
                keep_scope(result)
    send(Filled("", of, of))
