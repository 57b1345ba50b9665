"""Which work there is: paths in a setting, faults at every call, recoveries, and the mutants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from checker.crashlab.bench import Bench, Task
from checker.crashlab.images.disk import Vice
from checker.crashlab.images.settings import SHIPPED, Habit, Setting
from checker.crashlab.recording.mutants import Mutant
from impl.lab import Fault
from impl.lab.faults import WHERE

FORGETS = Vice(forgets=True)
_FAULT_SUBSETS = 8
_WALK_SUBSETS = 16


def path_tasks(
    bench: Bench, length: int, seed: int, setting: Setting = SHIPPED, vice: Vice | None = None
) -> list[Task]:
    """Return the tasks that look at every step of every path of this length, each step once."""
    tasks = []
    for habit in setting.habits:
        met = set()
        for number, path in enumerate(bench.paths(length)):
            lengths = range(len(path.trace) + 1)
            owned = frozenset(n for n in lengths if path.trace[:n] not in met)
            met |= {path.trace[:n] for n in owned}
            task = Task("path", length, number, seed, setting.name, habit, vice or Vice())
            tasks.append(replace(task, owned=owned))
    return tasks


def longer(bench: Bench, length: int, seed: int) -> list[Task]:
    """Return the tasks of this length, without the steps that shorter paths have."""
    return [
        replace(task, owned=owned)
        for task in path_tasks(bench, length, seed)
        if task.owned is not None
        if (owned := frozenset(n for n in task.owned if n == max(task.owned)))
    ]


def mutant_tasks(bench: Bench, mutant: Mutant, length: int, seed: int, count: int) -> list[Task]:
    """Return the first tasks of a mutant."""
    if mutant.kind == "making":
        tasks = [Task("making", 0, 0, seed, vice=mutant.vice)]
    else:
        tasks = path_tasks(bench, length, seed, mutant.setting, mutant.vice)
    return [replace(t, mutant=mutant.name, most=16) for t in tasks[:count]]


def fault_tasks(
    bench: Bench, length: int, number: int, seed: int, setting: Setting = SHIPPED, every: int = 1
) -> Iterator[Task]:
    """Return a task for each call of a path and each way in which it can fail; `every` so many. A
    log is put away on the way, so that there is more to go wrong.
    """
    habit: Habit = "checkpoints" if "checkpoints" in setting.habits else "stays"
    clean = Task("fault", length, number, seed, setting.name, habit, most=_FAULT_SUBSETS)
    return _failing(bench, clean, every)


def making_tasks(bench: Bench, seed: int) -> Iterator[Task]:
    """Yield the making of the store, and one with a fault for each of its calls."""
    made = Task("making", 0, 0, seed)
    yield made
    yield from _failing(bench, replace(made, most=_FAULT_SUBSETS))


def _failing(bench: Bench, clean: Task, every: int = 1) -> Iterator[Task]:
    calls = bench.record(clean).log.calls
    n = 0
    for at, call in enumerate(calls):
        for kind, where in WHERE.items():
            if call.what not in where:
                continue
            for lasting in (False, True) if kind == "full" else (False,):
                n += 1
                if n % every == 0:
                    yield replace(clean, fault=Fault(at, kind, lasting))
        if call.what == "sync":
            yield replace(clean, fault=Fault(at, "error"), vice=FORGETS)


def walk_tasks(count: int, length: int, seed: int) -> list[Task]:
    """Return so many walks of the queue as its users have it, of this length."""
    return [Task("walk", length, seed + n, seed, most=_WALK_SUBSETS) for n in range(count)]


def recovery_tasks(bench: Bench, length: int, seed: int, count: int, number: int = 0) -> list[Task]:
    """Return tasks that recover from so many crashes each, for each habit."""
    return [
        Task("recovery", length, number, seed, habit=habit, most=8, count=count)
        for habit in SHIPPED.habits
    ]
