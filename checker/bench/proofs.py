"""How long the solvers take: all obligations of the whole queue, each solver for itself.

The two solvers are each other's peer: the same text, the same processes, one after the other.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from checker.bench.measure import Figure
from checker.prove.export import everything
from checker.prove.solvers import cvc5_solver, z3_solver
from checker.prove.solvers.answer import Answer
from checker.runs.cache import cache_folder
from spec.queue.reference import whole

PROCESSES = 2


def proofs(times: int) -> Iterator[Figure]:
    """Measure both solvers on every obligation of `whole`, and a proof that was made before."""
    texts = [o.text for o in everything(whole)]
    name = f"{whole.name}: {len(texts):,} obligations"
    solvers: list[tuple[str, Callable[[str], Answer], float]] = [
        ("z3", z3_solver.decide, 10),
        ("cvc5", cvc5_solver.decide, 30),
    ]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        for solver, decide, goal in solvers:
            list(pool.map(decide, texts[:PROCESSES]))  # the processes have begun
            walls, worst = [], []
            for _ in range(times):
                began = time.perf_counter()
                answers = list(pool.map(decide, texts, chunksize=8))
                walls.append(time.perf_counter() - began)
                worst.append(max(a.seconds for a in answers))
                if any(a.verdict != "proved" for a in answers):
                    raise AssertionError(f"{solver} does not prove every obligation")
            title = f"{name}, {solver}, {PROCESSES} processes"
            yield Figure(title, statistics.median(walls), "s", goal, at_most=True)
            yield Figure(f"{title}, longest", statistics.median(worst), "s", 1, at_most=True)
    yield Figure("ffq prove, proved before", _again(times, "prove"), "s", 1, at_most=True)


def evidence(times: int) -> Iterator[Figure]:
    """Measure the five proofs of every failure mode, and of one, computed before."""
    for what, given, goal in (
        ("ffq failures, computed before", ["failures"], 60),
        ("ffq failures FM-010, computed before", ["failures", "FM-010"], 5),
    ):
        yield Figure(what, _again(times, *given), "s", goal, at_most=True)


def pairs() -> Iterator[Figure]:
    """Measure the pairs of protections: each explored anew, by code that was compiled before."""
    command = [sys.executable, "-m", "checker.commands", "failures", "--pairs"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="ffq-bench-") as folder:
        for code in cache_folder().glob("*.o"):
            (Path(folder) / code.name).symlink_to(code)
        environment = {**os.environ, "FFQ_CACHE_DIR": folder}
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        seconds = time.perf_counter() - began
    yield Figure("ffq failures --pairs, compiled before", seconds, "s", 60, at_most=True)


def _again(times: int, *given: str) -> float:
    command = [sys.executable, "-m", "checker.commands", *given]
    environment = {**os.environ, "COLUMNS": "100"}
    seconds = []
    for _ in range(times + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])  # the first one may have had to compute
