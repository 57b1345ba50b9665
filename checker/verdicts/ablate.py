"""Takes each protection away in turn, or each assumption about fair runs: what nobody misses guards
nothing, or is assumed in vain, or a property is missing.

An edit is missed if with it a property is violated that holds without it. Scopes are asked from the
smallest to the largest; the first one that misses it speaks for it. Of a guard, liveness is asked
only if no state of any scope misses it, in the least scope there is; an assumption changes nothing
but which runs are fair. Beside a guard stands what the solvers say: whether induction survives
without it, for any size.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from checker.prove.necessity import KEPT, Necessity, needed
from checker.prove.portfolio import Solvers, Told
from checker.runs.exploration import Limits, Report
from checker.runs.lasso import Decision, Lasso, judge
from checker.search import liveness
from checker.search.memo import hopes, look
from spec.failures.edits import NONE, Edits
from spec.language.edited.edits import assumptions
from spec.language.scope import Scope

THREADS = 2

Watch = Callable[[Scope, str], Report | None]
"""Told what is explored next; returns what to tell of its progress."""


@dataclass(frozen=True)
class Missed:
    """One property that is violated without a protection: in so many steps, or by a fair run that
    never ends.
    """

    id: str
    property: str
    steps: int | None
    lasso: Lasso | None = None


@dataclass(frozen=True)
class GuardVerdict:
    """What became of one edit: the scope that misses what it takes away, if any, and what breaks.

    `asked`: scopes in which nobody misses it. `unfinished`: those where a limit was reached first.
    """

    edit: str
    scope: str | None
    missed: tuple[Missed, ...]
    asked: tuple[str, ...]
    unfinished: tuple[str, ...]

    @property
    def alive(self) -> bool:
        """Whether only liveness misses it."""
        return bool(self.missed) and self.missed[0].steps is None

    @property
    def unsafe(self) -> bool:
        """Whether a state or step that breaks a safety property can be reached without it."""
        return bool(self.missed) and not self.alive

    def for_any_size(self, need: Necessity) -> str:
        """Return what becomes of induction, and whether a scope reaches what is lost."""
        return need.column(self.unsafe, not self.unfinished)

    @property
    def says(self) -> str:
        """What is to be said of what nobody misses."""
        return "a limit was reached" if self.unfinished else "nobody misses it"


@dataclass(frozen=True)
class AblationPlan:
    """Which scopes are asked, in this order, by which engine, within which limits for each run."""

    scopes: tuple[Scope, ...]
    engine: str = "compiled"
    limits: Limits | None = None

    def broken(self, fair: bool = False) -> list[str]:
        """Say what fails with everything in place, of states and steps, or of fair runs: then
        nothing can be said of what is taken away.
        """
        return [
            f"{name} fails in {s.name} with everything in place; `ffq check` shows how"
            for s in self.scopes
            for name in (self._hopeless(s) if fair else self._violated(s))
        ]

    def _violated(self, scope: Scope) -> Sequence[str]:
        return list(look(scope, (), self.engine, self.limits).violations)

    def _hopeless(self, scope: Scope) -> Sequence[str]:
        return [n for n, d in self.decide(scope, NONE).items() if d.verdict != "holds"]

    def decide(self, scope: Scope, edits: Edits) -> Mapping[str, Decision]:
        """Decide what is hoped for in the scope so edited; without a guard that is a least one."""
        if self.engine == "plain" or edits.guards:
            return liveness.decide(edits.on(scope))
        return hopes(edits.on(scope), (), self.limits or Limits(), THREADS)


def plan(
    scopes: Sequence[Scope],
    watch: Watch,
    first: str | None = None,
    engine: str = "compiled",
    limits: Limits | None = None,
) -> AblationPlan:
    """Return the plan that asks the smallest scopes first, but `first` before all."""
    sizes = {}
    for s in scopes:
        sizes[s.name] = look(s, (), engine, limits, told(watch, s)).states
    order = sorted(scopes, key=lambda s: (s.name != first, sizes[s.name]))
    return AblationPlan(tuple(order), engine, limits)


def guards(scopes: Sequence[Scope]) -> list[str]:
    """Return every guard of the scopes, in the order of the scope that has the most."""
    names = sorted((s.spec.guard_names() for s in scopes), key=len, reverse=True)
    return list(dict.fromkeys(itertools.chain.from_iterable(names)))


def hoping(scopes: Sequence[Scope]) -> list[Scope]:
    """Return the scopes with something to hope for: no others need fairness."""
    return [s for s in scopes if any(p.kind == "leads_to" for p in s.spec.properties.values())]


def assumed(scopes: Sequence[Scope]) -> list[str]:
    """Return the edits that each drop an assumption of the scopes, in the order declared."""
    return list(dict.fromkeys(edit for s in scopes for edit in assumptions(s.spec)))


def ablate(plan: AblationPlan, wanted: Sequence[str], watch: Watch) -> Iterator[GuardVerdict]:
    """Yield a row for each guard or assumption, as it is ready."""
    for edit in wanted:
        yield _row(plan, edit, watch)


def need(
    plan: AblationPlan, row: GuardVerdict, both: Solvers, told: Told | None = None
) -> Necessity:
    """Return what becomes of induction without the guard: where a scope reaches a violation, in the
    spec of this scope, else in the first spec that loses it.
    """
    have_it = [s for s in plan.scopes if row.edit in s.spec.guard_names()]
    if row.unsafe:
        have_it = [s for s in have_it if s.name == row.scope]
    specs = {s.spec.name: s.spec for s in have_it}
    return needed(list(specs.values()), row.edit, both, told)


def told(watch: Watch, scope: Scope, edit: str = "") -> Callable[[], Report | None]:
    """Return what to call when a run of this scope begins."""
    return lambda: watch(scope, Edits((edit,)).titles[0] if edit else "everything in place")


def _row(plan: AblationPlan, edit: str, watch: Watch) -> GuardVerdict:
    asked: list[str] = []
    unfinished: list[str] = []
    edits = Edits((edit,))
    scopes = [s for s in plan.scopes if edits.refused(s.spec) is None]
    for scope in scopes:
        if edit in assumptions(scope.spec):
            watch(scope, edit)
            missed, finished = _fair_runs(plan, scope, edits)
        else:
            found = look(scope, edits.guards, plan.engine, plan.limits, told(watch, scope, edit))
            missed, finished = named(scope, found.violations), found.stopped_by is None
        if missed:
            return GuardVerdict(edit, scope.name, missed, tuple(asked), tuple(unfinished))
        (asked if finished else unfinished).append(scope.name)
    for scope in scopes if edits.guards else ():
        missed, _ = _fair_runs(plan, least(scope), edits)
        if missed:
            return GuardVerdict(edit, scope.name, missed, tuple(asked), tuple(unfinished))
    return GuardVerdict(edit, None, (), tuple(asked), tuple(unfinished))


def named(scope: Scope, violations: Mapping[str, int]) -> tuple[Missed, ...]:
    """Return violations with their IDs, the shortest first, in the order declared among equals."""
    known = scope.spec.properties
    # A number that leaves its range is a violation too, and comes last.
    declared = {name: i for i, name in enumerate(known)}
    names = sorted(violations, key=lambda n: (violations[n], declared.get(n, len(known)), n))
    return tuple(Missed(known[n].id if n in known else "range", n, violations[n]) for n in names)


def _fair_runs(plan: AblationPlan, scope: Scope, edits: Edits) -> tuple[tuple[Missed, ...], bool]:
    """Return what is hoped for in vain with the edits, by ID, and whether all was decided; every
    run that shows it is judged again by the evaluator.
    """
    edited, found = edits.on(scope), []
    decided = plan.decide(scope, edits)
    lassos = {name: d.lasso for name, d in decided.items() if d.lasso is not None}
    hopeless = plan.decide(scope, NONE) if lassos else {}
    for name, lasso in lassos.items():
        if hopeless[name].verdict == "holds":
            claim = edited.spec.properties[name]
            judge(edited, lasso, claim)
            found.append(Missed(claim.id, name, None, lasso))
    finished = all(d.verdict != "unfinished" for d in decided.values())
    return tuple(sorted(found, key=lambda missed: missed.id)), finished


def least(scope: Scope) -> Scope:
    """Return the scope with one of everything."""
    constants = scope.spec.constants
    bounds = {name: constants[name].least if name in constants else 1 for name in scope.bounds}
    return replace(scope, bounds=bounds)


def contradictions(rows: Sequence[GuardVerdict], needs: Mapping[str, Necessity]) -> list[str]:
    """Say where a scope reaches what induction excludes: then an explorer or a solver is wrong."""
    return [
        f"{row.edit}: {row.missed[0].property} is broken in {row.scope}, and induction is kept in "
        f"{needs[row.edit].spec}; one of them is wrong, report it"
        for row in rows
        if row.unsafe and row.for_any_size(needs[row.edit]) == KEPT
    ]


def complaints(rows: Sequence[GuardVerdict]) -> list[str]:
    """Say which guards guard nothing, and what is assumed in vain."""
    return [
        f"{row.edit}: nobody misses it; {_remedy(row)}"
        for row in rows
        if not row.missed and not row.unfinished
    ]


def _remedy(row: GuardVerdict) -> str:
    if Edits((row.edit,)).guards:
        return "remove it, or write the property that does"
    return "it is assumed in vain: take it out of the spec"
