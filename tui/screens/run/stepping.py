"""The keys that walk along a run, the same wherever a run is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.screens.base import RunScreen


class Stepping(RunScreen):
    """A screen on a run, at one of its steps."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "step(1)", "Step", key_display="j/k", tooltip="next step"),
        Binding("k", "step(-1)", "Previous step", show=False),
        Binding("g", "end(0)", "First step", show=False),
        Binding("G", "end(1)", "Last step", show=False),
        Binding("right_square_bracket", "same_actor(1)", "Next step of the actor", show=False),
        Binding("left_square_bracket", "same_actor(-1)", "Step of the actor before", show=False),
        Binding("right_curly_bracket", "fault(1)", "Next fault", show=False),
        Binding("left_curly_bracket", "fault(-1)", "Fault before", show=False),
    ]

    @property
    def at(self) -> int:
        """The number of the step, and of the state after it, that is looked at."""
        return self.opened.step

    def action_step(self, by: int) -> None:
        """Look at the next step, or the one before."""
        self.go(self.at + by)

    def action_end(self, last: int) -> None:
        """Look at the beginning, or the last step."""
        self.go(len(self.opened.run.steps) if last else 0)

    def action_same_actor(self, by: int) -> None:
        """Look at the next step of the same actor, or the one before."""
        lines = self.opened.run.lines
        actor = lines[self.at - 1].actor if self.at else lines[0].actor if lines else "-"
        self.seek(by, lambda k: lines[k - 1].actor == actor, f"{actor} takes no other step there")

    def action_fault(self, by: int) -> None:
        """Look at the next fault, or the one before."""
        self.seek(by, lambda k: self.opened.run.is_fault(k - 1), "there is no fault there")

    def seek(self, by: int, wanted: Callable[[int], bool], why_not: str) -> None:
        """Look at the nearest step, in one direction, that is wanted; else say why not."""
        steps = range(self.at + by, len(self.opened.run.steps) + 1 if by > 0 else 0, by)
        found = next((k for k in steps if wanted(k)), None)
        if found is None:
            self.say(why_not)
        else:
            self.go(found)
