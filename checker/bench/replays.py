"""How fast steps are compared: random runs on stores in memory, each step with the whole state."""

from __future__ import annotations

import time
from collections.abc import Iterator

from checker.bench.measure import Figure, median
from checker.conformance.runs import LENGTH, Runs, wander
from impl.derive.design import derive
from spec.queue import SCOPES

RUNS = 20


def replays(times: int) -> Iterator[Figure]:
    """Measure random runs through `whole`, each on a store with nothing in it."""
    runs = Runs(derive(SCOPES["whole"]))
    wander(runs, 0)  # so that every step is made

    def rate() -> float:
        before, began = runs.compared, time.perf_counter()
        for seed in range(1, RUNS + 1):
            wander(runs, seed)
        return (runs.compared - before) / (time.perf_counter() - began)

    (found,) = median(times, rate)
    runs.end()
    steps = f"{RUNS} runs of {LENGTH} steps"
    yield Figure(f"replay, whole, in memory, {steps}", found, "steps/s", 10_000)
