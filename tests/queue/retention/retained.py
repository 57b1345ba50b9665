"""Jobs that are done, with something to be forgotten of them."""

import multiprocessing

from impl.queue import Queue
from impl.worker import Worker
from impl.working.attempt import Attempt
from tests.clocks import HandClock

FORK = multiprocessing.get_context("fork")
LATER = HandClock(uptime=HandClock.uptime + 7_200_000)


def work(attempt: Attempt) -> None:
    attempt.once("looked")
    attempt.send("mail", attempt.payload)


def done(queue: Queue, *kinds: str) -> None:
    Worker(queue, dict.fromkeys(kinds or ("k",), lambda a: None)).run(until_empty=True)
