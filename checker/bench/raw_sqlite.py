"""The least that SQLite has to do for a queue: guarded statements, as durable as ours are.

No trace, no budgets, no leases: what is left is the cost of the disk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

PAYLOAD = {"text": "x" * 88}
"""About a hundred bytes of JSON."""

BATCH = 100

Jobs = Callable[[int], None]
"""Does something with so many jobs."""

_SCHEMA = """\
CREATE TABLE IF NOT EXISTS job
  (id INTEGER PRIMARY KEY, key TEXT UNIQUE, payload TEXT, status TEXT, token INTEGER);
CREATE INDEX IF NOT EXISTS ready ON job (id) WHERE status = 'ready';
"""
_INSERT = """\
INSERT INTO job (key, payload, status, token) VALUES (hex(randomblob(16)), ?, 'ready', 0)"""
_CLAIM = """\
UPDATE job SET status = 'claimed', token = token + 1
WHERE id = (SELECT id FROM job WHERE status = 'ready' LIMIT 1) AND status = 'ready'
RETURNING id, token, payload"""
_SETTLE = "UPDATE job SET status = 'done' WHERE id = ? AND token = ? AND status = 'claimed'"


class _Raw:
    """A connection with the settings of the reference queue."""

    def __init__(self, file: str) -> None:
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=wal")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.executescript(_SCHEMA)
        self.text = json.dumps(PAYLOAD)

    def once(self, *statements: Callable[[], Any]) -> list[Any]:
        """Do several things in one transaction."""
        self.db.execute("BEGIN IMMEDIATE")
        found = [statement() for statement in statements]
        self.db.execute("COMMIT")
        return found

    def not_waiting(self, *statements: Callable[[], Any]) -> list[Any]:
        """Do several things in one transaction, as the queue claims: nobody waits for the disk."""
        self.db.execute("PRAGMA synchronous=NORMAL")
        found = self.once(*statements)
        self.db.execute("PRAGMA synchronous=FULL")
        return found

    def put(self) -> Any:
        """Put a job in."""
        return self.db.execute(_INSERT, (self.text,)).fetchall()

    def claim(self) -> Any:
        """Claim a job."""
        return self.db.execute(_CLAIM).fetchall()[0]

    def end(self, job: Any) -> Callable[[], Any]:
        """Return what settles a job."""
        return lambda: self.db.execute(_SETTLE, job[:2]).fetchall()


def tasks(file: str) -> dict[str, Jobs]:
    """Return what raw SQLite can be asked to do."""
    raw = _Raw(file)

    def enqueue(n: int) -> None:
        for _ in range(n):
            raw.once(raw.put)

    def enqueue_batch(n: int) -> None:
        for _ in range(n // BATCH):
            raw.once(*[raw.put] * BATCH)

    def work(n: int) -> None:
        for _ in range(n):
            (job,) = raw.not_waiting(raw.claim)
            raw.once(raw.end(job))

    def work_on(n: int) -> None:
        (job,) = raw.once(raw.claim)
        for _ in range(n - 1):
            _, job = raw.once(raw.end(job), raw.claim)
        raw.once(raw.end(job))

    def work_batch(n: int) -> None:
        for _ in range(n // BATCH):
            jobs = raw.not_waiting(*[raw.claim] * BATCH)
            raw.once(*map(raw.end, jobs))

    return {
        "enqueue": enqueue,
        "enqueue-batch": enqueue_batch,
        "work": work,
        "work-on": work_on,
        "work-batch": work_batch,
    }
