"""What is said of a store that cannot be used: nothing was changed, and what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

RESTORE = "restore a backup, as `ffq queue backup --help` says"
"""What is to be done with a file that is damaged."""

REMEDY = f"`ffq validate` says where; {RESTORE}"


class StoreError(Exception):
    """The store cannot be used, and nothing was changed: `subject: fact; remedy`."""

    def __init__(self, subject: object, fact: str, remedy: str) -> None:
        one_line = " ".join(fact.split())  # a database quotes what it cannot read as it is
        super().__init__(f"{subject}: {one_line}; {remedy}")


class Busy(StoreError):
    """Somebody else keeps the store locked: meanwhile nobody can write, and no claim can end."""


class Full(StoreError):
    """The store has no room for another job; those that are there can be finished."""


class Damaged(StoreError):
    """The store is a queue of ours and holds what nobody has written: trying again will not
    help.
    """


class OtherHistory(StoreError):
    """The store is not the one that was opened, or its machine was started anew: what was claimed
    is lost. Only what is opened again may go on.
    """


def require_written(path: str, job: int, values: Sequence[Any]) -> None:
    """Raise `Damaged` if a column of a job is NULL that a job has from the beginning: what reads as
    zeros is a row without its columns.
    """
    if None in values:
        raise Damaged(path, f"is damaged: job {job} is without what it began with", REMEDY)
