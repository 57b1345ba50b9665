"""Both sides of the account: what the ledger says, and what the queue says, by job."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.torture.acts.ledger import Ledger
from impl.queue import Queue


@dataclass(frozen=True)
class Task:
    """A job as the queue has it, and how it ended: the status, and why if it is dead."""

    key: str
    kind: str
    payload: Any
    retry_of: int | None
    status: str
    reason: str


@dataclass(frozen=True)
class Claim:
    """A claim of a job: how many there were, and the rows of the trace that began and ended it."""

    number: int
    begun: int
    ended: float


@dataclass(frozen=True)
class Effect:
    """An effect that was made, under which claim of its job, and after which row of the trace."""

    job: int
    name: str
    number: int
    seq: int


@dataclass(frozen=True)
class Sent:
    """A message in the outbox."""

    job: int
    body: Any


@dataclass(frozen=True)
class Books:
    """What was told, by event; and what is in the queue."""

    told: dict[str, list[dict[str, Any]]]
    tasks: dict[int, Task]
    effects: list[Effect]
    sent: dict[str, Sent]
    claims: dict[int, list[Claim]]

    def answers(self, what: str) -> list[dict[str, Any]]:
        """Return what producers were answered when they asked for this."""
        return [line for line in self.told.get("answered", ()) if line["what"] == what]

    def first(self, job: int) -> int:
        """Return the job that this one is a retry of, however often."""
        while (before := self.tasks[job].retry_of) is not None:
            job = before
        return job


def books(folder: Path, queue: Queue) -> Books:
    """Read both sides."""
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in Ledger(folder).news():
        told[line["event"]].append(line)
    tasks = "SELECT id, key, kind, payload, retry_of, status, reason FROM job"
    return Books(
        told,
        {
            job: Task(key, kind, json.loads(payload), *rest)
            for job, key, kind, payload, *rest in queue.query(tasks)
        },
        [Effect(*row) for row in queue.query("SELECT job, effect, number, seq FROM effects")],
        {
            key: Sent(job, json.loads(body))
            for key, job, body in queue.query("SELECT key, job, body FROM outbox")
        },
        _claims(queue),
    )


def _claims(queue: Queue) -> dict[int, list[Claim]]:
    """Return the claims of each job, oldest first, from the places that the trace says changed."""
    found: dict[int, list[Claim]] = defaultdict(list)
    for seq, job, was, now, number in queue.query(_STATUSES):
        if now == "claimed":
            found[job].append(Claim(number, seq, float("inf")))
        elif was == "claimed":
            last = found[job].pop()
            found[job].append(Claim(last.number, last.begun, seq))
    return found


_STATUSES = """\
SELECT seq, CAST(rtrim(substr(place.key, 11), ']') AS INTEGER), place.value, after ->> place.key,
  CAST(after ->> replace(place.key, 'status', 'token') AS INTEGER)
FROM trace, json_each(before) AS place WHERE place.key LIKE 'status[job%' ORDER BY seq"""
