"""All that is shown on a server of one's own, which is started for it and ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checker.isolation import stepped
from checker.isolation.claims import Claimed, claimed
from checker.isolation.stale_runs import StaleRun, stale_runs
from impl.postgresql.text.isolation import LEVELS, Level
from impl.postgresql.trial.embedded import NoServer, Server
from spec.language.scope import Scope

__all__ = ["NoServer", "Observed", "greedy_claims", "stale_guards"]


@dataclass(frozen=True)
class Observed:
    """A run, and for each level what was said of it and what came: of the look and the write, and
    of whole steps of which the last two came at once.
    """

    run: StaleRun
    stale: dict[Level, tuple[str, str]]
    at_once: dict[Level, tuple[str, str]]


def stale_guards(scope: Scope) -> tuple[str, list[Observed]]:
    """Return which server it is, and what it makes of each guard that is missed when stale; raises
    `NoServer`.
    """
    with Server() as server:
        return server.version, list(_observed(server, scope))


def _observed(server: Server, scope: Scope) -> Iterator[Observed]:
    for run in stale_runs(scope):
        stale = {
            level: (run.predicted(level), stepped.stale(server, run, level).what)
            for level in LEVELS
        }
        at_once = {
            level: (run.at_once(level), stepped.whole(server, run, level, at_once=True).what)
            for level in LEVELS
        }
        yield Observed(run, stale, at_once)


def greedy_claims() -> tuple[str, list[Claimed]]:
    """Return which server it is, and how many jobs each way to claim one takes; raises
    `NoServer`.
    """
    with Server() as server:
        return server.version, list(claimed(server))
