"""Why a move is possible or refused: each condition, since when, and what would make it true."""

from __future__ import annotations

from dataclasses import dataclass

from checker.explain.clauses import Clause, guard_clauses, removed_clauses
from checker.explain.fate.enabling import Outcome, enabling, possible_when
from checker.explain.moves import Move, move
from checker.explain.run import Run
from checker.runs.exploration import Limits
from spec.language.evaluate import Instance


@dataclass(frozen=True)
class Explained:
    """A move in a state: its conditions, each that is false with what would make it true; what
    would make the move possible, unless it is; and the guards that were taken away from it.
    """

    move: Move
    clauses: tuple[tuple[Clause, Outcome | None], ...]
    possible: Outcome | None
    removed: tuple[Clause, ...]


def why_not(run: Run, k: int, instance: Instance, limits: Limits | None = None) -> Explained:
    """Return why a step is possible or refused in state k of a run."""
    state, binding = run.states[k], instance.step.binding
    clauses = []
    for clause in guard_clauses(run, k, instance):
        outcome = None
        if not clause.holds and clause.condition is not None:
            outcome = enabling(run.evaluator, state, clause.condition, clause.binding, limits)
        clauses.append((clause, outcome))
    found = move(run.evaluator, instance, state)
    possible = None
    if not found.enabled:
        whole = possible_when(run.scope, instance)
        possible = enabling(run.evaluator, state, whole, binding, limits)
    removed = tuple(removed_clauses(run, k, instance))
    return Explained(found, tuple(clauses), possible, removed)
