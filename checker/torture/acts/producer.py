"""A producer under torture: asks for the jobs that it is told to, and notes every answer.

Another one asks for the same jobs, now and then with another payload under the same key. Between
two of them it cancels some job, or retries one that is dead, or asks for one more, about the same
as others.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from checker.torture.acts.conditions import DATABASE, enter, open_queue
from checker.torture.acts.ledger import Ledger
from checker.torture.acts.plan import Order, Plan, order
from impl.parts.asking import Enqueued
from impl.queue import Queue
from impl.terms.outcomes import OutcomeUnknown
from impl.terms.requests import BadRequest
from impl.terms.unusable import OtherHistory, StoreError

_Made = tuple[int, bool, bool]
"""A job, whether it is new, and whether it has kept out the one that was asked for."""

SUBJECTS = ("a", "b")
"""What jobs are about that keep each other out: few, so that they do."""

PATIENCE_S = 0.05
"""Between two attempts to reach a store that cannot be used."""


def main(folder: Path, plan: Plan, told: Connection) -> None:
    """Ask for one job after the other, as told by their numbers, in a process of its own."""
    ledger = Ledger(folder)
    disk = enter(folder)
    producer = _Producer(ledger, plan)
    while True:
        try:
            number, twin = told.recv()
        except EOFError:
            break
        producer.ask(number, twin)
        producer.meddle()
    del disk
    os._exit(0)


class _Producer:
    def __init__(self, ledger: Ledger, plan: Plan) -> None:
        self._ledger, self._plan, self._chance = ledger, plan, Random()
        self._queue: Queue | None = None

    def ask(self, number: int, twin: bool) -> None:
        """Ask for a job; a twin asks for what another producer asks for as well."""
        wanted = order(self._plan, number)
        payload = dict(wanted.payload)
        if twin and self._chance.random() < 0.3:
            payload["chance"] = self._chance.random()
        told = {"n": number, "key": wanted.key, "kind": wanted.kind, "payload": payload}
        self._ledger.write("asks", **told)
        self._answered("enqueue", told, partial(_enqueue, wanted=wanted, payload=payload))

    def meddle(self) -> None:
        """Cancel a job or retry one, or, as a rule, leave them in peace."""
        chance = self._chance.random()
        if chance < 0.03:
            for job in self._some("status IN ('ready', 'claimed')"):
                self._ledger.write("cancels", job=job)
                self._answered("cancel", {"job": job}, partial(Queue.cancel, job=job))
        elif chance < 0.06:
            for job in self._some("status = 'dead'"):
                self._ledger.write("retries", job=job)
                self._answered("retry", {"job": job}, partial(_retry, job=job))
        elif chance < 0.16:
            self._rival()

    def _rival(self) -> None:
        """Ask for a job that others may keep out, or that keeps them out."""
        chance, about = self._chance, self._chance.choice(SUBJECTS)
        payload = {"ms": chance.randrange(150), "chance": chance.randrange(10**6)}
        key = f"about {about} {chance.randrange(10**12)}"
        told = {"key": key, "kind": "write", "payload": payload, "about": about}
        self._ledger.write("asks", **told)
        until = chance.choice(("over", "claimed"))
        self._answered("enqueue", told, partial(_about, told=told, until=until))

    def _some(self, which: str) -> list[int]:
        query = f"SELECT id FROM job WHERE {which} ORDER BY random() LIMIT 1"
        return [int(job) for (job,) in self._patiently(partial(Queue.query, sql=query))]

    def _answered(self, what: str, about: dict[str, Any], ask: Callable[[Queue], Any]) -> None:
        """Ask until there is an answer, and note it."""
        try:
            answer = self._patiently(ask)
        except BadRequest as refused:
            self._ledger.write("refused", what=what, **about, why=str(refused))
        else:
            self._ledger.write("answered", what=what, **about, answer=answer)

    def _patiently(self, ask: Callable[[Queue], Any]) -> Any:
        while True:
            try:
                if self._queue is None:
                    self._queue = open_queue(Path(DATABASE), Path(), self._plan.lease_ms)
                return ask(self._queue)
            except OtherHistory:  # as after a crash of the server
                self._queue = None
            except (StoreError, OutcomeUnknown):
                time.sleep(PATIENCE_S)


def _enqueue(queue: Queue, wanted: Order, payload: dict[str, Any]) -> _Made:
    return _made(
        queue.enqueue(
            wanted.kind, payload, key=wanted.key, delay=wanted.delay, timeout=wanted.timeout,
            max_attempts=wanted.max_attempts, max_interrupts=wanted.max_interrupts,
        )
    )  # fmt: skip


def _about(queue: Queue, told: dict[str, Any], until: str) -> _Made:
    return _made(
        queue.enqueue(
            told["kind"], told["payload"], key=told["key"], timeout=20.0,
            unique=told["about"], unique_until=until,
        )
    )  # fmt: skip


def _retry(queue: Queue, job: int) -> _Made:
    return _made(queue.retry(job))


def _made(made: Enqueued) -> _Made:
    return made.id, made.new, made.kept_out
