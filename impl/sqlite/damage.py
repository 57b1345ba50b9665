"""A file that holds what was never written: text that is no UTF-8, a row that is no JSON."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import apsw

from impl.sqlite.files import RESTORE, StoreError

REMEDY = f"`ffq validate` says where; {RESTORE}"


class Damaged(StoreError):
    """The file is a queue of ours and holds what nobody has written: trying again will not help."""


@contextlib.contextmanager
def legible(path: str) -> Iterator[None]:
    """Raise `Damaged` where what the queue has written cannot be read back."""
    try:
        yield
    except UnicodeDecodeError:
        raise Damaged(path, "is damaged: text in it is not UTF-8", REMEDY) from None
    except (json.JSONDecodeError, RecursionError):
        raise Damaged(path, "is damaged: text in it is not JSON", REMEDY) from None
    except (apsw.CorruptError, apsw.NotADBError) as failed:
        raise Damaged(path, f"is damaged: {failed}", REMEDY) from None
    except apsw.SQLError as failed:
        if str(failed) != "malformed JSON":
            raise
        raise Damaged(path, "is damaged: a row of the trace is not JSON", REMEDY) from None
