"""A delivery that comes twice: a second process that believes what the first one does."""

from __future__ import annotations

from dataclasses import replace

from impl.interface.process import Process
from impl.working.attempt import Attempt


def delivered_again(attempt: Attempt) -> Attempt:
    """Return the same attempt in other hands, with the same token and a memory of its own."""
    first = attempt.worker
    twin = Process(first.sort, first.element, dict(first.memory), list(first.unseen))
    return replace(attempt, worker=twin, _along=attempt._along.copy())
