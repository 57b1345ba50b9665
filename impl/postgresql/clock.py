"""The clock of a server, by which all its queues go, on whatever machine they are.

It is the wall clock there: nothing in SQL is monotonic. Whoever sets it back lets leases and delays
last longer, and whoever sets it on ends them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from impl.terms.clock import Clock


class ServerClock:
    """The clock of a server, or another one that was given instead, as tests do."""

    ASK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"

    def __init__(self, ask: Callable[[str], list[Any]], instead: Clock | None) -> None:
        self._ask, self._instead = ask, instead

    def given(self) -> int | None:
        """Return the moment by the clock that was given; None if the server has the only one."""
        return None if self._instead is None else self._instead.since_boot()

    def now(self) -> int:
        """Return the moment by the clock of the queue, in ms."""
        given = self.given()
        return int(self._ask(self.ASK)[0][0]) if given is None else given

    def wall(self) -> int:
        """Return the milliseconds since 1970; anybody may set it."""
        return self.now() if self._instead is None else self._instead.wall()
