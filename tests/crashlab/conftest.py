"""One laboratory for all tests of it: a crew of this process alone."""

from collections.abc import Iterator

import pytest

from checker.crashlab.campaign import Crew


@pytest.fixture(scope="session")
def crew() -> Iterator[Crew]:
    with Crew(processes=1) as alone:
        yield alone
