"""All that the users of a queue own, as JSON Lines: to be kept, read by others, or taken in anew.

First a header, with what belongs to no job, then the kinds that are paused, and up to which moment
each schedule has its jobs, then each job with what
its handler need not do again, then the messages that are still to be sent, and at the end how many
lines there were. How jobs came to be where they are is not told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from impl.derive.sql import identifier
from impl.derive.tracing import plain
from impl.derive.view import Global
from impl.interface.transaction import Transaction
from impl.queue import Queue
from impl.terms.requests import BadRequest
from impl.terms.unusable import REMEDY, Damaged
from spec.language.terms.types import Sort
from spec.queue.job import Job

FORMAT, VERSION = "ffq queue", 2

_PAGE = 500

_JOBS = """\
SELECT id, CAST(key AS BLOB), CAST(kind AS BLOB), timeout_ms, due - ? + ?,
  retry_of, CAST(subject AS BLOB), CAST(payload AS BLOB)
FROM job WHERE id > ? ORDER BY id LIMIT ?"""
_STEPS = """\
SELECT CAST(name AS BLOB), what, CAST(result AS BLOB)
FROM checkpoint WHERE job = ? ORDER BY rowid"""
_PAUSED = "SELECT kind, since - ? + ?, user, pid FROM paused ORDER BY kind"
_SERVED = "SELECT name, value FROM meta WHERE name LIKE 'every %' ORDER BY name"
_UNSENT = """\
SELECT id, CAST(key AS BLOB), job, CAST(topic AS BLOB), CAST(body AS BLOB) FROM outbox
WHERE NOT sent AND id > ? ORDER BY id LIMIT ?"""


def exported(queue: Queue) -> Iterator[str]:
    """Yield the lines, all of one moment; raises `StoreError`, also if something cannot be read."""
    with queue.snapshot() as t:
        whole = _Export(queue, t)
        count = 0
        for line in whole.lines():
            count += 1
            yield line
        yield json.dumps({"end": count})


class _Export:
    def __init__(self, queue: Queue, t: Transaction) -> None:
        self._queue, self._t = queue, t
        self._tables = {table.sort: table for table in queue.store.design.tables}
        self._now = queue.clock.now(), queue.clock.wall()

    def lines(self) -> Iterator[str]:
        fields = [f.name for f in self._tables[Job].columns]
        header = {"format": FORMAT, "version": VERSION, "epoch": self._queue.epoch}
        whole = {"global": self._state(Global, 1)} if Global in self._tables else {}
        yield json.dumps(header | {"fields": fields} | whole)
        for kind, since, user, pid in self._t.own(_PAUSED, self._now):
            yield json.dumps({"paused": kind, "since": since, "user": user, "pid": pid})
        for name, served in self._t.own(_SERVED):
            yield json.dumps({"schedule": name, "served": int(served)})
        for job, key, kind, timeout_ms, due, retry_of, *texts in self._pages(_JOBS, *self._now):
            what, (subject, payload) = f"job {job}", texts
            told = {
                "job": job,
                "key": self._text(what, key),
                "kind": self._text(what, kind),
                "timeout_ms": timeout_ms,
                "due": due,
                "retry_of": retry_of,
                "unique": None if subject is None else self._text(what, subject),
                "state": self._state(Job, job),
            }
            yield self._line(what, told, "payload", payload)
            for name, how, result in self._t.own(_STEPS, (job,)):
                step = {"checkpoint": self._text(what, name), "job": job, "what": how}
                yield self._line(what, step, "result", result or b"null")
        for number, key, job, topic, body in self._pages(_UNSENT):
            what = f"message {number}"
            message = {
                "message": self._text(what, key),
                "job": job,
                "topic": self._text(what, topic),
            }
            yield self._line(what, message, "body", body)

    def _pages(self, query: str, *values: int) -> Iterator[Any]:
        after = 0
        while page := self._t.own(query, (*values, after, _PAGE)):
            yield from page
            after = page[-1][0]

    def _state(self, sort: type[Sort], number: int) -> dict[str, Any]:
        table = self._tables[sort]
        listed = ", ".join(identifier(f.name) for f in table.columns)
        (row,) = self._t.own(f"SELECT {listed} FROM {table.name} WHERE id = ?", (number,))
        values = table.decoded(row, self._now[0])
        return {f.name: plain(f.type, values[f.name]) for f in table.columns}

    # ------------------------------------------------------------ text
    def _line(self, what: str, told: dict[str, Any], name: str, value: bytes) -> str:
        """Return a line with a value that is JSON already, and can be nested deeper than Python
        reads; every character of it is ASCII.
        """
        said = re.sub(r"[\t\n\r]", " ", self._text(what, value))
        try:
            ((text,),) = self._t.own("SELECT json(?)", (said,))
        except (BadRequest, Damaged):
            raise self._damaged(what) from None
        line = f'{json.dumps(told)[:-1]}, "{name}": {text}}}'
        return re.sub(r"[^\x20-\x7e]", _escaped, line)

    def _text(self, what: str, value: bytes) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise self._damaged(what) from None

    def _damaged(self, what: str) -> Damaged:
        return Damaged(self._queue.path, f"{what} cannot be read", REMEDY)


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1].replace("\x7f", "\\u007f")
