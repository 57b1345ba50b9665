"""Statements of users that are run in our transactions: which may be, and what refuses one."""

from __future__ import annotations

import re
import textwrap

import psycopg
from psycopg import errors

from impl.postgresql.text.schema import REFUSED
from impl.terms.requests import BadRequest

_ALLOWED = frozenset({
    "alter", "analyze", "comment", "create", "delete", "drop", "insert", "merge", "select", "table",
    "update", "values", "with",
})  # fmt: skip
"""How statements begin that may be run in our transactions: none of them ends one."""

_REMARK = re.compile(r"\s+|--[^\n]*|/\*.*?\*/", re.DOTALL)


def require_harmless(sql: object) -> None:
    """Raise `BadRequest` if a statement of others is none that may be run in our transactions."""
    if not isinstance(sql, str):
        raise BadRequest(f"statement: is of type {type(sql).__name__}; make it a str")
    if first_word(sql) not in _ALLOWED:
        fact = "is no statement for a queue's transaction"
        raise BadRequest(f"{shortened(sql)}: {fact}; leave it out")


def first_word(sql: str) -> str:
    """Return how a statement begins, behind remarks."""
    at = 0
    while (skipped := _REMARK.match(sql, at)) is not None:
        at = skipped.end()
    found = re.match(r"\w+", sql[at:])
    return found[0].lower() if found else ""


def refused(sql: str, failed: psycopg.Error) -> BadRequest | None:
    """Return what is to be said of a statement that was not to be, if it was not."""
    if failed.sqlstate == REFUSED:
        return BadRequest(f"{shortened(sql)}: {failed.diag.message_primary}")
    if isinstance(failed, errors.ReadOnlySqlTransaction):
        fact = "writes, and this may only read; use `transaction`"
        return BadRequest(f"{shortened(sql)}: {fact}")
    return None


def shortened(sql: str) -> str:
    """Return a statement as messages show it."""
    return textwrap.shorten(sql, 80, placeholder=" ...")
