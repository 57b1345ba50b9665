"""Known designs against the claims of the queue: which holds, and what breaks in how many steps."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from checker.prove.proof import known
from checker.runs.exploration import Limits, Report
from checker.runs.lasso import Decision
from checker.runs.story import RANGE
from checker.search.memo import hopes, look
from spec.failures.answers import Design
from spec.failures.edits import Edits
from spec.language.declared.model import Property
from spec.language.scope import Scope

Watch = Callable[[], Report | None]
"""Called if there is work to do; returns what to tell of its progress."""


@dataclass(frozen=True)
class Cell:
    """What became of a claim: `E` or `P` if it holds, else `✗` and the steps to its end; a run that
    never ends has a stem of so many steps.
    """

    claim: Property
    mark: str
    steps: int | None = None


@dataclass(frozen=True)
class DesignVerdict:
    """A design in a scope: how many states there are, and what became of each claim; `undecided`
    is why a claim of fair runs has a question mark.
    """

    design: Design
    states: int
    cells: tuple[Cell, ...]
    ranges: Mapping[str, int]
    undecided: str | None

    @property
    def by_id(self) -> dict[str, Cell]:
        """For each ID the claim that breaks first, or one that holds."""
        found: dict[str, Cell] = {}
        for cell in self.cells:
            known = found.setdefault(cell.claim.id, cell)
            if cell.steps is not None and (known.steps is None or cell.steps < known.steps):
                found[cell.claim.id] = cell
        return found


def claims(scope: Scope) -> list[Property]:
    """Return what is asked of a design: of states, of steps, and of fair runs."""
    kinds = ("invariant", "step", "leads_to")
    return [p for p in scope.spec.properties.values() if p.kind in kinds]


def row(scope: Scope, design: Design, limits: Limits, watch: Watch) -> DesignVerdict:
    """Return what becomes of each claim in a scope; P only for the queue without edits."""
    edits = Edits(design.edits).able(scope.spec)
    # Guards are switched off, which costs nothing; what makes another step of one is compiled.
    base, off = edits.whole.on(scope), edits.guards
    found = look(base, off, "compiled", limits, watch)
    decided = alive(scope, edits)
    proved: frozenset[str] = frozenset() if edits else _proved(scope)
    cells = []
    for claim in claims(scope):
        if claim.kind == "leads_to":
            decision = decided[claim.name]
            lasso, finished = decision.lasso, decision.verdict != "unfinished"
            steps = len(lasso.stem) if lasso else None
        else:
            steps, finished = found.violations.get(claim.name), found.stopped_by is None
        holds = "P" if claim.name in proved else "E"
        mark = "✗" if steps is not None else holds if finished else "?"
        cells.append(Cell(claim, mark, steps))
    ranges = {name: n for name, n in found.violations.items() if name.startswith(RANGE)}
    reasons = (d.reason for d in decided.values() if d.verdict == "unfinished")
    return DesignVerdict(design, found.states, tuple(cells), ranges, next(reasons, None))


def alive(scope: Scope, edits: Edits) -> Mapping[str, Decision]:
    """Return what is decided of fair runs in the scope with the edits made."""
    return hopes(edits.whole.on(scope), edits.guards, Limits(), len(os.sched_getaffinity(0)))


def holds(scope: Scope, edits: Edits, claim: Property, watch: Watch) -> bool:
    """Return whether a claim holds in every state, or every fair run, of the scope with the edits
    made.
    """
    if claim.kind == "leads_to":
        return alive(scope, edits)[claim.name].verdict == "holds"
    base, off = edits.whole.on(scope), edits.guards
    found = look(base, off, "compiled", Limits(), watch)
    return claim.name not in found.violations and found.stopped_by is None


def _proved(scope: Scope) -> frozenset[str]:
    proof = known(scope.spec)
    if proof is None:
        return frozenset()
    return frozenset(p.name for p in claims(scope) if proof.proves(p.name))


def complaints(rows: Sequence[DesignVerdict]) -> list[str]:
    """Say what is not as expected: the queue itself must hold, and every other design must not."""
    found = []
    for r in rows:
        broken = any(c.steps is not None for c in r.cells)
        if broken and not r.design.edits:
            found.append(f"{r.design.name}: a claim of the queue itself is broken; run ffq check")
        if not broken and r.design.edits:
            found.append(f"{r.design.name}: nothing breaks, so nothing is missing there")
    return found
