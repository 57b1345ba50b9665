"""How long it takes to know how near each of a million states is to a violation."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from checker.bench.measure import Figure
from checker.evidence.traces import file_of
from checker.explain.fate.backwards import search
from checker.explain.fate.explored import explored
from checker.explain.fate.fate import fates
from checker.explain.fate.labels import marked
from checker.explain.run import open_run
from checker.search.compiled.code.layout import Layout
from spec.failures import FAILURES


def fate(times: int) -> Iterator[Figure]:
    """Measure the search backwards on a scope with a protection taken away, and the fates of its
    trace, looked up again.
    """
    mode = FAILURES["FM-019"]
    run = open_run(file_of(mode, mode.elsewhere[0]))
    graph = explored(run.scope)
    if isinstance(graph, str):
        raise AssertionError(graph)
    fates(run.scope, run.trace.violated)
    marks, searches, again = [], [], []
    for _ in range(times):
        began = time.perf_counter()
        whole = marked(run.scope, run.trace.violated, Layout(run.scope), graph)
        marks.append(time.perf_counter() - began)
        began = time.perf_counter()
        search(whole)
        searches.append(time.perf_counter() - began)
        began = time.perf_counter()
        fates(run.scope, run.trace.violated).along(run)
        again.append(time.perf_counter() - began)
    millions = len(graph.states) / 1_000_000
    title = f"fate in {run.scope.name}: {len(graph.states):,} states, {len(graph.targets):,} steps"
    yield Figure(f"{title}, what violates and what is finished", statistics.median(marks), "s")
    seconds = statistics.median(searches) / millions
    yield Figure(f"{title}, search", seconds, "s a million states", 3, at_most=True)
    yield Figure(f"{title}, a trace again", statistics.median(again), "s", 0.1, at_most=True)
