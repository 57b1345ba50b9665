"""A worker under torture, in a process of its own: its handlers leave a trace of every effect.

It is run by the torture as `python -m checker.conformance.torture_worker`, and dies with it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import impl.queue
from checker.conformance.torture_diary import Diary
from checker.conformance.torture_plan import EFFECTS, Kind
from impl.attempt import Attempt, Statement
from impl.backoff import Backoff
from impl.derive import derive
from impl.outbox import Message
from impl.queue import Queue
from impl.tasks import design
from impl.worker import Handler, Worker
from spec.language.edits import without

LEDGER = """\
CREATE TABLE IF NOT EXISTS ledger (  -- every effect, as often as it was made: nothing is unique
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  effect TEXT NOT NULL,
  token INTEGER NOT NULL,
  pid INTEGER NOT NULL
) STRICT"""

TOPIC = "torture"

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, of linux/prctl.h


def open_queue(folder: Path, lease_ms: int) -> Queue:
    """Return the queue that is tortured."""
    quick = Backoff(first_ms=10, most_ms=100, budget=1_000_000)
    # A worker may be paused while it holds the lock for writing, and the others have to wait.
    return Queue(folder / "queue.db", lease_ms=lease_ms, backoff=quick, busy_ms=60_000)


def main(arguments: Sequence[str]) -> None:
    """Work until told to stop; `arguments`: folder, lease, parent, protections left out."""
    folder, lease_ms, parent, *off = arguments
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != int(parent):
        return  # it had died before
    if off:
        _leave_out(off)
    diary = Diary(Path(folder))

    def told(job: int, reason: str) -> None:
        diary.write("told", job=job, reason=reason)

    with open_queue(Path(folder), int(lease_ms)) as queue:
        receivers = {TOPIC: _Receiver(diary)}
        worker = Worker(
            queue, _handlers(), receivers=receivers, on_death=told, poll=0.02, grace=1.0
        )
        worker.tally = _Tally(diary)
        diary.write("joined", pid=os.getpid(), worker=worker.process.element + 1)
        worker.run()


def _leave_out(off: Sequence[str]) -> None:
    """Let queues opened by this process have no such guards in their SQL."""
    spec = design().scope.spec
    for guard in off:
        spec = without(spec, guard)
    faulty = replace(design(), transitions=derive(design().scope.on(spec)).transitions)
    setattr(impl.queue, "design", lambda: faulty)  # noqa: B010  # mypy knows it as a cached one


class _Tally(Counter[str]):
    """Counts, and tells of each claim that was found lost, and who refused."""

    def __init__(self, diary: Diary) -> None:
        super().__init__()
        self._diary = diary

    def __setitem__(self, outcome: str, count: int) -> None:
        if outcome == "lost":
            self._diary.write("lost", why=str(sys.exc_info()[1]))
        super().__setitem__(outcome, count)


# ---------------------------------------------------------------- what is done
def _handlers() -> dict[str, Handler]:
    chance = Random()

    def wait(attempt: Attempt) -> None:
        time.sleep(attempt.payload["ms"] * chance.random() / 1000)

    def effect(attempt: Attempt, name: str) -> Statement:
        insert = "INSERT INTO ledger (job, effect, token, pid) VALUES (?, ?, ?, ?)"
        return insert, (attempt.id, name, attempt.token[1], os.getpid())

    def handle(attempt: Attempt, kind: Kind) -> None:
        wait(attempt)
        if kind == "poison" or (kind == "flaky" and chance.random() < 0.4):
            raise RuntimeError(f"{kind} as planned")
        *early, last = EFFECTS[kind]
        for name in early:
            attempt.once(name, effect(attempt, name))
            attempt.result(f"{name} seen", lambda: attempt.token[1])
            wait(attempt)
        if kind == "send":
            attempt.send(TOPIC, {"job": attempt.id})
        sql, values = effect(attempt, last)
        attempt.write(sql, *values)
        wait(attempt)

    def handler(kind: Kind) -> Handler:
        return lambda attempt: handle(attempt, kind)

    return {kind: handler(kind) for kind in EFFECTS}


class _Receiver:
    """Stands for a service elsewhere: it keeps no key in mind, so each delivery is seen."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary

    def __call__(self, message: Message) -> None:
        self._diary.write("delivered", key=message.key)
        time.sleep(0.002)  # a kill may come before the message is marked


if __name__ == "__main__":
    main(sys.argv[1:])
