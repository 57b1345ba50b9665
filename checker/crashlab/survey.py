"""What the laboratory does when asked: a round of everything, longer rounds, and the settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count

from checker.crashlab.bench import Task
from checker.crashlab.campaign import Crew, Outcome, Watch
from checker.crashlab.explore import Found
from checker.crashlab.images.disk import Vice
from checker.crashlab.images.settings import SETTINGS, SHIPPED, Setting
from checker.crashlab.plan import (
    FORGETS,
    fault_tasks,
    longer,
    making_tasks,
    mutant_tasks,
    path_tasks,
    recovery_tasks,
    walk_tasks,
)
from checker.crashlab.recording.mutants import MUTANTS, Mutant

LENGTH = 4
"""Steps of the paths that are always taken."""

_MUTANT_TASKS = 3
_RECOVERIES = 5
_WALKS, _WALK = 4, 12
_SPILLS = Vice(spills=True)


@dataclass(frozen=True)
class Caught:
    """A mutant and what the laboratory found of it."""

    mutant: Mutant
    outcome: Outcome

    @property
    def caught(self) -> bool:
        """Whether anything that may not be was found."""
        return self.outcome.found.wrong > 0


@dataclass
class Round:
    """What the store that is shipped has come through, and which mutants were caught."""

    seed: int
    shipped: list[Outcome]
    caught: list[Caught]

    @property
    def finished(self) -> bool:
        """Whether all that is always done was done."""
        return all(o.finished for o in (*self.shipped, *(c.outcome for c in self.caught)))

    @property
    def failed(self) -> bool:
        """Whether the store lost anything, or a mutant got away that was looked at."""
        return any(o.found.wrong for o in self.shipped) or not all(
            c.caught for c in self.caught if c.outcome.finished
        )


def a_round(
    crew: Crew, seed: int, seconds: float | None = None, watch: Watch | None = None
) -> Round:
    """Take every short path, let every call of one fail, recover, and look for the mutants; if
    there are seconds left, go on with longer paths, other faults and other recoveries.
    """
    until = None if seconds is None else time.monotonic() + seconds
    shipped = shipped_round(crew, seed, watch, until)
    done = Round(seed, shipped, own_faults(crew, seed, watch, until))
    if until is not None and done.finished:
        shipped += _further(crew, seed, until, watch)
    return done


def shipped_round(
    crew: Crew, seed: int, watch: Watch | None = None, until: float | None = None
) -> list[Outcome]:
    """Take every short path, let every call of one of them fail, crash while recovering, and walk
    through the queue as its users have it.
    """
    middle = len(crew.bench.paths(LENGTH)) // 2
    work = {
        "the store is made": making_tasks(crew.bench, seed),
        f"paths of {LENGTH} steps": path_tasks(crew.bench, LENGTH, seed),
        "every call fails": fault_tasks(crew.bench, LENGTH, middle, seed),
        "crashes again": recovery_tasks(crew.bench, LENGTH, seed, _RECOVERIES),
        f"walks of {_WALK} steps": walk_tasks(_WALKS, _WALK, seed),
    }
    return [crew.work(what, tasks, watch, until) for what, tasks in work.items()]


def own_faults(
    crew: Crew, seed: int, watch: Watch | None = None, until: float | None = None
) -> list[Caught]:
    """Look for the mutants, in the first few paths of each."""
    found = []
    for mutant in MUTANTS:
        tasks = mutant_tasks(crew.bench, mutant, LENGTH, seed, _MUTANT_TASKS)
        found.append(Caught(mutant, crew.work(mutant.name, tasks, watch, until)))
    return found


def _further(crew: Crew, seed: int, until: float, watch: Watch | None) -> Iterator[Outcome]:
    """Yield what comes of the time that is left: most of it for paths."""
    left = max(0.0, until - time.monotonic())
    shares = (
        ("longer paths", 0.4, _longer_paths(crew, seed)),
        ("further faults", 0.2, _further_faults(crew, seed)),
        ("further crashes", 0.1, _further_recoveries(crew, seed)),
        ("longer walks", 0.3, _longer_walks(seed)),  # last, for one of them takes long
    )
    end = time.monotonic()
    for what, share, tasks in shares:
        end += share * left
        outcome = crew.work(what, tasks, watch, end)
        outcome.finished = True  # there is no end to it
        yield outcome


def _longer_paths(crew: Crew, seed: int) -> Iterator[Task]:
    return chain.from_iterable(longer(crew.bench, n, seed) for n in count(LENGTH + 1))


def _longer_walks(seed: int) -> Iterator[Task]:
    return chain.from_iterable(walk_tasks(1, _WALK + 4, seed + n) for n in count(_WALKS))


def _further_faults(crew: Crew, seed: int) -> Iterator[Task]:
    numbers = range(len(crew.bench.paths(LENGTH + 1)))
    return chain.from_iterable(fault_tasks(crew.bench, LENGTH + 1, n, seed) for n in numbers)


def _further_recoveries(crew: Crew, seed: int) -> Iterator[Task]:
    numbers = range(len(crew.bench.paths(LENGTH + 1)))
    return chain.from_iterable(
        recovery_tasks(crew.bench, LENGTH + 1, seed, _RECOVERIES, n) for n in numbers
    )


# ---------------------------------------------------------------- settings
@dataclass(frozen=True)
class Measured:
    """What a setting has come through: on a disk that spares what is beside a torn write, on one
    that does not, and on one whose failed sync forgets.
    """

    setting: Setting
    spares: Found
    spills: Found
    forgets: Found

    @property
    def wrong(self) -> int:
        """How many crashes left what may not be, on the disk that the store asks for."""
        return self.spares.wrong + self.forgets.wrong


_SETTING_LENGTH, _SETTING_SUBSETS = 3, 16


def measured(
    crew: Crew, seed: int, settings: list[Setting], watch: Watch | None = None
) -> Iterator[tuple[Measured, list[Outcome]]]:
    """Yield what each setting comes through, and the work that says so."""
    for setting in settings:
        done = []
        for vice in (Vice(), _SPILLS):
            tasks = path_tasks(crew.bench, _SETTING_LENGTH, seed, setting, vice)
            few = [replace(task, most=_SETTING_SUBSETS) for task in tasks]
            done.append(crew.work(setting.name, few, watch))
        every = fault_tasks(crew.bench, _SETTING_LENGTH, 0, seed, setting)
        forgetting = (task for task in every if task.vice == FORGETS)
        done.append(crew.work(setting.name, forgetting, watch))
        yield Measured(setting, *(outcome.found for outcome in done)), done


def every_setting() -> list[Setting]:
    """Return the settings, the shipped one first."""
    return [SHIPPED, *(s for s in SETTINGS.values() if s != SHIPPED)]
