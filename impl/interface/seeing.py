"""Which workers are seen to run, from where somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Seeing:
    """Says of a worker, by its number and its process of the system, whether it is seen to run;
    what that means, of `one` and of `many`; and in words of a process whether it does.
    """

    runs: Callable[[int, int], bool]
    one: str
    many: str
    said: Callable[[int, bool], str]
