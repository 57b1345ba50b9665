"""One queue at work in a process of its own: `python -m checker.bench.contender NAME TASK N FILE`.

Prints the seconds that N jobs took, and those of the processor. Opening the file is not counted, so
that what is counted are the jobs.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from checker.bench import raw_sqlite
from checker.bench.raw_sqlite import BATCH, PAYLOAD, Jobs


def ours(file: str) -> dict[str, Jobs]:
    """Return what the reference queue can be asked to do."""
    from impl.queue import Queue
    from impl.worker import Worker
    from impl.working.attempt import Attempt, claim
    from spec.queue.job import Worker as WorkerSort

    queue = Queue(file)

    def enqueue(n: int) -> None:
        for _ in range(n):
            queue.enqueue("job", PAYLOAD)

    def enqueue_batch(n: int) -> None:
        for _ in range(n // BATCH):
            with queue.transaction() as t:
                for _ in range(BATCH):
                    queue.enqueue("job", PAYLOAD, within=t)

    def work(n: int) -> None:
        worker = queue.process(WorkerSort)
        for _ in range(n):
            with queue.transaction(durable=queue.waits("claim")) as t:
                attempt = claim(queue, t, worker, ["job"])
            assert attempt is not None
            attempt.start()
            with queue.transaction() as t:
                attempt.finish(t)

    def work_on(n: int) -> None:
        done = Worker(queue, {"job": lambda attempt: None}).run(until_empty=True)["done"]
        assert done == n, f"{done} of {n} jobs are done"

    def work_batch(n: int) -> None:
        workers = [queue.process(WorkerSort) for _ in range(BATCH)]
        began[:] = _now()
        for _ in range(n // BATCH):
            with queue.transaction(durable=queue.waits("claim")) as t:
                found = [claim(queue, t, w, ["job"]) for w in workers]
            attempts: list[Attempt] = [a for a in found if a is not None]
            for attempt in attempts:
                attempt.start()
            with queue.transaction() as t:
                for attempt in attempts:
                    attempt.finish(t)

    return {
        "enqueue": enqueue,
        "enqueue-batch": enqueue_batch,
        "work": work,
        "work-on": work_on,
        "work-batch": work_batch,
    }


def huey(file: str) -> dict[str, Jobs]:
    """Return what huey's SQLite storage does; taking a job deletes it, and there is no settling."""
    from huey.storage import SqliteStorage

    storage = SqliteStorage(filename=file)
    data = json.dumps(PAYLOAD).encode()

    def enqueue(n: int) -> None:
        for _ in range(n):
            storage.enqueue(data)

    def work(n: int) -> None:
        for _ in range(n):
            assert storage.dequeue() == data

    return {"enqueue": enqueue, "work": work}


def litequeue(file: str, synchronous: str | None = None) -> dict[str, Jobs]:
    """Return what litequeue does: as it comes, with `synchronous=NORMAL`, or as durable as ours."""
    from litequeue import LiteQueue

    queue = LiteQueue(file)
    if synchronous is not None:
        queue.conn.execute(f"PRAGMA synchronous={synchronous}")
    text = json.dumps(PAYLOAD)

    def enqueue(n: int) -> None:
        for _ in range(n):
            queue.put(text)

    def work(n: int) -> None:
        for _ in range(n):
            queue.done(queue.pop().message_id)

    return {"enqueue": enqueue, "work": work}


def persist_queue(file: str) -> dict[str, Jobs]:
    """Return what persist-queue's queue with acknowledgements does."""
    from persistqueue import SQLiteAckQueue

    queue = SQLiteAckQueue(file)

    def enqueue(n: int) -> None:
        for _ in range(n):
            queue.put(PAYLOAD)

    def work(n: int) -> None:
        for _ in range(n):
            queue.ack(queue.get())

    return {"enqueue": enqueue, "work": work}


CONTENDERS: dict[str, Callable[[str], dict[str, Jobs]]] = {
    "raw SQLite": raw_sqlite.tasks,
    "this queue": ours,
    "huey": huey,
    "litequeue": litequeue,
    "litequeue, synchronous=FULL": lambda file: litequeue(file, "FULL"),
    "persist-queue": persist_queue,
}

began = [0.0, 0.0]
"""When the jobs began, by the clock and by the processor: a task whose preparations are long sets
it anew.
"""


def _now() -> list[float]:
    return [time.perf_counter(), time.process_time()]


def main() -> None:
    """Do what the command line says."""
    name, task, n, file = sys.argv[1:]
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    tasks = CONTENDERS[name](file)
    began[:] = _now()
    tasks[task](int(n))
    print(*(now - then for now, then in zip(_now(), began, strict=True)))


if __name__ == "__main__":
    main()
