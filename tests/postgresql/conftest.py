"""One server for all tests that need one; it ends with them."""

from collections.abc import Iterator

import pytest

from impl.postgresql.embedded import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
