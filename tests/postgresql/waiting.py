"""Waiting until somebody waits."""

import time
from concurrent.futures import Future
from typing import Any

from impl.postgresql.trial.embedded import Server


def waits(server: Server, what: Future[Any]) -> None:
    """Wait until somebody waits for a lock."""
    asked = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with server.connect() as looking:
        until = time.monotonic() + 10
        while not looking.execute(asked).fetchall():
            assert time.monotonic() < until
            assert not what.done()
            time.sleep(0.01)
