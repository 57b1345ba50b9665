"""What every test stands on: compiled sources that are kept from one process to the next."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from impl.postgresql.trial.embedded import Server

# The workers of pytest and hundreds of processes started by tests would each compile them anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# pytest loads readline, which tells its workers, and all they start, how wide a terminal may be.
for measure in ("COLUMNS", "LINES"):
    os.environ.pop(measure, None)

# A shell lets what it runs in the background ignore Ctrl-C, and the processes of tests inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among the tests while they are collected, nor later: they all stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Return one server for all tests that need one; it ends with them."""
    from impl.postgresql.trial.embedded import Server

    with Server() as running:
        yield running
