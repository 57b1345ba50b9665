"""Who has a lane of its own in a picture of a run."""

from __future__ import annotations

from checker.explain.diff import owner
from checker.explain.run import Run

NOBODY = "queue"
"""How a picture calls who acts in a step that has no actor."""


def lanes(run: Run) -> list[str]:
    """Return who acts, is named or is written in the run, in the order of the spec."""
    seen = {line.actor for line in run.lines}
    seen |= {str(value) for line in run.lines for value in line.params.values()}
    seen |= {name for line in run.lines for name in reached(run, line.n)}
    return [name for name in run.actors if name in seen] or run.actors[:1]


def title(lane: str) -> str:
    """Return how a lane is called."""
    return NOBODY if lane == "-" else lane


def reached(run: Run, n: int) -> list[str]:
    """Return whose places step n writes, but for the actor's own, in the order of the spec; none
    where it leads to no state.
    """
    if n > run.end:
        return []
    places = zip(run.scope.places, run.states[n - 1], run.states[n], strict=True)
    written = {owner(place) for place, before, after in places if before != after}
    return [name for name in run.actors if name in written and name != run.lines[n - 1].actor]
