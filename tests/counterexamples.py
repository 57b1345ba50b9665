"""A shortest run for each protection of the queue that breaks something once it is taken away."""

from functools import cache

from checker.runs.exploration import Exploration, Limits
from checker.runs.story import Story, tell
from checker.runs.trace import Trace
from checker.search import plain
from checker.search.compiled import explore
from spec.failures.edits import Edits
from spec.language.scope import Scope
from spec.queue import DEFAULT, SCOPES

WHOLE_LIFE = [SCOPES[name] for name in ("one-job", "whole", "requests", "effects", "life")]
OTHERS = [SCOPES[name] for name in DEFAULT if SCOPES[name] not in WHOLE_LIFE]

GUARDS = list(dict.fromkeys(g for scope in WHOLE_LIFE for g in scope.spec.guard_names()))
APART = [g for scope in OTHERS for g in scope.spec.guard_names() if g not in GUARDS]
"""Guards of a job's life, and those that only scopes of their own have."""


@cache
def counterexample(*off: str) -> tuple[Trace, Story]:
    """Return a shortest run that violates something without these protections, where the smallest
    scope that misses them has one.
    """
    edits = Edits(off)
    for scope in (*WHOLE_LIFE, *OTHERS):
        if not set(edits.guards) <= set(scope.spec.guard_names()):
            continue
        whole = edits.whole.on(scope)
        safety = {p.name for p in whole.spec.properties.values() if p.kind in ("invariant", "step")}
        found = _explored(whole, edits, frozenset(safety))
        broken = [n for n in found.violations if n in safety or n.startswith("range_")]
        if broken:
            violated = min(broken, key=lambda n: (found.violations[n], n))
            story = tell(edits.on(scope), found.walk(violated), violated)
            return Trace(scope, edits, "compiled", violated, story.lines), story
    raise AssertionError(f"nobody misses {off}")


def _explored(whole: Scope, edits: Edits, until: frozenset[str]) -> Exploration:
    """Search plainly first where every action would have to be compiled anew."""
    if not edits.guards:
        found = plain.explore(whole, Limits(max_states=2_000), until=until)
        if found.violations:
            return found
    return explore(whole, off=edits.guards, until=until, threads=1)
