"""Running scopes and judging what was found: a verdict for each property, with its evidence."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from checker.runs.exploration import Exploration, Interrupted, Limits, Report
from checker.runs.lasso import Decision
from checker.runs.story import RANGE, Story, tell, tell_lasso
from checker.runs.verdict import NOT_BEGUN, PROVED, STOPPED, Judged, Verdict
from checker.search.liveness import MAX_STATES, decide
from spec.failures.edits import NONE, Edits
from spec.language.declared.model import Property, Spec
from spec.language.scope import Scope


@dataclass(frozen=True)
class Result:
    """One scope explored and judged; `base` has no edits made."""

    base: Scope
    edits: Edits
    exploration: Exploration
    judged: tuple[Judged, ...]

    @property
    def never_fired(self) -> tuple[str, ...]:
        """The actions that no state enables; of a run that is not finished nothing is known, and
        where only some runs are looked at nothing is said.
        """
        known = self.exploration.complete and not self.edits.narrow
        return self.exploration.never_fired if known else ()

    @property
    def failed(self) -> bool:
        """Whether a property fails here, or an action never fires."""
        return bool(self.never_fired) or any(j.verdict.failed for j in self.judged)

    @property
    def finished(self) -> bool:
        """Whether no limit ended the exploration."""
        return self.exploration.stopped_by in (None, "violation")


@dataclass(frozen=True)
class CheckPlan:
    """What to check, and how; `max_seconds` of the limits is for all scopes together."""

    scopes: tuple[Scope, ...]
    edits: Edits = NONE
    wanted: frozenset[str] = frozenset()
    engine: str = "compiled"
    threads: int | None = None
    symmetry: bool = True
    limits: Limits = field(default_factory=Limits)
    every: bool = False
    """Decide in the scope, too, what is proved to come to be in any."""


class Contradiction(Exception):
    """A property is proved, and a run violates it: one of them is wrong, and it is our fault."""


def run(plan: CheckPlan, report: Callable[[Scope], Report | None]) -> Iterator[Result]:
    """Yield the result of each scope as it is ready; after an interrupt the rest is not begun."""
    began = time.perf_counter()
    stopped: str | None = None
    scopes = [plan.edits.whole.on(base) for base in plan.scopes]
    if plan.engine == "compiled":
        from checker.search import compiled

        compiled.prepare_ahead(scopes, plan.symmetry)
    for base, scope in zip(plan.scopes, scopes, strict=True):
        limits = _left(plan.limits, began)
        stopped = stopped or ("max-seconds" if limits.max_seconds == 0.0 else None)
        if stopped:
            found = _not_begun(scope, plan, stopped)
        else:
            found = _explore(plan, scope, limits, report(base))
        proved = _proved(plan, scope)
        try:
            judged = judge(found, replace(plan, limits=_left(plan.limits, began)), proved)
        except KeyboardInterrupt:  # while liveness was decided
            found = replace(found, stopped_by="interrupt")
            judged = judge(found, plan, proved)
        if found.stopped_by == "interrupt":
            stopped = "interrupt"
        yield Result(base, plan.edits, found, strengthened(judged, proved, scope.spec))


def _left(limits: Limits, began: float) -> Limits:
    """Return the limits with the seconds that are left of those for all scopes."""
    if limits.max_seconds is None:
        return limits
    used = time.perf_counter() - began
    return replace(limits, max_seconds=max(0.0, limits.max_seconds - used))


def _explore(plan: CheckPlan, scope: Scope, limits: Limits, report: Report | None) -> Exploration:
    until = _until(plan, scope)
    try:
        if plan.engine == "plain":
            from checker.search import plain

            return plain.explore(scope, limits, plan.edits.guards, until, report)
        from checker.search import compiled

        threads = plan.threads or _cores()
        return compiled.explore(
            scope, limits, plan.edits.guards, until, report, threads=threads, symmetry=plan.symmetry
        )
    except Interrupted as interrupted:
        return interrupted.found


def _cores() -> int:
    # Containers often allow fewer cores than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _until(plan: CheckPlan, scope: Scope) -> frozenset[str]:
    """Return the violations at which to stop: the wanted ones, or with a protection off any."""
    claims = {p.name for p in scope.spec.properties.values() if p.kind in ("invariant", "step")}
    if plan.wanted:
        return plan.wanted & claims
    if plan.edits:
        return frozenset(claims | {RANGE + name for name in scope.spec.fields})
    return frozenset()


def _not_begun(scope: Scope, plan: CheckPlan, reason: str) -> Exploration:
    fired = dict.fromkeys(scope.spec.actions, 0)
    off = plan.edits.guards
    return Exploration(
        scope, off, plan.engine, (), reason, 0, 0, 0, 0.0, {}, frozenset(), fired, 0, _no_path
    )


def _no_path(violated: str) -> NoReturn:
    raise KeyError(violated)


def _proved(plan: CheckPlan, scope: Scope) -> frozenset[str]:
    """Return what was proved before, by name; nothing is proved here."""
    from checker.prove.proof import known

    proof = None if plan.edits else known(scope.spec)
    names = scope.spec.properties if proof else ()
    return frozenset(name for name in names if proof and proof.proves(name))


# ---------------------------------------------------------------- verdicts
def strengthened(
    judged: Sequence[Judged], proved: frozenset[str], spec: Spec
) -> tuple[Judged, ...]:
    """Return the verdicts of a scope, with P where the claim is proved of its spec.

    A claim that is vacuous in the scope stays so. Raises `Contradiction`.
    """
    for j in judged:
        if j.name in proved and j.verdict.evidence == "✗":
            raise Contradiction(f"{j.name} is proved of {spec.name}, and a run violates it")
    return tuple(
        replace(j, verdict=PROVED) if j.name in proved and j.verdict.evidence != "V" else j
        for j in judged
    )


def judge(
    found: Exploration, plan: CheckPlan, proved: frozenset[str] = frozenset()
) -> tuple[Judged, ...]:
    """Return the verdicts on the wanted properties by ID, and then on numbers out of range.

    What is `proved` to come to be in every fair run is not asked here, unless the plan says so.
    """
    spec = found.scope.spec
    # The order in which modules are combined means nothing to a reader; within an ID it stays.
    claims = sorted((p for p in spec.properties.values() if p.kind != "lemma"), key=lambda p: p.id)
    if plan.wanted:
        claims = [p for p in claims if p.name in plan.wanted]
    leads_to = [p.name for p in claims if p.kind == "leads_to"]
    asked = [name for name in leads_to if plan.every or name not in proved]
    decided = dict.fromkeys(leads_to, PROVED)
    if asked and found.complete:
        decided |= _liveness(found, asked, plan)
    judged = [
        Judged(p.id, p.name, p.kind, _verdict(p, found, decided, plan.edits.narrow)) for p in claims
    ]
    for name, steps in found.violations.items():
        if name.startswith(RANGE) and name not in spec.properties:
            judged.append(Judged("range", name, "range", _violated(steps)))
    return tuple(judged)


def _verdict(
    claim: Property, found: Exploration, decided: Mapping[str, Verdict], narrow: bool
) -> Verdict:
    exercised = claim.name in found.exercised
    if claim.kind == "sometimes":
        if exercised:
            return Verdict("E", "reached")
        return Verdict("V", "never reached") if found.complete else _unfinished(claim, found)
    if claim.name in found.violations:
        return _violated(found.violations[claim.name])
    if not found.complete:
        return _unfinished(claim, found)
    if narrow:
        return Verdict("E", "every run that is left")
    if not exercised:
        return Verdict("V", "its condition never holds")
    if claim.kind == "leads_to":
        return decided[claim.name]
    return Verdict("E", "every state")


def _violated(steps: int) -> Verdict:
    return Verdict("✗", "violated", steps)


def _unfinished(claim: Property, found: Exploration) -> Verdict:
    if found.states == 0:
        return Verdict("?", NOT_BEGUN)
    if found.stopped_by == "violation":
        return Verdict("?", STOPPED["violation"])
    so_far = {"sometimes": "not reached yet", "leads_to": "not decided"}
    return Verdict("?", so_far.get(claim.kind, "holds so far"))


def _liveness(found: Exploration, names: list[str], plan: CheckPlan) -> Mapping[str, Verdict]:
    """Decide what must come to be, where the scope is small enough for the engine."""
    if found.engine == "plain":
        if found.states > MAX_STATES:
            why = f"the plain engine decides liveness only up to {MAX_STATES:,} states"
            return dict.fromkeys(names, Verdict("?", "not decided", why=why))
        decisions: Mapping[str, Decision] = decide(found.scope, found.off)
    else:
        from checker.search.memo import hopes

        decisions = hopes(found.scope, found.off, plan.limits, plan.threads or _cores())
    return {name: _decided(decisions[name]) for name in names}


def _decided(decision: Decision) -> Verdict:
    if decision.lasso is not None:
        steps = len(decision.lasso.stem)
        return replace(_violated(steps), says="a fair loop is reached", lasso=decision.lasso)
    if decision.verdict == "holds":
        return Verdict("E", "every fair run")
    return Verdict("?", "not decided", why=decision.reason)


# ---------------------------------------------------------------- all scopes together
def shortest(
    results: Sequence[Result], wanted: frozenset[str] = frozenset()
) -> tuple[Result, Judged] | None:
    """Return the shortest violation, the first in order of scopes and properties among equals.

    One of a property that is wanted comes before a number that leaves its range on the way there;
    runs that end come before runs that never do: they are easier to read.
    """
    violated = [
        (judged.name not in wanted, judged.kind == "leads_to", judged.verdict.steps, i, j)
        for i, result in enumerate(results)
        for j, judged in enumerate(result.judged)
        if judged.verdict.evidence == "✗"
    ]
    if not violated:
        return None
    *_, i, j = min(violated)
    return results[i], results[i].judged[j]


def story(result: Result, judged: Judged) -> Story:
    """Return the violation as a story."""
    scope = result.edits.on(result.base)
    if judged.verdict.lasso is not None:
        return tell_lasso(scope, judged.verdict.lasso, judged.name)
    return tell(scope, result.exploration.walk(judged.name), judged.name)


def status(results: Sequence[Result]) -> int:
    """Return the exit status: 1 if something fails, else 3 if something is not finished, else 0."""
    if any(result.failed for result in results):
        return 1
    return 0 if all(result.finished for result in results) else 3
