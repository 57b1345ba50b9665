"""Asking: a job is put in, or it is said which one is there instead.

What the spec calls a subject is the number of the first job about it, as long as a job about it is
remembered. So a job that is about itself alone has a subject that no other job will ever have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import uuid4

from impl.derive.reference import MOST
from impl.interface.process import newcomer
from impl.interface.step import Beside
from impl.interface.transaction import Transaction
from impl.parts.owner import Owner
from impl.terms.outcomes import Refused
from impl.terms.requests import (
    BadRequest,
    Json,
    Request,
    as_json,
    known,
    milliseconds,
    named,
    one_of,
    row_number,
    same_json,
    whole,
)  # fmt: skip
from impl.terms.unusable import RESTORE, Damaged
from spec.queue.job import Job


@dataclass(frozen=True)
class Enqueued:
    """A job that is in the queue; `new` is false if its key was known already. If it has
    `kept_out` the one that was asked for, that one is not in the queue: this one, under a key of
    its own, is about the same.
    """

    id: int
    key: str
    new: bool
    kept_out: bool = False


class Options(TypedDict, total=False):
    """What may be said of a job that is put in, as `Queue.enqueue` has it."""

    key: str | None
    delay: float
    max_attempts: int
    max_interrupts: int
    timeout: float
    unique: str | None
    unique_until: str


def wanted(
    kind: str,
    payload: Json = None,
    *,
    key: str | None = None,
    delay: float = 0.0,
    max_attempts: int = 3,
    max_interrupts: int = 10,
    timeout: float = 300.0,
    unique: str | None = None,
    unique_until: str = "over",
) -> Request:
    """Return what is asked for, or raise `BadRequest`."""
    throughout = one_of("unique_until", unique_until, ("over", "claimed")) == "over"
    return Request(
        uuid4().hex if key is None else named("key", key),
        named("kind", kind),
        as_json(f"payload of '{kind}'", payload),
        milliseconds("timeout", timeout, 1),
        milliseconds("delay", delay, 0),
        {
            "MaxFails": whole("max_attempts", max_attempts, 1, MOST),
            "MaxInterrupts": whole("max_interrupts", max_interrupts, 1, MOST),
        },
        subject=None if unique is None else named("unique", unique),
        throughout=throughout and unique is not None,
    )


_OF_KEY = """\
SELECT id, kind, CAST(payload AS BLOB) FROM job WHERE key = ? AND retry_of IS NULL"""

_ABOUT = "SELECT about FROM job WHERE subject = ? LIMIT 1"

_KEEPS_OUT = "SELECT id, key FROM job WHERE subject = ? AND keeps_out IS NOT NULL"

_TRIES = 100
"""On a server, whoever was in the way of a job may be gone when it is looked for."""

_DEAD = """\
SELECT status, recorded, key, kind, payload, timeout_ms, max_fails, max_interrupts,
  claimed_before + token, subject, throughout
FROM job WHERE id = ?"""


class Asking:
    """Puts jobs into a queue, in a transaction of it."""

    def __init__(self, queue: Owner) -> None:
        self._queue, self._store = queue, queue.store

    def ask(self, t: Transaction, r: Request) -> Enqueued:
        """Put a job in, or return the one that has its key, or keeps it out. Raises `BadRequest` if
        the key is that of another job.
        """
        for _ in range(_TRIES):
            made = self._insert(t, r)
            if made is not None:
                return made
            for job, kind, payload in t.own(_OF_KEY, (r.key,)):
                if kind != r.kind or not same_json(payload, r.payload):
                    fact = f"is that of job {job}, which has another kind or payload"
                    raise BadRequest(f"key '{r.key}': {fact}; choose a key of its own")
                return Enqueued(job, r.key, False)
            for job, key in t.own(_KEEPS_OUT, (r.subject,)):
                return Enqueued(job, key, False, kept_out=True)
        raise self._kept_out_by_none(r)

    def retry(self, job: int, delay_ms: int = 0) -> Enqueued:
        """Put the work of a dead job in again. Raises `BadRequest`, `StoreError`."""
        with self._queue.transaction() as t:
            found: Any = known(t.own(_DEAD, (row_number(job),)), job)
            status, recorded, key, kind, payload, timeout_ms, fails, interrupts, *more = found
            if status != "dead":
                raise BadRequest(f"job {job}: is {status}; only a dead job can be retried")
            if recorded:
                raise BadRequest(f"job {job}: its effect was made before it died; leave it")
            claims, subject, throughout = more
            budgets = {"MaxFails": fails, "MaxInterrupts": interrupts}
            request = Request(
                key, kind, payload, timeout_ms, delay_ms, budgets, job, claims, subject,
                bool(throughout),
            )  # fmt: skip
            for _ in range(_TRIES):
                for (already,) in t.own("SELECT id FROM job WHERE retry_of = ?", (job,)):
                    return Enqueued(already, key, False)
                made = self._insert(t, request)
                if made is not None:
                    break
                for other, _ in t.own(_KEEPS_OUT, (subject,)):
                    fact = f"job {other} is about the same, '{subject}', and keeps it out"
                    raise BadRequest(f"job {job}: {fact}; wait until that one is over")
            else:
                raise self._kept_out_by_none(request)
            copy = """\
INSERT INTO checkpoint SELECT ?, what, name, result FROM checkpoint WHERE job = ?"""
            t.own(copy, (made.id, job))
            return made

    def _kept_out_by_none(self, r: Request) -> Damaged:
        fact = f"is damaged: no job has the key '{r.key}' or keeps it out, and it is refused"
        return Damaged(self._store.path, fact, RESTORE)

    def _insert(self, t: Transaction, r: Request) -> Enqueued | None:
        """Put a job in, unless its key is known, or another one keeps it out."""
        job = t.new(Job)
        client = newcomer(self._store.design, Job, job)
        t.take("send", client)
        # Whoever asks is not content yet.
        world = {"content": False, "free": self._store.free(job)}
        lasts, beside = {"due": r.delay_ms}, Beside(carried=r.carried(t.claims))
        outcome = t.take(
            "enqueue", client, constants=r.budgets, world=world, beside=beside, lasts=lasts,
            d=0, u=_subject(t, r, job), whole=r.throughout,
        )  # fmt: skip
        match outcome:
            case Refused("new_key"):
                return None
            case Refused("vacant") if r.subject is not None:
                return None
            case Refused("headroom") if r.retry_of is None and t.own(_OF_KEY, (r.key,)):
                return None  # a job that is there needs no room
            case Refused("headroom"):
                raise self._store.full()
            case Refused(guard):
                fact = f"is damaged: job {job + 1} is new, and refused for {guard}"
                raise Damaged(self._store.path, fact, RESTORE)
        return Enqueued(job + 1, r.key, True)


def _subject(t: Transaction, r: Request, job: int) -> int:
    """Return what a new job is about, as the spec counts it; nobody else looks meanwhile."""
    if r.subject is None:
        return job
    t.alone(f"asking about {r.subject}")
    for (about,) in t.own(_ABOUT, (r.subject,)):
        return int(about) - 1
    return job
