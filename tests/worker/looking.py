"""What handlers under test write, and what the trace says of their attempts."""

from pathlib import Path
from typing import Any

from impl.queue import Queue
from impl.terms.backoff import Backoff
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.queue.file.looking import rows

AT_ONCE = Backoff(first_ms=0)


def notes(file: Path | str) -> list[tuple[str, str | None]]:
    """Return how the attempts ended, as the trace has it."""
    return rows(file, "SELECT action, note FROM trace WHERE action LIKE 'settle%' ORDER BY seq")


def enter(attempt: Attempt, what: str) -> None:
    attempt.write("INSERT INTO ledger VALUES (?)", what)


def outbox(queue: Queue, *bodies: Any) -> None:
    """Put messages to `mail` into the outbox."""
    queue.enqueue("tell", key="job")

    def tell(attempt: Attempt) -> None:
        for body in bodies:
            attempt.send("mail", body)

    Worker(queue, {"tell": tell}).run(until_empty=True)
