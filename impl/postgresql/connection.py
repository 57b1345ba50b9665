"""A connection to a server: what is set on it and read back, and what is said when it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import conninfo, errors

from impl.terms.outcomes import CheckFailed
from impl.terms.requests import BadRequest
from impl.terms.unusable import Busy, OtherHistory, StoreError

Connection = psycopg.Connection

OLDEST = 16
"""The oldest version that knows all that is said to it."""

_IDLE_MS = 10_000
"""How long a transaction may stand still: whoever sleeps in one keeps its rows from all others."""

_GIVEN = {
    "application_name": "ffq",
    "connect_timeout": "10", "keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "5",
    "keepalives_count": "3",
}  # fmt: skip
"""What the address does not say: after half a minute without a sign a connection is dead."""

_PROBES = {
    "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
}  # fmt: skip
"""What the server asks in turn of a connection over TCP, and needs not of others: whoever is gone
without a word is seen to be.
"""

_SECRET = re.compile(r"(//[^:@/]*):[^@]*(?=@)|(?<=[?&])(?:ssl)?password=[^&]*&?")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Address:
    """Where a queue is: the server and the database, as psycopg has them, and the schema there; as
    it is `shown`, it has no password.
    """

    server: str
    schema: str
    shown: str


def address(text: str) -> Address:
    """Return an address `postgresql://USER@HOST:PORT/DATABASE#SCHEMA`; raises `BadRequest`."""
    server, _, schema = text.partition("#")
    try:
        conninfo.conninfo_to_dict(server)
    except psycopg.ProgrammingError as wrong:
        fact = " ".join(str(wrong).split())
        raise BadRequest(f"address: {fact}; write postgresql://USER@HOST:PORT/DATABASE") from None
    schema = schema or "ffq"
    if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
        fact = "is no name of a schema; use small letters, digits and _, 40 at most"
        raise BadRequest(f"#{schema}: {fact}")
    shown = _SECRET.sub(r"\1", server)
    return Address(server, schema, f"{shown}#{schema}")


def connect(where: Address, busy_ms: int) -> Connection:
    """Return a connection on which a queue may rely; raises `StoreError`."""
    said = conninfo.conninfo_to_dict(where.server)
    given = {name: value for name, value in _GIVEN.items() if name not in said}
    whole = conninfo.make_conninfo(where.server, **given, client_encoding="utf8")
    try:
        with usable(where.shown, "the connection"):
            opened = psycopg.connect(whole, autocommit=True)
    except psycopg.ProgrammingError as wrong:
        raise BadRequest(f"{where.shown}: {wrong}; leave it out") from None
    try:
        with usable(where.shown, "the connection"):
            _require(opened, where)
            _set(opened, where, busy_ms)
    except BaseException:
        opened.close()
        raise
    return opened


def tells_old(opened: Connection) -> bool:
    """Return whether what writes a row can tell how it was before, as from PostgreSQL 18 on."""
    return opened.info.server_version >= 180_000


def _require(opened: Connection, where: Address) -> None:
    version = opened.info.server_version // 10_000
    if version < OLDEST:
        fact = f"is PostgreSQL {version}, and this needs {OLDEST}"
        raise StoreError(where.shown, fact, "use a newer server")
    asked = "SELECT pg_is_in_recovery(), current_setting('server_encoding'), pg_backend_pid()"
    ((standby, encoding, session),) = opened.execute(asked).fetchall()
    if session != opened.info.backend_pid:
        # What is set for a session would be set for somebody else's, and be missing in ours.
        fact = "is answered by a pooler, which may give each transaction another session"
        raise StoreError(where.shown, fact, "name the server itself")
    if standby:
        raise StoreError(where.shown, "is a standby, which can only be read", "name the primary")
    if encoding != "UTF8":
        fact = f"is a database in {encoding}, which cannot hold every text"
        raise StoreError(where.shown, fact, "make one in UTF8")


def _set(opened: Connection, where: Address, busy_ms: int) -> None:
    """Set what the queue rests on, and read it back: whoever made the role may have other ideas."""
    wanted = {
        "search_path": f"{where.schema}, public",
        "synchronous_commit": "on",
        "default_transaction_isolation": "read committed",
        "default_transaction_read_only": "off",
        "idle_in_transaction_session_timeout": f"{_IDLE_MS}ms",
        "lock_timeout": f"{busy_ms}ms",
        "standard_conforming_strings": "on",
    }
    ((waits,),) = opened.execute("SELECT current_setting('synchronous_commit')").fetchall()
    if waits == "remote_apply":  # which waits for more
        del wanted["synchronous_commit"]
    for name, value in (_PROBES | wanted).items():
        opened.execute("SELECT set_config(%s, %s, false)", (name, value))
    asked = """\
SELECT name, CASE unit WHEN 'ms' THEN setting || 'ms' ELSE setting END FROM pg_settings
WHERE name = ANY (%s)"""
    for name, found in opened.execute(asked, (list(wanted),)).fetchall():
        if found != wanted[name]:
            fact = f"{name} is {found}, not {wanted[name]}"
            raise StoreError(where.shown, fact, "let the role or the pooler leave it alone")
    ((role,),) = opened.execute("SELECT current_setting('session_replication_role')").fetchall()
    if role != "origin":  # then triggers would not write the trace
        fact = f"session_replication_role is {role}, not origin"
        raise StoreError(where.shown, fact, "let the role leave it alone")


# ---------------------------------------------------------------- what fails
@contextmanager
def usable(shown: str, what: str) -> Iterator[None]:
    """Raise `StoreError` of what says that the store cannot be used, and let all else pass."""
    try:
        yield
    except psycopg.Error as failed:
        found = unusable(shown, what, failed)
        if found is None:
            raise
        raise found from None


def unusable(
    shown: str, what: str, failed: psycopg.Error, theirs: bool = False
) -> StoreError | None:
    """Return what is to be said of a failure that no statement is to blame for; for those of
    others, which are `theirs`, they have to find their own words.
    """
    said = " ".join(str(failed).split()) or type(failed).__name__
    fact = f"{what} was not taken: {said}"
    if theirs and not isinstance(failed, errors.OperationalError | errors.InterfaceError):
        return None
    match failed:
        case errors.LockNotAvailable():
            return Busy(shown, fact, "look for a process that hangs")
        case errors.DeadlockDetected() | errors.SerializationFailure():
            return Busy(shown, fact, "try again")
        case errors.ForeignKeyViolation() if not theirs:  # what is ours refers to what there is
            return Busy(shown, fact, "try again")
        case errors.ReadOnlySqlTransaction():
            return StoreError(shown, fact, "name the primary, or open it for writing")
        case errors.InsufficientPrivilege():
            return StoreError(shown, fact, "let its owner grant what is missing")
        case errors.OperationalError() | errors.InterfaceError() | errors.InternalError():
            return StoreError(shown, fact, "see that the server is there, and try again")
    return None


def gone(shown: str, failed: psycopg.Error) -> OtherHistory | None:
    """Return what is to be said where tables of ours are not there any more."""
    if isinstance(failed, errors.UndefinedTable | errors.UndefinedColumn):
        fact = "was dropped or replaced since it was opened"
        return OtherHistory(shown, fact, "put it back, and open it again")
    return None


@contextmanager
def checked(text: str) -> Iterator[None]:
    """Raise `CheckFailed` where a step would break what must hold of its row."""
    try:
        yield
    except errors.CheckViolation as failed:
        raise CheckFailed(failed.diag.constraint_name or "", text) from None
