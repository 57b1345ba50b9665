"""The measurements: each is taken several times, in turn with what it is compared to, and the
median counts.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from checker.runs.exploration import Exploration
from spec.language.scope import Scope
from spec.queue import DEFAULT, SCOPES

MILLION = 1_000_000


@dataclass(frozen=True)
class Figure:
    """One result: what was measured, the value with its unit, and the goal it is held against, if
    there is one.
    """

    what: str
    value: float
    unit: str
    goal: float | None = None
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal


class Unavailable(Exception):
    """A comparison cannot be made here; the message says what is missing."""


def machine() -> str:
    """Return what the figures depend on: processors, Python, load."""
    load = os.getloadavg()[0]
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {_processor()}, Python {python}, load {load:.1f}"


def _processor() -> str:
    """Return the name of the processor, or its kind where the system does not say more."""
    said = Path("/proc/cpuinfo")  # where there is Linux
    known = said.read_text("utf-8") if said.exists() else ""
    names = re.findall(r"^model name\s*: (.+)$", known, re.MULTILINE)
    return names[0] if names else platform.machine()


def two_phase_commit(managers: int) -> Scope:
    """Return the textbook spec with so many resource managers."""
    from ffq.textbook.two_phase_commit import commit_protocol

    name = f"two-phase commit, {managers} managers"
    return Scope(name, commit_protocol, {"Manager": managers})


def _explore(scope: Scope, threads: int, symmetry: bool) -> Exploration:
    from checker.search.compiled import Tuning, explore

    # The speed of large scopes, whose code is optimised.
    return explore(scope, threads=threads, symmetry=symmetry, tuning=Tuning(many=0))


def median(times: int, *runs: Callable[[], float]) -> list[float]:
    """Return the median of each run, taking the runs in turn so that a busy moment hits all of
    them.
    """
    found = [[run() for run in runs] for _ in range(times)]
    return [statistics.median(column) for column in zip(*found, strict=True)]


def against_c(managers: int, times: int) -> Iterator[Figure]:
    """Compare with the hand-written C search of two-phase commit, built for this run."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Unavailable("a C compiler is missing; install gcc to compare with the C search")
    scope = two_phase_commit(managers)
    ours = _explore(scope, 1, False)
    with tempfile.TemporaryDirectory(prefix="ffq-bench-") as folder:
        program = f"{folder}/two_phase"
        source = Path(__file__).with_name("two_phase.c")
        build = [compiler, "-O3", "-march=native", "-pthread", str(source), "-o", program]
        subprocess.run(build, check=True)

        def c(threads: int) -> float:
            command = [program, str(managers), str(threads)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            if (found["states"], found["generated"]) != (ours.states, ours.generated):
                raise AssertionError(f"the C search counts {found}, ours {ours.states:,} states")
            return float(found["states_per_second"])

        def mine(threads: int) -> float:
            again = _explore(scope, threads, False)
            return again.states / again.seconds

        c1, c2, m1, m2 = median(times, lambda: c(1), lambda: c(2), lambda: mine(1), lambda: mine(2))
    name = f"{scope.name}: {ours.states:,} states"
    yield Figure(f"{name}, C search, 1 core", c1 / MILLION, "M states/s")
    yield Figure(f"{name}, C search, 2 cores", c2 / MILLION, "M states/s")
    yield Figure(f"{name}, compiled explorer, 1 core", m1 / MILLION, "M states/s")
    yield Figure(f"{name}, compiled explorer, 2 cores", m2 / MILLION, "M states/s")
    yield Figure("compiled explorer / C search, 1 core", m1 / c1, "times", 0.7)
    yield Figure("2 cores / 1 core", m2 / m1, "times", 1.7)
    yield Figure(f"{name}, memory", ours.bytes_per_state, "bytes a state", 24, at_most=True)


def against_tlc(managers: int) -> Iterator[Figure]:
    """Compare with TLC, two workers, on the exported spec; both on two cores, TLC's start
    included.
    """
    from checker.export.tla.spec import write
    from checker.export.tla.tlc import Failed, Missing, run_tlc

    scope = two_phase_commit(managers)
    with tempfile.TemporaryDirectory(prefix="ffq-bench-") as folder:
        write(scope, Path(folder), "Bench", False)
        began = time.perf_counter()
        try:
            verdict = run_tlc(Path(folder), "Bench", workers=2)
        except (Missing, Failed) as why:
            raise Unavailable(str(why)) from None
        seconds = time.perf_counter() - began
    ours = _explore(scope, 2, False)
    if verdict.distinct != ours.states:
        raise AssertionError(f"TLC counts {verdict.distinct:,} states, we {ours.states:,}")
    name = f"{scope.name}: {ours.states:,} states"
    yield Figure(f"{name}, TLC, 2 workers", verdict.distinct / seconds / MILLION, "M states/s")
    rate = ours.states / ours.seconds
    yield Figure("compiled explorer / TLC", rate * seconds / verdict.distinct, "times", 60)


def queue_scopes(times: int) -> Iterator[Figure]:
    """Measure the queue's own scopes, on one core and on two."""
    for name in (*DEFAULT, "effects-deep"):
        scope = SCOPES[name]
        first = _explore(scope, 1, True)
        if first.states < 100_000:
            continue  # too short to be measured

        def rate(threads: int, scope: Scope = scope) -> float:
            found = _explore(scope, threads, True)
            return found.states / found.seconds

        one, two = median(times, lambda: rate(1), lambda: rate(2))
        title = f"{name}: {first.states:,} states, symmetry"
        yield Figure(f"{title}, 1 core", one / MILLION, "M states/s", 4)
        yield Figure(f"{title}, 2 cores", two / MILLION, "M states/s")


def start_up() -> Iterator[Figure]:
    """Measure the time to a first answer: with nothing compiled before, and with everything."""
    script = (
        "from checker.search.compiled import explore; from spec.queue import SCOPES;"
        "explore(SCOPES['whole'], threads=1)"
    )
    with tempfile.TemporaryDirectory(prefix="ffq-bench-") as folder:
        environment = {**os.environ, "FFQ_CACHE_DIR": folder}
        times = []
        for _ in range(2):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", script], check=True, env=environment)
            times.append(time.perf_counter() - began)
    yield Figure("scope whole, first answer, nothing compiled", times[0], "s", 10, at_most=True)
    yield Figure("scope whole, first answer, compiled before", times[1], "s", 1, at_most=True)
    command = [sys.executable, "-m", "checker.commands", "--help"]
    helps = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        helps.append(time.perf_counter() - began)
    yield Figure("ffq --help", statistics.median(helps), "s", 0.3, at_most=True)
