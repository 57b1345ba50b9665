"""A file that holds what was never written: text that is no UTF-8, a row that is no JSON."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import apsw

from impl.terms.unusable import REMEDY, Damaged


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
