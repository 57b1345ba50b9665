"""What explains a run, as `--json` prints it."""

from __future__ import annotations

from typing import Any

from checker.explain.clauses import Clause
from checker.explain.fate.enabling import Enabled, NeverAgain, Outcome
from checker.explain.fate.fate import Fate, mark
from checker.explain.fate.why_not import Explained
from checker.explain.moves import Move
from checker.explain.run import Run
from checker.runs.trace import state_as_json


def place_as_json(run: Run, k: int) -> dict[str, Any]:
    """Return which state of which trace is spoken of."""
    return {
        "trace": run.name,
        "scope": {"name": run.scope.name, "bounds": dict(run.trace.scope.bounds)},
        "step": k,
        "state": state_as_json(run.scope, run.states[k]),
    }


def fate_as_json(fate: Fate) -> dict[str, Any]:
    """Return how near a state is to a violation."""
    return {
        "mark": mark(fate),
        "exact": fate.exact,
        "faults": fate.faults,
        "armed": fate.armed,
        "no_way_back": fate.no_way_back,
        "violated": fate.violated,
    }


def clause_as_json(clause: Clause) -> dict[str, Any]:
    """Return a clause: its truth, what it read, and since when."""
    since = clause.since
    return {
        "name": clause.name,
        "text": clause.text,
        "holds": clause.holds,
        "values": list(clause.values),
        "since": since and {"step": since.step, "call": since.call, "actor": since.actor},
    }


def move_as_json(move: Move) -> dict[str, Any]:
    """Return a move and which guards refuse it."""
    return {
        "name": move.name,
        "actor": move.actor,
        "call": move.call,
        "fault": move.fault,
        "enabled": move.enabled,
        "refused_by": list(move.refused_by),
    }


def outcome_as_json(outcome: Outcome | None) -> dict[str, Any] | None:
    """Return what makes something true, that nothing does, or that it is not known."""
    if outcome is None:
        return None
    if isinstance(outcome, Enabled):
        return {"after": outcome.moves}
    if isinstance(outcome, NeverAgain):
        return {"never": True, "states": outcome.states}
    return {"unknown": outcome.why, "states": outcome.states}


def explained_as_json(found: Explained) -> dict[str, Any]:
    """Return a move with its clauses, and what would make each of them true."""
    return move_as_json(found.move) | {
        "clauses": [
            clause_as_json(clause) | {"true": outcome_as_json(outcome)}
            for clause, outcome in found.clauses
        ],
        "possible": outcome_as_json(found.possible),
        "removed": [clause_as_json(clause) for clause in found.removed],
    }
