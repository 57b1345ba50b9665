"""An AI pipeline: each stage costs money, so what it has returned is kept and not asked for again.

A worker that dies between a model's answer and the commit asks once more: no queue can undo a call
that nobody has written down. All other stages are found done.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt

DOCUMENTS = 15

TABLES = """
CREATE TABLE IF NOT EXISTS digest (
  document TEXT NOT NULL,
  summary TEXT NOT NULL,
  score REAL NOT NULL
) STRICT;
"""


def model(bill: Path, stage: str, document: str, text: str) -> str:
    """Answer as a model would that is paid for each call: the call stands on its bill."""
    with bill.open("a", encoding="utf-8") as opened:
        opened.write(f"{document} {stage}\n")
    return f"{stage}({text})"


def prepare(queue: Queue) -> None:
    """Ask for the documents; asking again changes nothing."""
    queue.define(TABLES)
    for number in range(1, DOCUMENTS + 1):
        queue.enqueue("digest", {"document": f"document {number}"}, key=f"digest {number}")


def digest(attempt: Attempt) -> None:
    """Extract, summarise, score: each stage builds on the last, and the end is written once."""
    document: str = attempt.payload["document"]
    bill = Path(f"{attempt.queue.path}.bill")
    text = attempt.result("extract", lambda: model(bill, "extract", document, document))
    summary = attempt.result("summarise", lambda: model(bill, "summarise", document, text))
    score = attempt.result("score", lambda: len(model(bill, "score", document, summary)) / 100)
    attempt.write("INSERT INTO digest VALUES (?, ?, ?)", document, summary, score)


HANDLERS = {"digest": digest}


def books(queue: Queue) -> Iterator[str]:
    """Yield how many documents are digested, and how many calls are on the bill."""
    ((digests,),) = queue.query("SELECT count(*) FROM digest")
    calls = len(Path(f"{queue.path}.bill").read_text(encoding="utf-8").splitlines())
    yield f"{digests} documents, {calls} calls"


if __name__ == "__main__":
    with Queue(sys.argv[1], lease_ms=1_000) as opened:
        prepare(opened)
        Worker(opened, HANDLERS).run(until_empty=True)
        print("\n".join(books(opened)))
