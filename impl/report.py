"""What is in the queue, to be read by people: each report is one moment of the store.

The history of a job is read from the trace, which has every step of every attempt.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from impl.interface.seeing import Seeing
from impl.interface.transaction import Transaction
from impl.parts.pauses import Pause, pauses
from impl.queue import Queue
from impl.terms.outcomes import RENAMED
from impl.terms.requests import LARGEST, Json, known, row_number
from impl.terms.unusable import require_written
from spec.language.terms.types import phases
from spec.queue.job import Lease

OUTCOMES = {
    "settle_done": "done",
    "settle_failed": "failed",
    "settle_released": "released",
    "recover": "interrupted",
    "cancel": "cancelled",
}
"""How an attempt ended, by the step that ended it."""


@dataclass(frozen=True)
class Line:
    """A job in a list; `due` by the wall clock in ms, None if it is not waiting."""

    id: int
    kind: str
    key: str
    status: str
    attempts: int
    due: int | None


@dataclass(frozen=True)
class Past:
    """An attempt: its token, by which worker (and process of the system), and how it ended.

    Times by the wall clock in ms; `outcome` is `running` while it has not ended. `note`: what the
    handler raised, or why it was given back.
    """

    token: int
    worker: str
    pid: int | None
    begun: int
    ended: int | None
    outcome: str
    note: str | None


@dataclass(frozen=True)
class Unsaid:
    """What is still to be said of a job: a message, or its death; how often that was tried, and why
    it was not taken last time. What was `given_up` is not tried any more.
    """

    what: str
    tries: int
    given_up: bool
    error: str | None


@dataclass(frozen=True)
class Whole:
    """All that is known of a job. `token`: the epoch, and how often its work was claimed, also as
    that of jobs which it does again. `fails` and `interrupts`: how many, and how many are too many.
    `letter`: what was written of its effect. `steps`: those of its handler that are done.
    `unsaid`: messages and notices that wait.
    """

    line: Line
    payload: Json
    token: tuple[int, int]
    lease: str
    fails: tuple[int, int]
    interrupts: tuple[int, int]
    reason: str
    letter: str
    retry_of: int | None
    retried_as: int | None
    steps: tuple[str, ...]
    unsaid: tuple[Unsaid, ...]
    history: tuple[Past, ...]


@dataclass(frozen=True)
class Waiting:
    """Jobs of a kind that wait for a worker: how many, the pause of the kind if it is paused, and
    the process of the system of each worker that is seen to run and knows the kind.
    """

    jobs: int
    pause: Pause | None
    workers: tuple[int, ...]


@dataclass(frozen=True)
class Stats:
    """Counts of the queue, and ages in ms; an age is None where there is nothing to be old.

    `oldest_due`: of the job that could have been claimed first. `oldest_expired`: since the lease
    ran out that nobody has recovered. `given_up`: of what is not sent or announced, what nobody
    took however often it was tried. `kinds`: of which jobs wait, or that are paused. `seeing`: what
    is said of a worker that is seen to run.
    """

    jobs: dict[str, int]
    dead: dict[str, int]
    oldest_due: int | None
    oldest_expired: int | None
    unsent: int
    notices: int
    given_up: int
    epoch: int
    kinds: dict[str, Waiting]
    seeing: str


_LINE = """\
SELECT id, kind, key, status, token, due - ? + ?
FROM job"""


_UNSAID = """\
SELECT 'message ' || key || ' to ' || topic, tries, due IS NULL, error
FROM outbox WHERE job = ?1 AND NOT sent
UNION ALL
SELECT 'its death', tries, due IS NULL, error FROM notice WHERE job = ?1"""

_GIVEN_UP = """\
SELECT count(*) FILTER (WHERE due IS NULL) FROM (
  SELECT due FROM outbox WHERE NOT sent UNION ALL SELECT due FROM notice
)"""


def moment(queue: Queue) -> tuple[int, int]:
    """Return the time by the clock of the queue and by the wall clock."""
    return queue.clock.now(), queue.clock.wall()


def jobs(queue: Queue, statuses: Sequence[str] = (), most: int = -1) -> list[Line]:
    """Return jobs of these statuses, or all, oldest first; at most so many. Raises `StoreError`."""
    marks = ", ".join("?" * len(statuses))
    where = f"WHERE status IN ({marks})" if statuses else ""
    with queue.snapshot() as t:
        values = (*moment(queue), *statuses, LARGEST if most < 0 else min(most, LARGEST))
        found = t.own(f"{_LINE} {where} ORDER BY id LIMIT ?", values)
    return [_line(queue.path, row) for row in found]


def line_of(path: str, t: Transaction, now: tuple[int, int], number: int) -> Line:
    """Return a job as it is listed, at a `moment`. Raises `BadRequest` if there is none,
    and `Damaged`.
    """
    found = t.own(f"{_LINE} WHERE id = ?", (*now, row_number(number)))
    return _line(path, known(found, number))


def _line(path: str, row: Sequence[Any]) -> Line:
    *began, due = row
    require_written(path, row[0], began)
    number, kind, key, status, attempts = began
    return Line(number, kind, key, status, attempts, due)


def job(queue: Queue, number: int) -> Whole:
    """Return all that is known of a job. Raises `BadRequest`, `StoreError`."""
    query = """\
