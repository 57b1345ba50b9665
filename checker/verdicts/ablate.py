"""Takes each protection away in turn: what nobody misses guards nothing, or a property is missing.

A guard is missed if without it a property that holds with it is violated. Scopes are asked from the
smallest to the largest; the first one that misses a guard speaks for it. Only if no state of any
scope misses it is liveness asked, in the least scope there is. Beside it stands what the solvers
say: whether induction survives without the guard, for any size.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from checker.prove.necessity import KEPT, Necessity, needed
from checker.prove.portfolio import Solvers, Told
from checker.runs.exploration import Limits, Report
from checker.search.memo import look
from spec.language.scope import Scope

EXPLAINED: dict[str, str] = {}
"""Guards that no safety property misses in a default scope, and why each stays all the same."""

Watch = Callable[[Scope, str], Report | None]
"""Told what is explored next; returns what to tell of its progress."""


@dataclass(frozen=True)
class Missed:
    """One property that is violated without a guard; liveness has no number of steps."""

    id: str
    property: str
    steps: int | None


@dataclass(frozen=True)
class Row:
    """What became of one guard: the scope that misses it, if any, and what breaks there.

    `asked`: scopes in which nobody misses it. `unfinished`: those where a limit was reached first.
    """

    guard: str
    scope: str | None
    missed: tuple[Missed, ...]
    asked: tuple[str, ...]
    unfinished: tuple[str, ...]

    @property
    def alive(self) -> bool:
        """Whether only liveness misses the guard."""
        return bool(self.missed) and self.missed[0].steps is None

    @property
    def unsafe(self) -> bool:
        """Whether a state or step that breaks a safety property can be reached without the
        guard.
        """
        return bool(self.missed) and not self.alive

    def for_any_size(self, need: Necessity) -> str:
        """Return what becomes of induction, and whether a scope reaches what is lost."""
        return need.column(self.unsafe, not self.unfinished)

    @property
    def says(self) -> str:
        """What is to be said of a guard that no state misses."""
        reason = EXPLAINED.get(self.guard)
        if reason:
            return reason
        return "a limit was reached" if self.unfinished else "nobody misses it"


@dataclass(frozen=True)
class Pair:
    """Two guards that cover for each other: without both, what neither alone breaks is broken."""

    guards: tuple[str, str]
    scope: str
    missed: tuple[Missed, ...]


@dataclass(frozen=True)
class Plan:
    """Which scopes are asked, in this order, by which engine, within which limits for each run."""

    scopes: tuple[Scope, ...]
    engine: str = "compiled"
    limits: Limits | None = None

    def healthy(self) -> list[str]:
        """Say what fails with every guard in place: then nothing can be said of a guard."""
        return [
            f"{name} fails in {s.name} with every guard in place; `ffq check` shows how"
            for s in self.scopes
            for name in look(s, (), self.engine, self.limits).violations
        ]


def plan(
    scopes: Sequence[Scope],
    watch: Watch,
    first: str | None = None,
    engine: str = "compiled",
    limits: Limits | None = None,
) -> Plan:
    """Return the plan that asks the smallest scopes first, but `first` before all."""
    sizes = {}
    for s in scopes:
        sizes[s.name] = look(s, (), engine, limits, told(watch, s)).states
    order = sorted(scopes, key=lambda s: (s.name != first, sizes[s.name]))
    return Plan(tuple(order), engine, limits)


def guards(scopes: Sequence[Scope]) -> list[str]:
    """Return every guard of the scopes, in the order of the scope that has the most."""
    names = sorted((s.spec.guard_names() for s in scopes), key=len, reverse=True)
    return list(dict.fromkeys(itertools.chain.from_iterable(names)))


def ablate(plan: Plan, wanted: Sequence[str], watch: Watch) -> Iterator[Row]:
    """Yield a row for each guard, as it is ready."""
    for guard in wanted:
        yield _row(plan, guard, watch)


def need(plan: Plan, row: Row, both: Solvers, told: Told | None = None) -> Necessity:
    """Return what becomes of induction without the guard: where a scope reaches a violation, in the
    spec of this scope, else in the first spec that loses it.
    """
    have_it = [s for s in plan.scopes if row.guard in s.spec.guard_names()]
    if row.unsafe:
        have_it = [s for s in have_it if s.name == row.scope]
    specs = {s.spec.name: s.spec for s in have_it}
    return needed(list(specs.values()), row.guard, both, told)


def told(watch: Watch, scope: Scope, guard: str = "") -> Callable[[], Report | None]:
    """Return what to call when a run of this scope begins."""
    return lambda: watch(scope, f"without {guard}" if guard else "every guard in place")


def _row(plan: Plan, guard: str, watch: Watch) -> Row:
    asked: list[str] = []
    unfinished: list[str] = []
    has_it = [s for s in plan.scopes if guard in s.spec.guard_names()]
    for scope in has_it:
        found = look(scope, (guard,), plan.engine, plan.limits, told(watch, scope, guard))
        missed = named(scope, found.violations)
        if missed:
            return Row(guard, scope.name, missed, tuple(asked), tuple(unfinished))
        (asked if found.stopped_by is None else unfinished).append(scope.name)
    for scope in has_it:
        missed = _hopes(scope, guard)
        if missed:
            return Row(guard, scope.name, missed, tuple(asked), tuple(unfinished))
    return Row(guard, None, (), tuple(asked), tuple(unfinished))


def named(scope: Scope, violations: Mapping[str, int]) -> tuple[Missed, ...]:
    """Return violations with their IDs, the shortest first, in the order declared among equals."""
    known = scope.spec.properties
    # A number that leaves its range is a violation too, and comes last.
    declared = {name: i for i, name in enumerate(known)}
    names = sorted(violations, key=lambda n: (violations[n], declared.get(n, len(known)), n))
    return tuple(Missed(known[n].id if n in known else "range", n, violations[n]) for n in names)


def _hopes(scope: Scope, guard: str) -> tuple[Missed, ...]:
    """Return what is hoped for in vain without the guard, where there is one of everything."""
    from checker.search.liveness import decide

    small = least(scope)
    broken = {n for n, d in decide(small, (guard,)).items() if d.verdict == "violated"}
    if broken:
        broken -= {n for n, d in decide(small).items() if d.verdict != "holds"}
    claims = scope.spec.properties.values()
    return tuple(Missed(p.id, p.name, None) for p in claims if p.name in broken)


def least(scope: Scope) -> Scope:
    """Return the scope with one of everything."""
    constants = scope.spec.constants
    bounds = {name: constants[name].least if name in constants else 1 for name in scope.bounds}
    return replace(scope, bounds=bounds)


def pairs(plan: Plan, scope: Scope, wanted: Sequence[str], watch: Watch) -> Iterator[Pair]:
    """Yield the pairs, one of them `wanted`, that break what neither guard alone breaks."""
    alone = {}
    every = scope.spec.guard_names()
    for guard in every:
        alone[guard] = look(scope, (guard,), plan.engine, plan.limits, told(watch, scope, guard))
    for one, two in itertools.combinations(every, 2):
        if one not in wanted and two not in wanted:
            continue
        report = told(watch, scope, f"{one} and {two}")
        both = look(scope, (one, two), plan.engine, plan.limits, report).violations
        new = only_together(alone[one].violations, alone[two].violations, both)
        if new:
            yield Pair((one, two), scope.name, named(scope, new))


def only_together(
    one: Mapping[str, int], two: Mapping[str, int], both: Mapping[str, int]
) -> dict[str, int]:
    """Return what is broken without both, and holds as long as one of them is there."""
    return {name: steps for name, steps in both.items() if name not in one and name not in two}


def sooner_together(
    one: Mapping[str, int], two: Mapping[str, int], both: Mapping[str, int]
) -> dict[str, int]:
    """Return what is broken without one as well, but in fewer steps without both."""
    known = {
        name: min(each[name] for each in (one, two) if name in each) for name in {**one, **two}
    }
    return {name: steps for name, steps in both.items() if steps < known.get(name, 0)}


def contradictions(rows: Sequence[Row], needs: Mapping[str, Necessity]) -> list[str]:
    """Say where a scope reaches what induction excludes: then an explorer or a solver is wrong."""
    return [
        f"{row.guard}: {row.missed[0].property} is broken in {row.scope}, and induction is kept in "
        f"{needs[row.guard].spec}; one of them is wrong, report it"
        for row in rows
        if row.unsafe and row.for_any_size(needs[row.guard]) == KEPT
    ]


def complaints(rows: Sequence[Row], every: Sequence[str]) -> list[str]:
    """Say which guards guard nothing and are not explained, and which explanations are wrong."""
    found = [
        f"{row.guard}: nobody misses it; remove it, write the property that does, or explain it"
        for row in rows
        if not row.missed and not row.unfinished and row.guard not in EXPLAINED
    ]
    for row in rows:
        if row.guard in EXPLAINED and row.unsafe:
            missed = row.missed[0]
            found.append(f"{row.guard}: explained, yet {missed.property} misses it in {row.scope}")
    for guard in EXPLAINED:
        if guard not in every:
            found.append(f"{guard}: explained, and there is no such guard")
    return found
