"""Running scopes and judging what was found: one verdict for each property, with its kind of evidence."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NoReturn

from checker.exploration import Exploration, Limits, Path, Report
from checker.story import RANGE
from checker.trace import edited
from spec.language.misuse import Misuse
from spec.language.model import Property
from spec.language.scope import Scope

Evidence = Literal["P", "E", "S", "V", "✗", "?"]

WORDS = {"P": "holds", "E": "holds", "S": "holds", "V": "vacuous", "✗": "violated", "?": "not finished"}

LIVENESS = "liveness is not decided by this version"


@dataclass(frozen=True)
class Verdict:
    """What is known of one property, by which evidence; `says` is for people, `steps` for ✗ alone."""

    evidence: Evidence
    says: str
    steps: int | None = None

    @property
    def symbol(self) -> str:
        """The evidence as tables print it: `E`, `✗7`."""
        return self.evidence if self.steps is None else f"{self.evidence}{self.steps}"

    @property
    def failed(self) -> bool:
        """Whether the property fails; a vacuous one does."""
        return self.evidence in ("V", "✗")


@dataclass(frozen=True)
class Judged:
    """A property in one scope and its verdict; a number out of its range has the kind `range`."""

    id: str
    name: str
    kind: str
    verdict: Verdict


@dataclass(frozen=True)
class Result:
    """One scope explored and judged; `base` has no edits made."""

    base: Scope
    edits: tuple[str, ...]
    exploration: Exploration
    judged: tuple[Judged, ...]

    @property
    def never_fired(self) -> tuple[str, ...]:
        """The actions that no state enables; of a run that is not finished nothing is known."""
        return self.exploration.never_fired if self.exploration.complete else ()

    @property
    def failed(self) -> bool:
        """Whether a property fails here, or an action never fires."""
        return bool(self.never_fired) or any(j.verdict.failed for j in self.judged)

    @property
    def finished(self) -> bool:
        """Whether no limit ended the exploration."""
        return self.exploration.stopped_by in (None, "violation")


@dataclass(frozen=True)
class Plan:
    """What to check, and how; `max_seconds` of the limits is for all scopes together."""

    scopes: tuple[Scope, ...]
    edits: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    wanted: frozenset[str] = frozenset()
    engine: str = "compiled"
    threads: int | None = None
    symmetry: bool = True
    limits: Limits = field(default_factory=Limits)


def run(plan: Plan, report: Callable[[Scope], Report | None]) -> Iterator[Result]:
    """Yield the result of each scope as it is ready; after an interrupt the rest is not begun."""
    began = time.perf_counter()
    stopped: str | None = None
    for base in plan.scopes:
        scope = edited(base, plan.edits)
        left = None
        if plan.limits.max_seconds is not None:
            left = max(0.0, plan.limits.max_seconds - (time.perf_counter() - began))
            stopped = stopped or ("max-seconds" if left == 0.0 else None)
        if stopped:
            found = _not_begun(scope, plan, stopped)
        else:
            limits = replace(plan.limits, max_seconds=left)
            found = _explore(plan, scope, limits, report(base))
        if found.stopped_by == "interrupt":
            stopped = "interrupt"
        yield Result(base, plan.edits, found, judge(found, plan))


def _explore(plan: Plan, scope: Scope, limits: Limits, report: Report | None) -> Exploration:
    until = _until(plan, scope)
    if plan.engine == "plain":
        from checker import plain

        return plain.explore(scope, limits, plan.off, until, report)
    from checker import compiled

    threads = plan.threads or _cores()
    return compiled.explore(
        scope, limits, plan.off, until, report, threads=threads, symmetry=plan.symmetry
    )


def _cores() -> int:
    # Containers often allow fewer cores than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _until(plan: Plan, scope: Scope) -> frozenset[str]:
    """Return the violations at which to stop: the wanted ones, or with a protection off any."""
    claims = {p.name for p in scope.spec.properties.values() if p.kind in ("invariant", "step")}
    if plan.wanted:
        return plan.wanted & claims
    if plan.edits or plan.off:
        return frozenset(claims | {RANGE + name for name in scope.spec.fields})
    return frozenset()


def _not_begun(scope: Scope, plan: Plan, reason: str) -> Exploration:
    fired = dict.fromkeys(scope.spec.actions, 0)
    return Exploration(
        scope, plan.off, plan.engine, (), reason, 0, 0, 0, 0.0, {}, frozenset(), fired, 0, _no_path
    )


def _no_path(violated: str) -> NoReturn:
    raise KeyError(violated)


# ---------------------------------------------------------------- verdicts
def judge(found: Exploration, plan: Plan) -> tuple[Judged, ...]:
    """Return the verdicts on the wanted properties, in the order declared, numbers out of range last."""
    spec = found.scope.spec
    claims = [p for p in spec.properties.values() if p.kind != "lemma"]
    if plan.wanted:
        claims = [p for p in claims if p.name in plan.wanted]
    decided = _liveness(found) if any(p.kind == "leads_to" for p in claims) else {}
    judged = [Judged(p.id, p.name, p.kind, _verdict(p, found, decided)) for p in claims]
    for name, steps in found.violations.items():
        if name.startswith(RANGE) and name not in spec.properties:
            judged.append(Judged("range", name, "range", _violated(steps)))
    return tuple(judged)


def _verdict(claim: Property, found: Exploration, decided: Mapping[str, Verdict]) -> Verdict:
    exercised = claim.name in found.exercised
    if claim.kind == "sometimes":
        if exercised:
            return Verdict("E", "reached")
        return Verdict("V", "never reached") if found.complete else _unfinished(claim, found)
    if claim.name in found.violations:
        return _violated(found.violations[claim.name])
    if not found.complete:
        return _unfinished(claim, found)
    if not exercised:
        return Verdict("V", "its condition never holds")
    if claim.kind == "leads_to":
        return decided.get(claim.name, Verdict("?", LIVENESS))
    return Verdict("E", "every state")


def _violated(steps: int) -> Verdict:
    return Verdict("✗", f"violated in {steps} step{'s' * (steps != 1)}", steps)


def _unfinished(claim: Property, found: Exploration) -> Verdict:
    if found.states == 0:
        return Verdict("?", "not begun")
    if found.stopped_by == "violation":
        return Verdict("?", "stopped at a violation")
    so_far = "not reached" if claim.kind == "sometimes" else "holds so far"
    return Verdict("?", f"{so_far}, {found.states:,} states")


def _liveness(found: Exploration) -> Mapping[str, Verdict]:
    """Ask the part that decides `leads_to`, where there is one."""
    if not found.complete:
        return {}
    try:
        from checker import liveness
    except ImportError:
        return {}
    verdicts: Mapping[str, Verdict] = liveness.decide(found.scope, found.off)
    return verdicts


# ---------------------------------------------------------------- all scopes together
def shortest(results: Sequence[Result]) -> tuple[Result, Judged, Path] | None:
    """Return the shortest violation of all, the first in order of scopes and properties among equals."""
    violated = [
        (judged.verdict.steps, i, j)
        for i, result in enumerate(results)
        for j, judged in enumerate(result.judged)
        if judged.verdict.evidence == "✗" and judged.kind != "leads_to"
    ]
    if not violated:
        return None
    _, i, j = min(violated)
    found, judged = results[i], results[i].judged[j]
    return found, judged, found.exploration.path(judged.name)


def status(results: Sequence[Result]) -> int:
    """Return the exit status: 1 if something fails, else 3 if something is not finished, else 0."""
    if any(result.failed for result in results):
        return 1
    return 0 if all(result.finished for result in results) else 3


def able(scope: Scope, edits: Sequence[str], off: Sequence[str]) -> Misuse | None:
    """Return why the edits cannot be made in this scope, or None if they can."""
    try:
        edited(scope, edits, off)
    except Misuse as misuse:
        return misuse
    return None