SELECT payload, token, claimed_before, fails, max_fails, interrupts, max_interrupts, reason,
  letter, lease, retry_of, (SELECT id FROM job AS later WHERE later.retry_of = job.id)
FROM job WHERE id = ?"""
    now = moment(queue)
    with queue.snapshot() as t:
        line = line_of(queue.path, t, now, number)
        (found,) = t.own(query, (number,))
        steps = t.own("SELECT name FROM checkpoint WHERE job = ? ORDER BY rowid", (number,))
        unsaid = [Unsaid(what, n, bool(up), e) for what, n, up, e in t.own(_UNSAID, (number,))]
        history = _history(t, now, number)
    *began, lease, retry_of, retried_as = found
    require_written(queue.path, number, began)
    payload, token, before, fails, most, interrupts, most_interrupts, reason, letter = began
    with queue.store.legible():
        payload = json.loads(payload)
    return Whole(
        line,
        payload,
        (queue.epoch, before + token),
        _stands(lease, now[0]),
        (fails, most),
        (interrupts, most_interrupts),
        reason,
        letter,
        retry_of,
        retried_as,
        tuple(name for (name,) in steps),
        tuple(unsaid),
        history,
    )


def _stands(lease: int | None, now: int) -> str:
    """Return what a lease is called at a moment."""
    off, running, over = phases(Lease)
    return off if lease is None else running if lease > now else over


def _history(t: Transaction, now: tuple[int, int], number: int) -> tuple[Past, ...]:
    """Return the attempts of a job, as seen at a `moment`: each begins with a claim and ends with
    the step that changes the status next.
    """
    query = """\
SELECT action, actor, before ->> ?1, after ->> ?1, CAST(after ->> ?2 AS INTEGER), at - ?3 + ?4, note
FROM trace WHERE before ->> ?1 IS NOT NULL ORDER BY seq"""
    places = (f"status[job{number}]", f"token[job{number}]")
    found: list[Past] = []
    for action, actor, before, after, token, at, note in t.own(query, (*places, *now)):
        if after == "claimed":
            found.append(Past(token, actor, _pid(t, actor), at, None, "running", None))
        elif before == "claimed":
            how = OUTCOMES.get(RENAMED.get(action, action), action)
            ended = {"ended": at, "outcome": how, "note": note}
            if found:  # or its claim is older than the trace, or the trace is damaged
                found[-1] = replace(found[-1], **ended)
    return tuple(found)


def _pid(t: Transaction, actor: str) -> int | None:
    number = actor.removeprefix("worker")
    found = t.own("SELECT pid FROM process WHERE id = ?", (number,))
    return found[0][0] if found else None


def stats(queue: Queue) -> Stats:
    """Return the counts and ages. Raises `StoreError`."""
    now, wall = moment(queue)
    seeing = queue.store.seeing()
    with queue.snapshot() as t:

        def one(query: str, *values: int) -> Any:
            return t.own(query, values)[0][0]

        return Stats(
            dict(t.own("SELECT status, count(*) FROM job GROUP BY status ORDER BY status")),
            dict(t.own("SELECT reason, count(*) FROM job WHERE status = 'dead' GROUP BY 1")),
            one("SELECT ?1 - min(due) FROM job WHERE due <= ?1", now),
            one("SELECT ?1 - min(lease) FROM job WHERE lease <= ?1", now),
            one("SELECT count(*) FROM outbox WHERE NOT sent"),
            one("SELECT count(*) FROM job WHERE notice = 'due'"),
            one(_GIVEN_UP),
            queue.epoch,
            _kinds(t, seeing, now, wall),
            seeing.one,
        )


_KNOW = """\
SELECT mine.value, process.id, pid FROM process, json_each(process.kinds) AS mine
WHERE sort = 'Worker' ORDER BY pid, process.id"""


def workers_of(t: Transaction, seeing: Seeing) -> dict[str, tuple[int, ...]]:
    """Return the processes of the system of all workers that are seen to run, by kind."""
    found: dict[str, dict[int, None]] = {}
    for kind, number, pid in t.own(_KNOW):
        if seeing.runs(number, pid):
            found.setdefault(kind, {})[pid] = None
    return {kind: tuple(pids) for kind, pids in found.items()}


def _kinds(t: Transaction, seeing: Seeing, now: int, wall: int) -> dict[str, Waiting]:
    ready = "SELECT kind, count(*) FROM job WHERE status = 'ready' GROUP BY kind"
    jobs, workers = dict(t.own(ready)), workers_of(t, seeing)
    paused = {pause.kind: pause for pause in pauses(t, now, wall)}
    return {
        kind: Waiting(jobs.get(kind, 0), paused.get(kind), workers.get(kind, ()))
        for kind in sorted(jobs.keys() | paused.keys())
    }
