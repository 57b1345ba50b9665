"""What the explorer begins with; light, because the command line loads it before the screens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Start:
    """A trace at a step, an image, a scope to check without some protections, or the catalogue."""

    file: str | None = None
    source: str = ""
    """What `ffq browse` was given for the file."""
    step: int | None = None
    take: tuple[str, ...] = ()
    """Moves to take from there."""
    scope: str | None = None
    without: tuple[str, ...] = ()
    image: str | None = None
    """The folder of an image that the crash laboratory has kept."""
    project: str = ""
    """The spec of the user's own that all of it is about; none is the queue."""
