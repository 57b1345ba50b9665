"""A worker on a server, in a process of its own: `python -m tests.postgresql.worker_process URL`.

Whatever the server does to it, it opens the queue again and goes on, until every job is over.
"""

from __future__ import annotations

import sys
import time

from impl.queue import Queue
from impl.terms.backoff import Backoff
from impl.terms.outcomes import OutcomeUnknown
from impl.terms.unusable import StoreError
from impl.worker import Worker
from impl.working.attempt import Attempt

LEASE_MS = 700
QUICK = Backoff(first_ms=10, most_ms=50, budget=1_000_000)


def step(attempt: Attempt) -> None:
    """Have an effect, a step that is done once, and a message; fail at the first attempt, now and
    then.
    """
    attempt.once("begun", ("INSERT INTO begun VALUES (?)", (attempt.id,)))
    time.sleep(0.1)  # so that a blow finds it at work
    if attempt.payload and attempt.number == 1:
        raise ValueError("not at once")
    attempt.write("INSERT INTO effects VALUES (?, ?)", attempt.id, list(attempt.token))
    attempt.send("mail", attempt.id)


def main() -> None:
    """Work until the queue is empty."""
    while True:
        try:
            with Queue(sys.argv[1], lease_ms=LEASE_MS, backoff=QUICK, busy_ms=2_000) as queue:
                worker = Worker(
                    queue, {"step": step}, receivers={"mail": lambda _: None}, poll=0.05
                )
                worker.run(until_empty=True)
                return
        except (StoreError, OutcomeUnknown) as failed:
            print(failed, flush=True)
            time.sleep(0.1)


if __name__ == "__main__":
    main()
