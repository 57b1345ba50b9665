"""What was found in a scope, remembered: the same spec, bounds and engine are explored once.

The key holds the text of the spec and of the engines, so that nothing stale is ever believed. Prose
is not part of it: mending a sentence explores nothing again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from checker.runs.cache import Place, place, recall, remember
from checker.runs.exploration import Exploration, Limits, Report
from checker.runs.lasso import Decision, Lasso
from checker.runs.sources import Sources
from spec.failures.edits import Edits
from spec.language.evaluate import Step
from spec.language.hashes import claims_hash
from spec.language.scope import Scope

_DECIDES = Sources(__name__)

_CHECKED = ("invariant", "step", "sometimes", "leads_to")

Watch = Callable[[], Report | None]


@dataclass(frozen=True)
class Figures:
    """The figures of an exploration that are the same on every machine."""

    states: int
    generated: int
    depth: int
    symmetry: tuple[str, ...]
    violations: Mapping[str, int]
    stopped_by: str | None


def look(
    scope: Scope,
    off: tuple[str, ...] = (),
    engine: str = "compiled",
    limits: Limits | None = None,
    watch: Watch = lambda: None,
) -> Figures:
    """Return what is found in the scope with the guards `off` removed; remembered if finished.

    `watch` is called if there is work to do, and returns what is told of its progress.
    """
    at = _place(scope, off, engine)
    known = recall(at, _found)
    if known is not None:
        return known
    explored = _explore(scope, off, engine, limits, watch())
    found = Figures(
        explored.states, explored.generated, explored.depth, explored.symmetry,
        dict(explored.violations), explored.stopped_by,
    )  # fmt: skip
    if explored.complete:
        remember(at, asdict(found))
    return found


def _explore(
    scope: Scope, off: tuple[str, ...], engine: str, limits: Limits | None, report: Report | None
) -> Exploration:
    if engine == "plain":
        from checker.search import plain

        return plain.explore(scope, limits, off, frozenset(), report)
    from checker.search import compiled

    threads = len(os.sched_getaffinity(0))
    return compiled.explore(scope, limits, off, frozenset(), report, threads=threads, symmetry=True)


def _place(scope: Scope, off: tuple[str, ...], engine: str) -> Place:
    bounds = sorted(scope.bounds.items())
    asked = claims_hash(scope.spec, *_CHECKED)
    return place("found", _DECIDES, [asked, bounds, sorted(off), engine])


def hopes(
    scope: Scope, off: tuple[str, ...], limits: Limits, threads: int
) -> Mapping[str, Decision]:
    """Return what is decided of each `leads_to` in the scope with the guards `off` removed;
    remembered if finished, or if nothing but the scope kept it from that.
    """
    from checker.search import fair_cycles

    at = _place(scope, off, "fair cycles")
    known = recall(at, lambda kept: _hopes(kept, Edits(off).on(scope)))
    if known is not None:
        return known
    decided = fair_cycles.decide(scope, off, limits, threads)
    if limits == Limits() or all(d.verdict != "unfinished" for d in decided.values()):
        kept = {name: d.reason or _lasso_as_json(d.lasso) for name, d in decided.items()}
        remember(at, kept)
    return decided


def _lasso_as_json(lasso: Lasso | None) -> list[Any] | None:
    if lasso is None:
        return None
    return [[[s.action.name, s.binding] for s in part] for part in (lasso.stem, lasso.loop)]


def _hopes(kept: Any, scope: Scope) -> dict[str, Decision]:
    actions = scope.spec.actions
    found = {}
    for name, parts in kept.items():
        if isinstance(parts, str):
            found[name] = Decision("unfinished", parts)
            continue
        found[name] = Decision("holds")
        if parts is not None:
            stem, loop = (tuple(Step(actions[a], b) for a, b in part) for part in parts)
            found[name] = Decision("violated", lasso=Lasso(stem, loop))
    return found


def _found(kept: Any) -> Figures:
    states, generated, depth = (int(kept[n]) for n in ("states", "generated", "depth"))
    violations = {str(name): int(steps) for name, steps in kept["violations"].items()}
    symmetry = tuple(str(name) for name in kept["symmetry"])
    return Figures(states, generated, depth, symmetry, violations, None)
