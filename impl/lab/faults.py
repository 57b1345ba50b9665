"""Faults of a disk: one call fails, or all from one on."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Literal

import apsw

from impl.lab.events import Called

Kind = Literal["error", "short", "full", "busy"]
"""The call fails; it fails half-way through the write; the disk is full; somebody else has it."""

_ERRORS = {
    "open": "SQLITE_CANTOPEN",
    "read": "SQLITE_IOERR_READ",
    "write": "SQLITE_IOERR_WRITE",
    "truncate": "SQLITE_IOERR_TRUNCATE",
    "sync": "SQLITE_IOERR_FSYNC",
    "delete": "SQLITE_IOERR_DELETE",
    "lock": "SQLITE_IOERR_LOCK",
}

_OF_THE_SYSTEM = frozenset({"link", "unlink", "folder"})
"""What is asked of the system beside SQLite: another name, a name less, names made durable."""

WHERE: dict[Kind, frozenset[str]] = {
    "error": frozenset(_ERRORS) | _OF_THE_SYSTEM,
    "short": frozenset({"write"}),
    "full": frozenset({"write"}),
    "busy": frozenset({"lock"}),
}
"""Which calls can fail so."""


@dataclass(frozen=True)
class Fault:
    """The `nth` call, counted from 0, fails; if it is `lasting`, so does every such call after."""

    nth: int
    kind: Kind
    lasting: bool = False

    def hits(self, n: int, call: Called) -> bool:
        """Whether the n-th call fails."""
        return call.what in WHERE[self.kind] and (n == self.nth or (self.lasting and n > self.nth))

    def error(self, call: Called) -> Exception:
        """Return what SQLite is told, or Python."""
        if call.what in _OF_THE_SYSTEM:
            return OSError(errno.EIO, "Input/output error")
        names = {"full": "SQLITE_FULL", "busy": "SQLITE_BUSY"}
        code = getattr(apsw, names.get(self.kind, _ERRORS[call.what]))
        return apsw.exception_for(int(code))
