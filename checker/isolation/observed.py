"""All that is shown on a server of one's own, which is started for it and ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checker.isolation import stepped
from checker.isolation.claims import Claimed, claimed
from checker.isolation.stale_runs import SMALL, StaleRun, stale_runs
from impl.postgresql.embedded import Server
from impl.postgresql.isolation import LEVELS, Level


@dataclass(frozen=True)
class Observed:
    """A run, what was said and what came of it at each level, and what came of whole steps at the
    weakest one.
    """

    run: StaleRun
    levels: dict[Level, tuple[str, str]]
    whole: str


def stale_guards() -> tuple[str, list[Observed]]:
    """Return which server it is, and what it makes of each guard that is missed when stale."""
    with Server() as server:
        return server.version, list(_observed(server))


def _observed(server: Server) -> Iterator[Observed]:
    for run in stale_runs(SMALL):
        came = {
            level: (run.predicted(level), stepped.stale(server, run, level).what)
            for level in LEVELS
        }
        yield Observed(run, came, stepped.whole(server, run, LEVELS[0]).what)


def greedy_claims() -> tuple[str, list[Claimed]]:
    """Return which server it is, and how many jobs each way to claim one takes."""
    with Server() as server:
        return server.version, list(claimed(server))
