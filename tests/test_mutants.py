"""A store with one fault in what was derived does not pass for the spec: every mutant is caught.

The CHECKs are left out, so that it is the comparison that catches it.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from checker.replay import Divergence, Replay
from checker.trace import binding_of
from impl.derive import Design, Guard, Remember, Transition, derive
from impl.statements import Assignment
from spec.language.evaluate import Meaning
from spec.language.scope import Scope, Value
from spec.language.types import Nat, Type, is_enum
from spec.queue import SCOPES
from tests.counterexamples import GUARDS, counterexample
from tests.walks import Walks

TWO_JOBS = derive(SCOPES["whole-deep"], checks=False)
SEEDS = range(1, 9)


def killed(mutant: Transition, first: str | None = None) -> bool:
    """Return whether some run differs: the shortest one that misses a guard, then random ones."""
    if first is not None and differs(mutant.action.name, mutant, first):
        return True
    design = replaced(TWO_JOBS, mutant)
    try:
        for seed in SEEDS:
            Walks(design, seed).run(walks=7, steps=60)
    except Divergence:
        return True
    return False


def replaced(design: Design, t: Transition) -> Design:
    return replace(design, transitions={**design.transitions, t.action.name: t})


def mutated(t: Transition, guard: str) -> Transition:
    """Return the transition that no longer asks for a guard."""
    s = t.statement
    if s is not None and any(c.guard == guard for c in s.where):
        kept = tuple(c for c in s.where if c.guard != guard)
        return replace(t, statement=replace(s, where=kept))
    if s is not None and guard in s.shown:
        return replace(t, statement=replace(s, form="upsert" if s.form == "insert" else s.form, key=s.key if s.form == "insert" else "id"))
    asked = tuple(Guard(g.name, _true) if g.name == guard else g for g in t.guards)
    return replace(t, guards=asked)
