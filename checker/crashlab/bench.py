"""What one process of the laboratory does: pieces of work, each told by a few words and a seed."""

from __future__ import annotations

import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from checker.crashlab.explore import Found, explore, images
from checker.crashlab.images.disk import Vice
from checker.crashlab.images.judge import Judge, Key
from checker.crashlab.images.settings import SETTINGS, SHIPPED, Habit
from checker.crashlab.recording.making import Making
from checker.crashlab.recording.mutants import MUTANTS
from checker.crashlab.recording.paths import Workload, crash_scope, paths
from checker.crashlab.recording.recording import Laboratory, Recording
from checker.crashlab.recording.walks import Walks
from impl.derive.design import derive
from impl.lab import Failed, Fault

Kind = Literal["path", "fault", "recovery", "walk", "making"]

MEMORY = Path("/dev/shm")
"""Where files are written that nobody keeps, if the system has such a place."""


@dataclass(frozen=True)
class Task:
    """A piece of work: a path, by its number among those of a length, in a setting; or a walk of
    that length and number.

    `owned`: after how many rows of the trace to look; other tasks look at the rest. `most`: how
    many subsets at a time. `count`: how many crashes to recover from.
    """

    kind: Kind
    length: int
    number: int
    seed: int = 1
    setting: str = SHIPPED.name
    habit: Habit = "stays"
    vice: Vice = field(default_factory=Vice)
    owned: frozenset[int] | None = None
    most: int = 64
    mutant: str | None = None
    fault: Fault | None = None
    count: int = 0

    @property
    def chance(self) -> random.Random:
        """The random numbers of this task."""
        words = (self.seed, self.kind, self.length, self.number, self.setting, self.habit)
        return random.Random(f"{words}{self.fault}")


@dataclass
class Done:
    """What came of a task: what was found; what the store said of faults, in words."""

    task: Task
    found: Found
    said: Counter[str] = field(default_factory=Counter)


class Bench:
    """A laboratory with a judge and a folder of their own."""

    def __init__(self, place: Path | None = None) -> None:
        """Make its folder there, or in memory if there is such a place."""
        place = place or (MEMORY if MEMORY.is_dir() else None)
        self._folder = tempfile.TemporaryDirectory(prefix=f"ffq-crashlab-{os.getpid()}-", dir=place)
        folder = self.folder = Path(self._folder.name)
        design = derive(crash_scope())
        self.laboratory = Laboratory(design, folder)
        (folder / "image").mkdir()
        self.judge = Judge(design, folder / "image", self.laboratory.blank)
        self._paths: dict[int, list[Workload]] = {}
        self.walks = Walks(folder)
        self.making = Making(design, folder, self.laboratory.blank)

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()

    def paths(self, length: int) -> list[Workload]:
        """Return the paths of this length."""
        if length not in self._paths:
            lab = self.laboratory
            self._paths[length] = paths(lab.design, lab.steps, length)
        return self._paths[length]

    def record(self, task: Task) -> Recording:
        """Make the run of a task, the same every time."""
        if task.kind == "walk":
            return self.walks.record(task.number, task.length)
        mutant = next((m for m in MUTANTS if m.name == task.mutant), None)
        if task.kind == "making":
            return self.making.record(task.fault, mutant)
        path, setting = self.paths(task.length)[task.number], SETTINGS[task.setting]
        return self.laboratory.record(path, setting, task.habit, task.fault, mutant)

    def perform(self, task: Task) -> Done:
        """Do a piece of work."""
        match task.kind:
            case "path":
                return Done(task, self._path(task))
            case "fault":
                return self._fault(task)
            case "recovery":
                return Done(task, self._recovery(task))
            case "walk":
                judge, made = self.walks.judge, self.record(task)
                return Done(task, explore(made, judge, task.chance, task.most, task.vice))
            case "making":
                return self._fault(task) if task.fault else self._made(task)

    def judge_of(self, task: Task) -> Judge:
        """Return who reads the images of a task."""
        match task.kind:
            case "walk":
                return self.walks.judge
            case "making":
                return self.making.judge
        return self.judge

    def _path(self, task: Task) -> Found:
        def owned(key: Key) -> bool:
            return task.owned is None or len(key.trace) in task.owned

        made = self.record(task)
        return explore(made, self.judge, task.chance, task.most, task.vice, owned)

    def _made(self, task: Task) -> Done:
        judge, made = self.making.judge, self.record(task)
        return Done(task, explore(made, judge, task.chance, task.most, task.vice))

    def _fault(self, task: Task) -> Done:
        """Let one call fail, and crash while the store deals with it."""
        made = self.record(task)
        failed = [n for n, event in enumerate(made.events) if isinstance(event, Failed)]
        if not failed:  # the store has gone another way, and this call is not of the kind
            return Done(task, Found(), Counter({"did not happen": 1}))
        begin = failed[0] + 1
        judge = self.judge_of(task)
        found = explore(made, judge, task.chance, task.most, task.vice, begin=begin)
        said = "unknown" if made.unknown else "refused" if made.refused else "nobody noticed"
        end = "went on" if made.surviving else "gave up"
        return Done(task, found, Counter({f"{said}, {end}": 1}))

    def _recovery(self, task: Task) -> Found:
        """Open what crashes have left, and crash there again: what was durable is so still."""
        found = Found()
        for _, again in self.recoveries(task):
            found.add(again)
        return found

    def recoveries(self, task: Task) -> Iterator[tuple[Recording, Found]]:
        """Yield each run that begins with what a crash has left, and what came of crashes there."""
        made, chance = self.record(task), task.chance
        left = [image for image in images(made, chance, task.most) if len(image) > 1]
        for image in chance.sample(left, min(task.count, len(left))):
            _, reading = self.judge.reading(image)
            if isinstance(reading, Key):
                resumed = self.laboratory.resume(image, reading)
                yield resumed, explore(resumed, self.judge, chance, 8)
