"""Which steps gave a place its value."""

from __future__ import annotations

from checker.explain.run import Run


def writers(run: Run, place: str, upto: int) -> list[int]:
    """Return the steps up to this state that changed the place, newest first.

    A step that writes the value that was there already is not one: nobody could tell.
    """
    at = next(i for i, p in enumerate(run.scope.places) if p.name == place)
    last = min(upto, run.end)
    return [k for k in range(last, 0, -1) if run.states[k][at] != run.states[k - 1][at]]
