"""A backup: one moment of a store in a file of its own, made while others go on writing."""

from __future__ import annotations

import contextlib
import os

import apsw

from impl.sqlite.file.files import SYNCHRONOUS_FULL
from impl.sqlite.file.gate import Locked
from impl.sqlite.file.making import make
from impl.sqlite.file.opening import connect
from impl.sqlite.store import Store
from impl.terms.requests import BadRequest
from impl.terms.unusable import StoreError

_WRONG_PLACE = (FileNotFoundError, NotADirectoryError, PermissionError, IsADirectoryError)


def backup(store: Store, to: str | os.PathLike[str]) -> None:
    """Copy what is committed into a new file, whole or not at all. Raises `BadRequest` if there is
    a file already, or can be none, and `StoreError`.
    """
    path = os.path.realpath(to)
    # By a connection of its own: what is open on the other one is nobody else's yet.
    with contextlib.closing(connect(store.design, store.path, store.busy_ms, True)) as source:

        def copy(opened: apsw.Connection) -> None:
            opened.pragma("locking_mode", "exclusive")  # so that any disk will do
            opened.pragma("synchronous", SYNCHRONOUS_FULL)
            with opened.backup("main", source, "main") as copying:
                copying.step(-1)

        try:
            made = make(path, store.busy_ms, copy)
        except _WRONG_PLACE as failed:
            fact = f"cannot be made: {failed.strerror}"
            raise BadRequest(f"{to}: {fact}; name a file in a folder that can be written") from None
        except Locked:
            raise StoreError(to, "is being made by another process", "wait for it") from None
        except (OSError, apsw.Error) as failed:
            said = failed.strerror if isinstance(failed, OSError) else failed
            raise StoreError(to, f"was not made: {said}", "try again once that is right") from None
    if not made:
        raise BadRequest(f"{to}: is there already, and was left alone; name another file")
