"""A worker under torture: what it is told of its attempts, messages and deaths, it notes.

It ends by itself only where a worker may: when it is told to, and when the store could not be used
for longer than it is patient.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from checker.torture.acts.conditions import DATABASE, enter, open_queue
from checker.torture.acts.handlers import TOPIC, WELL, Handle, Place
from checker.torture.acts.ledger import Ledger
from checker.torture.acts.misbehaving import FOR_EVER_S, ILL
from impl.inject.edits import leave_out
from impl.parts.outbox import Message
from impl.pool import Pool
from impl.terms.outcomes import OutcomeUnknown
from impl.terms.unusable import StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt
from impl.working.handling import Handler

GAVE_UP = 75
"""The status of a process for which the store could not be used for too long."""


def main(folder: Path, lease_ms: int, without: Sequence[str], at_once: int = 1) -> None:
    """Work until told to stop, in a process of its own; `without`: protections left out,
    `at_once`: workers in it.
    """
    ledger = Ledger(folder)
    disk = enter(folder)  # which is there as long as it is named
    leave_out(without)
    try:
        _work(ledger, folder, lease_ms, at_once)
    except (StoreError, OutcomeUnknown) as failed:
        ledger.write("gave up", why=f"{type(failed).__name__}: {failed}")
        os._exit(GAVE_UP)
    except KeyboardInterrupt:  # told to stop before it works, or after
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)
    except BaseException as broke:
        traceback.print_exc()
        ledger.write("broke", pid=os.getpid(), why=f"it raised {type(broke).__name__}")
        os._exit(1)
    del disk
    os._exit(0)  # threads of handlers may be left, which no one waits for


def _work(ledger: Ledger, folder: Path, lease_ms: int, at_once: int) -> None:
    place = Place(ledger, lease_ms / 1000)

    def told(job: int, reason: str) -> None:
        ledger.write("told", job=job, reason=reason)
        _take(place)

    def receive(message: Message) -> None:
        # It stands for a service that keeps no key in mind, so each delivery is seen.
        body: Any = message.body
        ledger.write("delivered", key=message.key, job=message.job, body=body)
        _take(place)

    def ended(attempt: Attempt, how: str) -> None:
        about = {"job": attempt.id, "number": attempt.number}
        if how == "begun":
            ledger.write("begun", **about, token=attempt.token)
        else:
            ledger.write("ended", **about, how=how)

    # By a relative path, as in the README: handlers change the folder.
    with open_queue(Path(DATABASE), folder, lease_ms) as queue:
        about: dict[str, Any] = {
            "receivers": {TOPIC: receive}, "on_death": told, "on_step": ended,
            "poll": 0.02, "grace": 0.5,
        }  # fmt: skip
        if at_once == 1:
            worker = Worker(queue, _handlers(place), **about)
            team, run = [worker], worker.run
        else:
            pool = Pool(queue, _async_handlers(place), workers=at_once, **about)
            team, run = pool.workers, pool.run
        for each in team:
            each.tally = _Tally(ledger)
        ledger.write("joined", workers=[each.process.element + 1 for each in team])
        run()


def _handlers(place: Place) -> dict[str, Handler]:
    def handler(handle: Handle) -> Handler:
        return lambda attempt: handle(place, attempt)

    return {kind: handler(handle) for kind, handle in (WELL | ILL).items()}


def _async_handlers(place: Place) -> dict[str, Handler]:
    """Return handlers of which those that do well are async, and hold up the loop now and then."""

    def handler(handle: Handle) -> Handler:
        async def awaited(attempt: Attempt) -> None:
            await asyncio.sleep(place.chance.uniform(0, 0.05))
            handle(place, attempt)
            await asyncio.sleep(place.chance.uniform(0, 0.05))

        return awaited

    async def hang(attempt: Attempt) -> None:
        await asyncio.sleep(FOR_EVER_S)

    asynchronous = {kind: handler(handle) for kind, handle in WELL.items()}
    return _handlers(place) | asynchronous | {"hang": hang}


class _Tally(Counter[str]):
    """Counts, and tells of each claim that was found lost, and who refused."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    def __setitem__(self, outcome: str, count: int) -> None:
        if outcome == "lost":
            self._ledger.write("lost", why=str(sys.exc_info()[1]))
        super().__setitem__(outcome, count)


def _take(place: Place) -> None:
    """Take what was said, and now and then not come back, or say that it was not taken."""
    time.sleep(0.002)  # a kill may come before it is marked
    chance = place.chance.random()
    if chance < 0.02:
        time.sleep(3 * place.lease_s)
    elif chance < 0.06:
        raise RuntimeError("not taken, though it was")
    elif chance < 0.08:
        sys.exit("not taken, though it was")
