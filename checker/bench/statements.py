"""How many statements the reference queue sends to SQLite for a job, whatever the machine.

What a trigger does is part of the statement that fires it; a pragma is a statement as well.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from checker.bench.measure import Figure
from checker.bench.raw_sqlite import BATCH, PAYLOAD
from impl.queue import Queue
from impl.sqlite.queue_store import in_file
from impl.working.attempt import Attempt, claim
from spec.queue.job import Worker

GOALS = {"enqueue": 5, "claim": 5, "finish": 5}


def statements() -> Iterator[Figure]:
    """Count the statements for each job, one by one and in batches."""
    for what, texts in counted().items():
        goal = GOALS.get(what)
        yield Figure(what, len(texts), "statements", goal, at_most=True)
    for what, texts in counted(BATCH).items():
        words = f"{what}, {BATCH} at once"
        yield Figure(words, len(texts) / BATCH, "statements a job")


def counted(jobs: int = 1) -> dict[str, list[str]]:
    """Return the statements that so many jobs take, in one transaction for each of: enqueue, claim,
    enter the handler (each by itself), finish.
    """
    with tempfile.TemporaryDirectory(prefix="ffq-bench-") as folder, Queue(f"{folder}/q.db") as q:
        q.enqueue("job")  # whatever a first time costs
        workers = [q.process(Worker) for _ in range(jobs)]
        attempts: list[Attempt] = []

        def put() -> None:
            if jobs == 1:
                q.enqueue("job", PAYLOAD)
                return
            with q.transaction() as t:
                for _ in range(jobs):
                    q.enqueue("job", PAYLOAD, within=t)

        def take() -> None:
            with q.transaction(durable=False) as t:
                attempts.extend(a for w in workers if (a := claim(q, t, w, ["job"])))

        def enter() -> None:
            for attempt in attempts:
                attempt.start()

        def settle() -> None:
            with q.transaction() as t:
                for attempt in attempts:
                    attempt.finish(t)

        doings: dict[str, Callable[[], None]] = {
            "enqueue": put, "claim": take, "start": enter, "finish": settle,
        }  # fmt: skip
        return {what: _texts(q, doing) for what, doing in doings.items()}


def _texts(queue: Queue, doing: Callable[[], None]) -> list[str]:
    with _heard(queue) as texts:
        doing()
    return texts


@contextmanager
def _heard(queue: Queue) -> Iterator[list[str]]:
    """Listen to what is sent to SQLite."""
    texts: list[str] = []

    def hear(_: object, sql: str, __: object) -> bool:
        texts.append(sql)
        return True

    connection = in_file(queue.store).connection
    connection.exec_trace = hear
    try:
        yield texts
    finally:
        connection.exec_trace = None
