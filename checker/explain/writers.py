"""Which steps gave a place its value."""

from __future__ import annotations

from bisect import bisect_right

from checker.explain.run import Run


def writers(run: Run, place: str, upto: int) -> list[int]:
    """Return the steps up to this state that changed the place, newest first.

    A step that writes the value that was there already is not one: nobody could tell.
    """
    steps = run.written.get(place, [])
    return steps[: bisect_right(steps, upto)][::-1]
