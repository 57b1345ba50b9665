"""A design held against the claims of the queue: what breaks, and the fewest answers that mend it.

Answers that cost something are put back one at a time, then two, and what is left of the design is
explored again: the first choices with which the claim holds are the smallest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from checker.runs.exploration import Limits, Report
from checker.runs.lasso import Lasso
from checker.runs.story import Story, tell_lasso
from checker.search.shortest import shortest_story
from checker.verdicts.designs import Cell, alive, holds, row
from spec.failures import FAILURES, FailureMode
from spec.failures.answers import Design
from spec.failures.edits import Edits
from spec.language.declared.model import Property
from spec.language.evaluate import Step
from spec.language.scope import Scope

Watch = Callable[[Scope, str], Report | None]
"""Called with what is explored if there is work to do; returns what to tell of its progress."""


@dataclass(frozen=True)
class Broken:
    """A claim that the design breaks: where, in which run, and which answers would mend it, each
    choice as few as can be.
    """

    claim: Property
    scope: Scope
    edits: Edits
    story: Story
    mends: tuple[tuple[str, ...], ...]
    modes: tuple[FailureMode, ...]


@dataclass(frozen=True)
class Held:
    """A claim that holds, with the kind of evidence, or that was not decided."""

    claim: Property
    mark: str


def judge(design: Design, scopes: list[Scope], watch: Watch) -> Iterator[Held | Broken]:
    """Yield what becomes of each claim, those that hold first, then the shortest runs."""
    rows = [row(s, design, Limits(), partial(watch, s, design.name)) for s in scopes]
    worst: dict[str, tuple[Cell, Scope]] = {}
    for scope, found in zip(scopes, rows, strict=True):
        for cell in found.cells:
            known = worst.get(cell.claim.name)
            if known is None or _rank(cell) < _rank(known[0]):
                worst[cell.claim.name] = (cell, scope)
    ordered = sorted(worst.values(), key=lambda pair: pair[0].steps or 0)
    for cell, _ in ordered:
        if cell.steps is None:
            yield Held(cell.claim, cell.mark)
    for cell, scope in ordered:
        if cell.steps is not None:
            yield _broken(design, cell.claim, scope, watch)


def _rank(cell: Cell) -> tuple[int, int]:
    """Put what breaks first, the shortest run before all; then what was not decided."""
    if cell.steps is not None:
        return 0, cell.steps
    return (1 if cell.mark == "?" else 2), 0


def _broken(design: Design, claim: Property, scope: Scope, watch: Watch) -> Broken:
    edits = Edits(design.edits).able(scope.spec)
    story = _run(scope, edits, claim)
    costly = {
        word: Edits(own) for word, own in design.costly.items() if Edits(own).able(scope.spec)
    }
    mends = tuple(_mends(design, costly, claim, scope, watch))
    put_back = {edit for choice in mends for word in choice for edit in costly[word]}
    modes = tuple(
        mode
        for mode in FAILURES.values()
        if any(put_back >= set(loss.edits) and loss.breaks == claim.name for loss in mode.losses)
    )
    return Broken(claim, scope, edits, story, mends, modes)


def _run(scope: Scope, edits: Edits, claim: Property) -> Story:
    whole = edits.on(scope)
    if claim.kind != "leads_to":
        return shortest_story(whole, claim.name)
    lasso = alive(scope, edits)[claim.name].lasso
    assert lasso is not None, f"{claim.name} was found to be broken"
    stem, loop = (
        tuple(Step(whole.spec.actions[s.action.name], s.binding) for s in part)
        for part in (lasso.stem, lasso.loop)
    )
    return tell_lasso(whole, Lasso(stem, loop), claim.name)


def _mends(
    design: Design, costly: dict[str, Edits], claim: Property, scope: Scope, watch: Watch
) -> Iterator[tuple[str, ...]]:
    """Yield each choice of the fewest answers without whose cost the claim holds in the scope."""
    for size in range(1, len(costly) + 1):
        found = False
        for choice in combinations(costly, size):
            left = Edits(e for w, own in costly.items() if w not in choice for e in own)
            name = f"{design.name}, {' and '.join(choice)} mended"
            if holds(scope, left, claim, partial(watch, scope, name)):
                found = True
                yield choice
        if found:
            return
