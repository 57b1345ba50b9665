"""A worker in a process of its own, for tests that kill, pause and stop it.

`python -m tests.worker.queue_process FILE LEASE_MS GRACE`: jobs `step` write a mark, sleep for the
seconds of their payload, and count in the table `effects`; jobs `tell` send a message whose
receiver says so and hangs. Prints each mark and the tally.
"""

from __future__ import annotations

import json
import sys
import time

from impl.parts.outbox import Message
from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt


def step(attempt: Attempt) -> None:
    """Say that the handler was entered, take long, and have an effect."""
    print("entered", attempt.id, flush=True)
    time.sleep(attempt.payload)
    attempt.write("INSERT INTO effects VALUES (?, ?)", attempt.id, attempt.token[1])


def tell(attempt: Attempt) -> None:
    """Send a message that nobody will take."""
    attempt.send("hangs", attempt.id)


def hang(message: Message) -> None:
    """Say that the receiver was entered, and never come back."""
    print("entered", message.job, flush=True)
    time.sleep(3600)


def main() -> None:
    """Work until the queue is empty or a signal says stop."""
    file, lease_ms, grace = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    with Queue(file, lease_ms=lease_ms) as queue:
        worker = Worker(
            queue, {"step": step, "tell": tell}, receivers={"hangs": hang}, poll=0.05, grace=grace
        )
        tally = worker.run(until_empty=True)
    print(json.dumps(tally), flush=True)


if __name__ == "__main__":
    main()
