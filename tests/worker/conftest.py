"""A queue in a file with a ledger beside it, in which a failed job is tried again at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from impl.queue import Queue
from tests.worker.looking import AT_ONCE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def queue(file: Path) -> Iterator[Queue]:
    with Queue(file, backoff=AT_ONCE) as opened:
        opened.define("CREATE TABLE ledger (what TEXT NOT NULL UNIQUE) STRICT")
        yield opened
