"""A queue with a job of each status, and what its export comes to when it is taken in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from impl import report
from impl.queue import Queue
from impl.terms.requests import BadRequest
from impl.upgrades.export import exported
from impl.upgrades.intake import Taken, take_in
from impl.working.attempt import Attempt
from tests.clocks import HandClock

ODD = 'é ☃ \x7f\u202e "quoted" 𝄞'


def charge(attempt: Attempt) -> None:
    attempt.once("said")
    attempt.result("quote", lambda: {"amount": 7, "odd": ODD})
    attempt.send("mail", {"to": ODD})


def fail(attempt: Attempt) -> None:
    raise RuntimeError("no such account")


def lines_of(file: Path | str, clock: HandClock) -> list[str]:
    with Queue(file, clock=clock) as queue:
        return list(exported(queue))


def taken_in(file: Path | str, lines: Sequence[str]) -> Taken:
    return take_in(file, (f"{line}\n".encode(errors="surrogatepass") for line in lines))


def refused(file: Path, lines: Sequence[str]) -> str:
    """Return why lines are not taken in, and see that nothing is left of them."""
    before = sorted(file.parent.iterdir())
    with pytest.raises(BadRequest) as wrong:
        taken_in(file, lines)
    assert sorted(file.parent.iterdir()) == before
    (text,) = str(wrong.value).splitlines()
    return text


def jobs(file: Path | str, clock: HandClock) -> list[Any]:
    """Return what users see of jobs, but for their tokens and what only a trace tells."""
    with Queue(file, clock=clock) as queue:
        found = [report.job(queue, line.id) for line in report.jobs(queue)]
    return [
        (w.line, w.payload, w.fails, w.interrupts, w.reason, w.letter, w.retry_of, w.retried_as,
         w.steps)
        for w in found
    ]  # fmt: skip
