"""A queue in a file with a ledger beside it, in which a failed job is tried again at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from impl.address import on_a_server
from impl.queue import Queue
from tests.stores import place, pytest_generate_tests
from tests.worker.looking import AT_ONCE


@pytest.fixture
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return place(request, tmp_path)


@pytest.fixture
def queue(file: Path) -> Iterator[Queue]:
    with Queue(file, backoff=AT_ONCE) as opened:
        strict = "" if on_a_server(str(file)) else " STRICT"
        opened.define(f"CREATE TABLE ledger (what TEXT NOT NULL UNIQUE){strict}")
        yield opened


__all__ = ["pytest_generate_tests"]
