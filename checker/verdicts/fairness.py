"""Drops each assumption about fair runs in turn: one that no property needs is assumed in vain.

Scopes are asked from the smallest to the largest; the first one in which a property breaks speaks
for the assumption. Every run that breaks one is judged again by the evaluator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checker.runs.exploration import Limits
from checker.runs.lasso import Lasso, judge
from checker.search.memo import hopes, look
from checker.verdicts.ablate import Watch
from spec.failures.edits import Edits
from spec.language.edits import assumptions
from spec.language.model import Property
from spec.language.scope import Scope

THREADS = 2


@dataclass(frozen=True)
class Breach:
    """A property that breaks without an assumption, and a fair run that breaks it."""

    claim: Property
    lasso: Lasso


@dataclass(frozen=True)
class Assumed:
    """What became of one assumption, named by the edit that drops it: the scope in which it is
    needed, if any, and what breaks there; `asked` are the scopes in which nothing does.
    """

    dropped: str
    scope: str | None
    breaks: tuple[Breach, ...]
    asked: tuple[str, ...]

    @property
    def action(self) -> str:
        """The action that the assumption is about."""
        return self.dropped.split()[1]

    @property
    def says(self) -> str:
        """What the spec says without the assumption."""
        how = self.dropped.split()[0]
        without = {
            "unfair": "not fair",
            "weakly": "only weakly fair",
            "endless": "no longer finite",
        }
        return without[how]


def by_size(scopes: Sequence[Scope]) -> list[Scope]:
    """Return the scopes with something to hope for, the smallest first."""
    hoping = [s for s in scopes if hoped(s)]
    return sorted(hoping, key=lambda s: look(s).states)


def hoped(scope: Scope) -> list[Property]:
    """Return the properties of the scope that need fairness at all."""
    return [p for p in scope.spec.properties.values() if p.kind == "leads_to"]


def needed(scopes: Sequence[Scope], watch: Watch) -> Iterator[Assumed]:
    """Yield for each assumption of the scopes, asked in this order, what breaks without it."""
    for dropped in dict.fromkeys(a for s in scopes for a in assumptions(s.spec)):
        asked: list[str] = []
        for scope in (s for s in scopes if dropped in assumptions(s.spec)):
            watch(scope, dropped)
            breaks = _breaches(scope, dropped)
            if breaks:
                yield Assumed(dropped, scope.name, breaks, tuple(asked))
                break
            asked.append(scope.name)
        else:
            yield Assumed(dropped, None, (), tuple(asked))


def _breaches(scope: Scope, dropped: str) -> tuple[Breach, ...]:
    less = Edits((dropped,)).on(scope)
    found = []
    for name, decision in hopes(less, (), Limits(), THREADS).items():
        claim = less.spec.properties[name]
        if decision.verdict == "unfinished":
            raise RuntimeError(f"{name} in {scope.name}, {dropped}: {decision.reason}")
        if decision.lasso is not None:
            judge(less, decision.lasso, claim)
            found.append(Breach(claim, decision.lasso))
    return tuple(sorted(found, key=lambda breach: breach.claim.id))


def healthy(scopes: Sequence[Scope]) -> list[str]:
    """Say which property fails with everything assumed: then nothing can be said of fairness."""
    return [
        f"{name} fails in {s.name} with everything assumed; `ffq check` shows how"
        for s in scopes
        for name, decision in hopes(s, (), Limits(), THREADS).items()
        if decision.verdict != "holds"
    ]


def needs(rows: Sequence[Assumed], claim: Property) -> list[str]:
    """Return what a property needs of fair runs, in words of Markdown: `claim` strongly fair."""
    missing = [r.dropped for r in rows if any(b.claim.name == claim.name for b in r.breaks)]
    found = []
    for dropped in missing:
        how, action = dropped.split()
        if how == "endless":
            found.append(f"`{action}` finitely often")
        elif how == "weakly":
            found.append(f"`{action}` strongly fair")
        elif f"weakly {action}" not in missing:
            found.append(f"`{action}` weakly fair")
    return found


def complaints(rows: Sequence[Assumed]) -> list[str]:
    """Say which assumptions nothing needs."""
    return [
        f"{row.dropped}: nothing breaks, so it is assumed in vain; take it out of the spec"
        for row in rows
        if not row.breaks
    ]
