"""Runs for those that explain and export them: kept ones, one that never ends, one out of range."""

from functools import cache

from ffq.textbook.two_phase_commit import commit_protocol

from checker.evidence.traces import FOLDER
from checker.explain.run import Run, open_run, run_of
from checker.runs.story import tell, tell_lasso
from checker.runs.trace import Trace
from checker.search.liveness import decide
from checker.search.plain import explore
from spec.failures.edits import Edits
from spec.language.scope import Scope
from spec.queue import SCOPES
from tests.specs.doors import DOOR
from tests.specs.lease_lock import lease_lock

COMMIT = Scope("commit", commit_protocol, {"Manager": 2})
LOCK = Scope("lock", lease_lock, {"Client": 1, "Tokens": 1})
ALL = {**SCOPES, "door": DOOR, "lock": LOCK, "commit": COMMIT}

KEPT = ["FM-007", "FM-010", "FM-013-naive-1", "FM-017", "FM-021", "FM-022a"]
"""Traces of the catalogue: a guard removed, a step split, a naive one, and one that never ends."""


@cache
def kept(name: str) -> Run:
    """Return a run of the catalogue."""
    return open_run(FOLDER / f"{name}.jsonl")


@cache
def windy() -> Run:
    """Return a run whose loop has steps: the door is opened and shut for ever."""
    return endless("doors_are_locked", "endless blow_open", "weakly lock")


@cache
def still() -> Run:
    """Return a run in which nothing ever happens."""
    return endless("shut_doors_are_locked", "unfair lock")


def endless(claim: str, *edits: str) -> Run:
    """Return a run of the door that never does what the claim promises."""
    made = Edits(edits)
    scope = made.on(DOOR)
    lasso = decide(scope)[claim].lasso
    assert lasso is not None
    story = tell_lasso(scope, lasso, claim)
    return run_of(Trace(DOOR, made, "plain", claim, story.lines, loop=story.loop))


@cache
def leaving() -> Run:
    """Return a run whose last step would store a number out of its range."""
    off = Edits(["acquire.tokens_left"])
    walk = explore(LOCK, off=off, until=frozenset(["range_last_token"])).walk("range_last_token")
    story = tell(off.on(LOCK), walk, "range_last_token")
    return run_of(Trace(LOCK, off, "plain", "range_last_token", story.lines))


@cache
def unanimous() -> Run:
    """Return a run of a spec of which no SQL is made: a coordinator looks at every manager."""
    off = Edits(["hear_prepared.sent"])
    walk = explore(COMMIT, off=off, until=frozenset(["all_agree"])).walk("all_agree")
    story = tell(off.on(COMMIT), walk, "all_agree")
    return run_of(Trace(COMMIT, off, "plain", "all_agree", story.lines))
