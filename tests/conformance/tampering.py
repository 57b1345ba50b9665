"""A run with each kind of step, and copies of it that somebody has changed who could.

The file refuses to be tampered with, so the triggers of a copy are dropped.
"""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from checker.conformance.validating.finding import Finding
from checker.conformance.validating.validate import validate
from impl.interface.process import Process
from impl.queue import Queue
from impl.sqlite.scribe import write_down
from impl.terms.backoff import Backoff
from impl.working.attempt import Attempt, claim

LEASE = 1_000
QUICK = Backoff(first_ms=1, most_ms=1)


def claim_one(queue: Queue, worker: Process) -> Attempt:
    with queue.transaction() as t:
        attempt = claim(queue, t, worker, ["k"])
    assert attempt is not None
    return attempt


def claimed(queue: Queue, worker: Process) -> Attempt:
    attempt = claim_one(queue, worker)
    attempt.start()
    return attempt


def settle(queue: Queue, how: Callable[[Any], object]) -> None:
    with queue.transaction() as t:
        how(t)


def tampered(run: Path, folder: Path, *statements: str) -> str:
    """Return a copy that was changed by somebody who could."""
    copy = folder / "copy.db"
    shutil.copy(run, copy)
    with closing(apsw.Connection(str(copy))) as opened:
        for trigger in ("rewritten", "shortened"):
            opened.execute(f"DROP TRIGGER IF EXISTS trace_is_not_{trigger}")
        write_down(opened, False)
        for statement in statements:
            opened.execute(statement)
    return str(copy)


def finding(file: str) -> Finding:
    found = validate(file).finding
    assert found is not None
    return found


def drop(seq: int) -> list[str]:
    return [
        f"DELETE FROM trace WHERE seq = {seq}",
        f"UPDATE trace SET seq = -seq WHERE seq > {seq}",
        "UPDATE trace SET seq = -seq - 1 WHERE seq < 0",
    ]


def swap(one: int, other: int) -> list[str]:
    moves = ((-1, one), (one, other), (other, -1))
    return [f"UPDATE trace SET seq = {to} WHERE seq = {now}" for to, now in moves]


def value(seq: int, side: str, place: str, new: str) -> str:
    changed = f"""json_set({side}, '$."{place}"', json('{new}'))"""
    return f"UPDATE trace SET {side} = {changed} WHERE seq = {seq}"


def told(seq: int, side: str, place: str) -> str:
    """Let a row not tell of a place."""
    return f"""UPDATE trace SET {side} = json_remove({side}, '$."{place}"') WHERE seq = {seq}"""


def not_over(seq: int, number: int) -> str:
    """Let a step without a row not tell of the timers that it has found over."""
    return f"UPDATE trace SET unseen = json_remove(unseen, '$[{number}][3]') WHERE seq = {seq}"


def unseen(seq: int, number: int, after: int) -> str:
    changed = f"json_set(unseen, '$[{number}][0]', {after})"
    return f"UPDATE trace SET unseen = {changed} WHERE seq = {seq}"
