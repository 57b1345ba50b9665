"""A store to be tried, in a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from impl.sqlite.store import Store
from tests.store.life import DESIGN


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "queue.db")


@pytest.fixture
def store(file: str) -> Iterator[Store]:
    opened = Store(DESIGN, file)
    yield opened
    opened.close()
