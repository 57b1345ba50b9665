"""The states that a scope can be in once every worker and recoverer has been restarted: what is in
the store, and what clients know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from checker.evidence import traces
from checker.evidence.local import codes_of
from checker.search.compiled.code.layout import Layout
from checker.search.compiled.states import states
from spec.failures import Loss
from spec.failures.edits import Edits
from spec.language.evaluate import Evaluator
from spec.language.scope import Place, Scope, State


@dataclass(frozen=True)
class Damage:
    """How many states there are, and each that is left when processes forget, once."""

    count: int
    states: tuple[State, ...]


def damage(loss: Loss) -> Damage:
    """Return where a scope can be led without a protection, as states of the healthy scope."""
    return stopped(Edits(loss.edits).on(traces.healthy(loss)), traces.healthy(loss))


def stopped(scope: Scope, healthy: Scope | None = None) -> Damage:
    """Return every state of the scope, without what workers and recoverers know."""
    base = healthy or scope
    layout, words = states(scope)
    kept = [(n, p) for n, p in enumerate(base.places) if not _forgotten(p)]
    columns = [codes_of(layout, words, p.field, p.element or 0) for _, p in kept]
    whole = np.unique(np.stack(columns, axis=1), axis=0).tolist()
    return Damage(len(words), tuple(_states(layout, base, kept, whole)))


def _forgotten(p: Place) -> bool:
    """Whether the place is in the memory of a process that is restarted; clients are not."""
    over = p.field.over
    return p.field.survival == "volatile" and over is not None and over.__name__ != "Job"


def _states(
    layout: Layout, base: Scope, kept: list[tuple[int, Place]], whole: list[list[int]]
) -> Iterator[State]:
    initial = Evaluator(base).initial()
    for row in whole:
        state = list(initial)
        for (n, p), code in zip(kept, row, strict=True):
            state[n] = layout.value(p.field.type, code)
        yield tuple(state)
