"""Who has a lane of its own in a picture of a run."""

from __future__ import annotations

from checker.explain.run import Run
from checker.story import Line

NOBODY = "queue"
"""How a picture calls who acts in a step that has no actor."""


def lanes(run: Run) -> list[str]:
    """Return who acts or is acted upon in the run, in the order of the spec."""
    seen = {line.actor for line in run.lines}
    seen |= {str(value) for line in run.lines for value in line.params.values()}
    return [name for name in run.actors if name in seen] or run.actors[:1]


def title(lane: str) -> str:
    """Return how a lane is called."""
    return NOBODY if lane == "-" else lane


def target(line: Line, among: list[str]) -> str | None:
    """Return whose lane a step reaches, if that is another one than its actor's."""
    others = [str(v) for v in line.params.values() if str(v) in among and str(v) != line.actor]
    return others[0] if others else None
