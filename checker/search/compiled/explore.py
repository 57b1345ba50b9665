"""The compiled explorer, with the same face as the plain one."""

from __future__ import annotations

import os
import time

from checker.runs.exploration import Exploration, Interrupted, Limits, Progress, Report
from checker.runs.walk import Walk
from checker.search.compiled.code.module import Compiled, prepare
from checker.search.compiled.search import Search
from checker.search.compiled.traces import Tracer, empty_table
from checker.search.compiled.tuning import Tuning
from spec.language.edited.edits import without
from spec.language.evaluate import Evaluator
from spec.language.scope import Scope

THREADS = min(2, os.cpu_count() or 1)

AGAIN_MAX = 4_000_000
"""Among more states, the run to a violation may be another one each time."""


def explore(
    scope: Scope,
    limits: Limits | None = None,
    off: tuple[str, ...] = (),
    until: frozenset[str] = frozenset(),
    report: Report | None = None,
    *,
    threads: int = THREADS,
    symmetry: bool = True,
    tuning: Tuning | None = None,
) -> Exploration:
    """Visit every state reachable in the scope with the guards and exemptions `off` removed.

    Stops after the level in which a property of `until` is violated, or at a limit. With
    `symmetry`, states that differ only in which element is which are visited once;
    `Exploration.symmetry` names those sorts. Raises `TooWide` if a field of the scope does not fit
    the packing, and `Interrupted` on Ctrl-C.
    """
    tuning = tuning or Tuning()
    edited = scope.spec
    for guard in off:
        edited = without(edited, guard)
    if report is not None:
        report(Progress("compile", 0, 0, 0, 0, 0.0))
    # Guards are switched off when the code runs; exemptions are not in it.
    claims = scope.on(scope.spec.edited("claims", properties=edited.properties))
    compiled = prepare(claims, symmetry, tuning.word_bits)
    began = time.perf_counter()
    guards = compiled.names.guards
    switched = [guards[name] for name in off if name in guards]
    evaluator = Evaluator(scope.on(edited))
    search = Search(compiled, switched, max(1, threads), tuning, limits or Limits())
    stopped: str | None = "interrupt"
    try:
        search.begin(evaluator.initial())
        stopped = search.explore(until, report)
    except KeyboardInterrupt:
        pass
    except MemoryError:
        stopped = "max-memory"
    found = _result(scope, off, stopped, compiled, search, evaluator, began)
    if stopped == "interrupt":
        raise Interrupted(found)
    return found


def _alone(search: Search, evaluator: Evaluator, violated: str) -> Search:
    """Return a search by one thread that has found the violation: of several shortest runs it comes
    to the same one every time. One that would take long is not made.
    """
    if search.threads == 1 or search.count > AGAIN_MAX:
        return search
    alone = Search(search.compiled, search.off, 1, search.tuning, Limits())
    alone.begin(evaluator.initial())
    alone.explore(frozenset({violated}), None)
    alone.table = alone.table_room = empty_table()
    return alone


def _result(
    scope: Scope,
    off: tuple[str, ...],
    stopped: str | None,
    compiled: Compiled,
    search: Search,
    evaluator: Evaluator,
    began: float,
) -> Exploration:
    """Return what a search found; it keeps the states, so that traces can be rebuilt."""
    seconds = time.perf_counter() - began
    size = search.bytes
    search.table = search.table_room = empty_table()

    def rebuild(violated: str) -> Walk:
        same = _alone(search, evaluator, violated)
        return Tracer(same, evaluator).walk(violated, same.violations[violated])

    fired = search.fired
    return Exploration(
        scope=scope,
        off=off,
        engine="compiled",
        symmetry=compiled.symmetry,
        stopped_by=stopped,
        states=search.count,
        generated=sum(fired.values()),
        depth=max(0, len(search.levels) - 1),
        seconds=seconds,
        violations={name: found.depth + 1 for name, found in search.violations.items()},
        exercised=frozenset(compiled.names.pending) - search.pending,
        fired=fired,
        deadlocks=search.deadlocks,
        rebuild=rebuild,
        bytes_per_state=size / max(1, search.count),
    )
