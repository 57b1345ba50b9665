"""A run that has been followed on its spec: what every explanation starts from.

States are numbered by the steps before them: state 0 is where the run begins, and step k, counted
from 1 as stories count, leads to state k.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from checker.runs.reading import read
from checker.runs.story import Line, Story
from checker.runs.trace import Trace, replay
from checker.search.shortest import shortest_story
from spec.failures.edits import Edits
from spec.language.evaluate import Evaluator, Instance
from spec.language.scope import Scope, State, element_name
from spec.language.terms.types import is_sort


@dataclass(frozen=True)
class Run:
    """A run on its spec with every edit made; `name` is short, such as the stem of its file.

    `states[i + 1]` is after `steps[i]`; there is one fewer if the last step leaves a range.
    """

    trace: Trace
    scope: Scope
    evaluator: Evaluator
    states: tuple[State, ...]
    steps: tuple[Instance, ...]
    story: Story
    name: str

    @property
    def lines(self) -> tuple[Line, ...]:
        """The steps as the story tells them."""
        return self.story.lines

    @property
    def end(self) -> int:
        """The number of the last state."""
        return len(self.states) - 1

    def told(self, line: Line) -> list[str]:
        """Return what a step changes, in words; or which number it would take out of its range."""
        return self.story.told(line, led_nowhere=line.n > self.end)

    @cached_property
    def written(self) -> Mapping[str, list[int]]:
        """The steps that changed a place, or any place of a field, oldest first, by its name."""
        found: dict[str, list[int]] = {}
        for line in self.lines[: self.end]:
            places = [change.place for change in line.changes]
            for name in {*places, *(place.partition("[")[0] for place in places)}:
                found.setdefault(name, []).append(line.n)
        return found

    def is_fault(self, i: int) -> bool:
        """Return whether `steps[i]` is done to the system, not by it."""
        return self.steps[i].step.action.fault

    @cached_property
    def actors(self) -> list[str]:
        """Everybody who can act in the scope, in the order of the spec; `-` is nobody."""
        found: dict[str, None] = {}
        for action in self.scope.spec.actions.values():
            first = action.params[0].type if action.params else None
            if first is not None and is_sort(first):
                names = [element_name(first, e) for e in range(self.scope.size(first))]
            else:
                names = ["-"]
            found |= dict.fromkeys(names)
        return list(found)


def open_run(file: Path | str, scopes: Mapping[str, Scope] | None = None) -> Run:
    """Return the run that a trace file holds, of the queue if no scopes are given; raises
    `BadTrace` or `Diverged`.
    """
    if scopes is None:
        from spec.queue import TRACED

        scopes = TRACED
    return run_of(read(Path(file), scopes), Path(file).stem)


def run_of(trace: Trace, name: str | None = None) -> Run:
    """Return the run that a trace describes; raises `Diverged` where the spec does not follow."""
    walk, story = replay(trace)
    scope = trace.edited
    evaluator = Evaluator(scope)
    steps = tuple(Instance(evaluator, step.action, step.binding) for step in walk.steps)
    called = name if name is not None else f"{scope.name}-{trace.violated}"
    return Run(trace, scope, evaluator, walk.states, steps, story, called)


def broken_run(base: Scope, without: Sequence[str], violated: str) -> Run:
    """Explore the scope with these protections taken away, as `ffq check --without` names them, and
    return a shortest run that violates the property; raises `NotBroken` if none does.
    """
    edits = Edits.parse(without)
    story = shortest_story(edits.on(base), violated)
    return run_of(Trace(base, edits, "compiled", violated, story.lines, loop=story.loop))
