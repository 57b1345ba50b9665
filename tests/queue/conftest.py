"""A queue in a file, whose clock stands still until a test moves it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from impl.queue import Queue
from tests.clocks import HandClock
from tests.stores import place, pytest_generate_tests


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return place(request, tmp_path)


@pytest.fixture
def queue(file: Path, clock: HandClock) -> Iterator[Queue]:
    with Queue(file, clock=clock, lease_ms=10_000) as opened:
        yield opened


@pytest.fixture
def mine(queue: Queue) -> Queue:
    queue.define("CREATE TABLE mine (x UNIQUE ON CONFLICT ROLLBACK)")
    queue.enqueue("k", key="waits", delay=60)
    return queue


@pytest.fixture
def retaining(file: Path, clock: HandClock) -> Iterator[Queue]:
    """Return a queue that forgets what has been over for an hour."""
    with Queue(file, clock=clock, lease_ms=10_000, retain=3_600) as opened:
        yield opened


@pytest.fixture
def shared(file: Path) -> Iterator[Queue]:
    """Return a queue that other processes work on, too: by the clock of the machine."""
    with Queue(file) as opened:
        yield opened


__all__ = ["pytest_generate_tests"]
