"""A file that holds what was never written: text that is no UTF-8, a row that is no JSON."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import apsw

from impl.sqlite.file.files import RESTORE, StoreError

REMEDY = f"`ffq validate` says where; {RESTORE}"


class Damaged(StoreError):
    """The file is a queue of ours and holds what nobody has written: trying again will not help."""


@contextlib.contextmanager
def legible(path: str) -> Iterator[None]:
    """Raise `Damaged` where what the queue has written cannot be read back."""
    try:
        yield
    except Exception as failed:
        found = damage(path, failed)
        if found is None:
            raise
        raise found from None


def require_written(path: str, job: int, values: Sequence[Any]) -> None:
    """Raise `Damaged` if a column of a job is NULL that a job has from the beginning: what reads as
    zeros is a row without its columns.
    """
    if None in values:
        raise Damaged(path, f"is damaged: job {job} is without what it began with", REMEDY)


def damage(path: str, failed: BaseException) -> Damaged | None:
    """Return the damage that an exception speaks of, if it speaks of one."""
    match failed:
        case UnicodeDecodeError():
            fact = "text in it is not UTF-8"
        case json.JSONDecodeError() | RecursionError():
            fact = "text in it is not JSON"
        case apsw.CorruptError() | apsw.NotADBError():
            fact = str(failed)
        case apsw.SQLError() if str(failed) == "malformed JSON":
            fact = "a row of the trace is not JSON"
        case _:
            return None
    return Damaged(path, f"is damaged: {fact}", REMEDY)
